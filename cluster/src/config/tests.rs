use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use node_link::text::parse_duration;

mod legacy;
mod own;

type Loaded = Result<(Settings, Vec<String>), String>;

fn load_with(sources: &Sources, overrides: &Overrides, env: &[(&str, &str)]) -> Loaded {
    let env = |name: &str| {
        env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    load(sources, overrides, &env)
        .map(|(settings, warnings)| (settings, warnings.iter().map(Warning::to_string).collect()))
        .map_err(|error| error.to_string())
}

fn own_file(text: &str) -> Sources {
    Sources { toml: Some((PathBuf::from("c.toml"), text.to_owned())), legacy: None }
}

fn vendor(text: &str) -> Sources {
    Sources { toml: None, legacy: Some((PathBuf::from("ctrl"), text.to_owned())) }
}

fn plain(sources: &Sources) -> Loaded {
    load_with(sources, &Overrides::default(), &[])
}

/// Settings of a text that gives no warning.
fn good(sources: &Sources) -> Settings {
    let (settings, warnings) = plain(sources).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    settings
}

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

#[test]
fn flags_win_over_environment_over_file() {
    let file = own_file("delay = 4\noff-time = 4\nlock-limit = 4\n[nodes.p2]\ndelay = 30");
    let env =
        [("CLUSTERHAT_DELAY", "3"), ("CLUSTERHAT_OFF_TIME", "3s"), ("CLUSTERHAT_LOCK_LIMIT", " ")];
    let flags = Overrides { delay: Some(ms(500)), ..Overrides::default() };
    let (settings, _) = load_with(&file, &flags, &env).unwrap();
    assert_eq!(settings.delay, ms(500));
    assert_eq!(settings.off_time, ms(3000));
    assert_eq!(settings.lock_limit, ms(4000), "an empty variable counts as none");
    assert_eq!(settings.node_delay.get(&2), None, "a flag wins over the file's node delays");
    let settings = good(&file);
    assert_eq!((settings.delay, settings.node_delay[&2]), (ms(4000), ms(30_000)));
}

#[test]
fn refused_flags_and_variables_name_themselves() {
    let table = [
        (
            "CLUSTERHAT_DELAY",
            "301",
            "CLUSTERHAT_DELAY = 301: expected 0 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "CLUSTERHAT_OFF_TIME",
            "nan",
            "CLUSTERHAT_OFF_TIME = nan: expected 0.1 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "CLUSTERHAT_LOCK_LIMIT",
            "-1",
            "CLUSTERHAT_LOCK_LIMIT = -1: expected 0 to 3600 seconds, written as 2, 1.5s or 500ms",
        ),
    ];
    for (name, value, error) in table {
        let loaded = load_with(&own_file(""), &Overrides::default(), &[(name, value)]);
        assert_eq!(loaded.map(|_| ()), Err(error.to_owned()));
    }
    let flags = Overrides { off_time: Some(Duration::ZERO), ..Overrides::default() };
    assert_eq!(
        load_with(&own_file("off-time = 1"), &flags, &[]).map(|_| ()),
        Err("off-time 0: expected 0.1 to 300 seconds, written as 2, 1.5s or 500ms".to_owned())
    );
}

#[test]
fn files_are_read_below_a_root() {
    let root = tempfile::tempdir().unwrap();
    let read = |config: Option<&Path>| Sources::read(root.path(), config);
    assert_eq!(read(None).unwrap(), Sources::default());

    std::fs::create_dir_all(root.path().join("etc/clusterhat")).unwrap();
    std::fs::create_dir_all(root.path().join("etc/default")).unwrap();
    std::fs::write(root.path().join("etc/default/clusterctrl"), b"TYPE=c # \xe9\n").unwrap();
    let settings = good(&read(None).unwrap());
    assert_eq!(settings.role, Role::Controller);

    let path = root.path().join("etc/clusterhat/clusterhat.toml");
    std::fs::write(&path, "first = 5").unwrap();
    let settings = good(&read(None).unwrap());
    assert_eq!((settings.first, settings.legacy), (5, None));
    std::fs::write(&path, b"# \xe9").unwrap();
    let error = read(None).unwrap_err().to_string();
    assert_eq!(error, format!("{}:1: not UTF-8: save this file as UTF-8", path.display()));

    let other = root.path().join("other.toml");
    let error = read(Some(&other)).unwrap_err().to_string();
    assert!(error.contains("other.toml"), "{error}");
    std::fs::write(&other, "first = 6").unwrap();
    assert_eq!(good(&read(Some(&other)).unwrap()).first, 6);
    // A link of the user's own may lead anywhere.
    let link = root.path().join("etc/link.toml");
    std::os::unix::fs::symlink(&other, &link).unwrap();
    assert_eq!(good(&read(Some(&link)).unwrap()).first, 6);
}

#[test]
fn no_configuration_can_be_named() {
    assert_eq!(Sources::read_own(Path::new("/dev/null")).unwrap().1, "");
}

/// Seen: a pipe was waited for, and files without an end read until the memory was full.
#[test]
fn only_a_regular_file_of_some_length_is_a_configuration() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let folder = tempfile::tempdir().unwrap();
    let (fifo, long) = (folder.path().join("fifo"), folder.path().join("long"));
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    std::fs::File::create(&long).unwrap().set_len(3 << 30).unwrap();
    for (path, why) in [
        (&*fifo, "it is not a regular file"),
        (folder.path(), "it is not a regular file"),
        (Path::new("/dev/zero"), "it is not a regular file"),
        (&long, "too long"),
    ] {
        let error = Sources::read_own(path).unwrap_err();
        let next = format!(
            "cannot read {}; put a configuration file there or name another",
            path.display()
        );
        assert_eq!(error.to_string(), next);
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(why), "{path:?}: {source}");
    }
}

#[test]
fn times() {
    let table = [
        ("1", Some(1000)),
        ("0", Some(0)),
        ("0.5", Some(500)),
        (".5", Some(500)),
        ("1.5s", Some(1500)),
        ("500ms", Some(500)),
        (" 2 ", Some(2000)),
        ("", None),
        (".", None),
        ("s", None),
        ("ms", None),
        ("-1", None),
        ("+1", None),
        ("nan", None),
        ("inf", None),
        ("1e3", None),
        ("1m", None),
        ("1,5", None),
        ("99999999999999999999999", None),
    ];
    for (text, expected) in table {
        assert_eq!(parse_duration(text).ok(), expected.map(ms), "{text}");
    }
    let endless = "9".repeat(1000);
    assert!(parse_duration(&endless).is_err());
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        one_line_each(&text)?;
    }

    #[test]
    fn no_nearly_right_text_panics(lines in prop::collection::vec(prop_oneof![
        "(first|delay|off-time|fan-gpio|bus|address|size) = (-?[0-9]{1,20}|0x[0-9a-f]{1,3}|[0-9]\\.[0-9]|nan|'.{0,9}')",
        "(name|revision|usb-path) = ['\"][-a-z0-9. é]{0,9}['\"]",
        "\\[\\[board\\]\\]|\\[nodes\\.p[0-9]{0,12}\\]|\\[nodes\\]|\\[board\\]",
        "(TYPE|id|CLUSTERHAT_(SIZE|FORCE)|CLUSTERCTRL_DELAY|FANGPIO|CLUSTERHATV1)=.{0,9}",
    ], 0..8)) {
        one_line_each(&lines.join("\n"))?;
    }

    #[test]
    fn no_time_panics(text in "[-+0-9.eEinfams ]{0,24}") {
        let _ = parse_duration(&text);
    }
}

fn one_line_each(text: &str) -> Result<(), TestCaseError> {
    let env = |_: &str| Some(text.to_owned());
    for sources in [own_file(text), vendor(text), Sources::default()] {
        match load(&sources, &Overrides::default(), &|_| None) {
            Ok((_, warnings)) => {
                for warning in warnings {
                    prop_assert_eq!(warning.to_string().lines().count(), 1);
                }
            }
            Err(error) => prop_assert_eq!(error.to_string().lines().count(), 1),
        }
        let _ = load(&sources, &Overrides::default(), &env);
    }
    Ok(())
}
