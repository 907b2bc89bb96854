//! `clusterhatd token` and `clusterhatd setup`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::Request;
use crate::rig::Daemon;

/// A user who is nobody else.
const NOBODY: u32 = 65534;

/// Runs the program with `--json`; its exit status and document.
fn run(words: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clusterhatd"));
    let output = command.args(words).arg("--json").output().expect("clusterhatd runs");
    let document = serde_json::from_slice(&output.stdout);
    (output.status.code(), document.unwrap_or_else(|error| panic!("{error}: {output:?}")))
}

#[test]
fn a_running_daemon_knows_a_token_that_the_command_makes_and_ends() {
    let daemon = Daemon::on_socket();
    let state = daemon.path("state");
    let state = state.to_str().unwrap();
    let token = |words: &[&str]| run(&[&["token"], words, &["--state-dir", state]].concat());
    let (status, made) = token(&["add", "backup", "--role", "operator", "--expires-in", "30d"]);
    assert_eq!(status, Some(0), "{made}");
    let token_made = &made["tokens"][0];
    let life = token_made["expires"].as_u64().zip(token_made["created"].as_u64());
    assert_eq!(life.map(|(end, begin)| end - begin), Some(30 * 86_400), "{made}");
    let secret = made["secret"].as_str().unwrap().to_owned();
    let who = || daemon.ask(&Request::get("/api/v1/session").bearer(&secret));
    assert_eq!(who().json()["user"], "token:backup");
    // What the daemon makes, the command does not lose.
    let body = json!({"name": "other", "role": "read-only"});
    assert_eq!(daemon.ask(&Request::post("/api/v1/tokens", &body)).status, 201);
    let (status, again) = token(&["add", "backup"]);
    assert_eq!((status, &again["error"]["kind"]), (Some(1), &json!("conflict")));
    assert_eq!(token(&["list"]).1["tokens"].as_array().unwrap().len(), 2);
    assert_eq!(token(&["remove", "backup"]).0, Some(0));
    assert_eq!(who().status, 401);
    assert_eq!(token(&["remove", "backup"]).1["error"]["kind"], "not-found");
    let (status, wrong) = token(&["add", "x", "--role", "king"]);
    assert_eq!(wrong["command"], "token");
    assert_eq!((status, &wrong["error"]["exit_status"]), (Some(2), &json!(2)));
}

/// Seen: exit status 1 and no word, and a token whose secret nobody knows.
#[test]
fn a_secret_that_cannot_be_printed_is_said_to_be_lost() {
    let parent = tempfile::tempdir().unwrap();
    for words in [&["token", "add", "x"][..], &["token", "add", "y", "--json"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_clusterhatd"));
        command.args(words).arg("--state-dir").arg(parent.path());
        let output = command.stdout(full).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let name = words[2];
        let told = format!(
            "clusterhatd: cannot write the output: No space left on device (os error 28); the secret of {name}, which is shown only once, is \
             lost: `clusterhatd token remove {name}`, then make it again\n"
        );
        assert_eq!((output.status.code(), stderr), (Some(1), told));
    }
}

/// Seen: exit status 0 with standard output closed, and a token whose secret nobody knows.
#[test]
fn a_secret_that_nobody_would_see_is_not_made() {
    let parent = tempfile::tempdir().unwrap();
    let state = parent.path().join("state");
    for end in [">&-", ">/dev/null", "--json >&-"] {
        let line = format!(r#""$0" token add x --state-dir "$1" {end}"#);
        let mut command = Command::new("sh");
        command.args(["-c", &line, env!("CARGO_BIN_EXE_clusterhatd")]).arg(&state);
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{end}: {stderr}");
        let told = "standard output is closed or leads to /dev/null, and the secret of x is shown only once: no token was created";
        assert!(stderr.contains(told), "{end}: {stderr}");
        assert!(!state.exists(), "{end}");
    }
}

/// Seen: it was not obeyed, and the service was set up at another address than was named, or for a simulation.
#[test]
fn what_says_how_to_serve_is_refused_beside_a_command() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().to_str().unwrap();
    for (words, told) in [
        (&["--listen", "0.0.0.0:9443", "setup"][..], "clusterhatd setup --listen 0.0.0.0:9443"),
        (&["--listen", "0.0.0.0:9443", "token", "list"], "leave it out"),
        (&["--socket", "/x", "setup"], "--socket says how to serve now"),
        (&["--without-first-account", "setup", "undo"], "--without-first-account says how"),
        (&["--sim", "v2.5", "setup"], "leave out --sim (CLUSTERHAT_SIM)"),
        (&["setup", "--listen", "127.0.0.1:0"], "port 0 is another one at each start"),
    ] {
        let (status, said) = run(&[words, &["--state-dir", folder, "--root", folder]].concat());
        let message = said["error"]["message"].as_str().unwrap();
        assert!(status == Some(2) && message.contains(told), "{words:?}: {message}");
    }
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

/// Seen: an empty variable was an error, as if somebody had named a simulation.
#[test]
fn an_empty_variable_counts_as_none_and_a_simulation_has_a_name() {
    let parent = tempfile::tempdir().unwrap();
    let said = |words: &[&str], name: &str, value: &OsStr| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clusterhatd"));
        command.args(words).args(["token", "list", "--state-dir"]).arg(parent.path());
        let output = command.env(name, value).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for name in ["CLUSTERHAT_SIM", "CLUSTERHAT_ROOT", "CLUSTERHAT_CONFIG", "LOGS_DIRECTORY"] {
        assert_eq!(said(&[], name, OsStr::new("")), (Some(0), String::new()), "{name}");
    }
    let (status, told) = said(&["--sim", ""], "CLUSTERHAT_SIM", OsStr::new(""));
    assert!(status == Some(2) && told.contains("--sim"), "{told}");
    let (status, told) = said(&[], "CLUSTERHAT_SIM", OsStr::from_bytes(b"v2.5\xff"));
    assert!(status == Some(2) && told.contains("UTF-8"), "{told}");
}

/// Seen: it was made by being looked into, and whoever could not look into it was told that there are none.
#[test]
fn a_listing_makes_nothing_and_is_refused_where_it_cannot_look() {
    let parent = tempfile::tempdir().unwrap();
    let state = parent.path().join("state");
    let said = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clusterhatd"));
        let output = command.args(words).arg("--state-dir").arg(&state).output().unwrap();
        let (stdout, stderr) = (output.stdout, output.stderr);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(stdout), text(stderr))
    };
    let (status, text, _) = said(&["token", "list"]);
    assert_eq!(
        (status, text),
        (Some(0), format!("no tokens: {} does not exist\n", state.display()))
    );
    assert_eq!(said(&["token", "remove", "x"]).0, Some(1));
    assert!(!state.exists());
    // Seen: the line for the journal was printed above the secret.
    let (status, secret, log) = said(&["token", "add", "x"]);
    assert!(status == Some(0) && secret.starts_with("chat_") && log.is_empty(), "{log}");
    let audit = fs::read_to_string(state.join("audit.log")).unwrap();
    assert!(audit.contains("create token"), "{audit}");
    assert_eq!(said(&["token", "remove", "x"]), (Some(0), String::new(), String::new()));
    let none = format!("no tokens in {}\n", state.display());
    assert_eq!(said(&["token", "list"]), (Some(0), none, String::new()));
}

/// As a user who is not root, of a folder that is somebody else's.
#[test]
fn who_may_not_look_into_the_folder_is_told_to_be_root() {
    let parent = tempfile::tempdir().unwrap();
    fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let state = parent.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o000)).unwrap();
    // Where that user may run it.
    let program = parent.path().join("clusterhatd");
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_clusterhatd")).arg(&program).status();
    assert!(copied.unwrap().success());
    // Seen: no next step where it was to serve.
    for words in [&["token", "list"][..], &["token", "add", "y"], &["token", "remove", "y"], &[]] {
        let mut command = Command::new(&program);
        command.args(words).arg("--state-dir").arg(&state);
        if fs::metadata(parent.path()).unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = command.output().expect("clusterhatd runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]), "{words:?}");
        let next =
            if words.is_empty() { "as root, name a folder of your own with" } else { "sudo" };
        assert!(stderr.contains("Permission denied") && stderr.contains(next), "{stderr}");
    }
}

#[test]
fn the_tokens_of_a_simulation_are_not_the_machine_s() {
    let (status, refused) = run(&["--sim", "v2.5", "token", "add", "x"]);
    assert_eq!((status, &refused["error"]["kind"]), (Some(2), &json!("usage")), "{refused}");
}

/// Seen: "/nowhere has no etc", and no next step.
#[test]
fn a_root_that_is_none_is_told_with_the_option() {
    let (status, refused) = run(&["setup", "--dry-run", "--root", "/nowhere"]);
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(status == Some(2) && message.ends_with(" as --root"), "{refused}");
}

/// Seen: it was taken, and another file was changed.
#[test]
fn setup_of_another_configuration_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().to_str().unwrap();
    let (status, refused) = run(&["--config", "/nowhere", "setup", "--dry-run", "--root", root]);
    assert_eq!((status, &refused["error"]["kind"]), (Some(2), &json!("usage")), "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("leave out --config"));
}

#[test]
fn a_usage_error_begins_with_the_program_as_any_other_error_does() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clusterhatd"));
    let output = command.arg("tokn").output().expect("clusterhatd runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let start = "clusterhatd: unknown command 'tokn'\n\n  tip: did you mean 'token'?\n";
    assert!(output.status.code() == Some(2) && said.starts_with(start), "{output:?}");
}

/// Puts the service's unit where its package does.
fn install(root: &Path) {
    let units = root.join("usr/lib/systemd/system");
    fs::create_dir_all(&units).expect("a folder");
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("share/systemd/clusterhatd.service");
    fs::copy(unit, units.join("clusterhatd.service")).expect("a unit");
}

fn files(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if entry.file_type().expect("a kind").is_dir() {
                folders.push(path);
            } else {
                files.push((path.display().to_string(), fs::read(&path).unwrap_or_default()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn setup_is_undone_to_the_byte_and_tells_how_to_get_in() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc/clusterhat")).unwrap();
    let config = root.path().join("etc/clusterhat/clusterhat.toml");
    fs::write(&config, "delay = 2\n[nodes.p1]\nname = \"db\"").unwrap();
    install(root.path());
    let before = files(root.path());
    let folder = tempfile::tempdir().unwrap();
    let (root_word, state) = (root.path().to_str().unwrap(), folder.path().to_str().unwrap());
    let setup = |words: &[&str]| {
        run(&[&["setup"], words, &["--root", root_word, "--state-dir", state]].concat())
    };
    let (status, planned) = setup(&["--listen", "127.0.0.1:9000", "--dry-run"]);
    assert_eq!((status, planned["changed"].as_array().unwrap().len()), (Some(0), 2));
    assert_eq!(files(root.path()), before);
    let (status, done) = setup(&["--listen", "127.0.0.1:9000"]);
    assert_eq!(
        (status, &done["url"], &done["user"]),
        (Some(0), &json!("https://127.0.0.1:9000"), &json!("admin")),
        "{done}"
    );
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains("[daemon]\nlisten = \"127.0.0.1:9000\"\n"), "{text}");
    // Another address; the account is there already.
    let (status, again) = setup(&["--listen", "[::1]:9001"]);
    assert_eq!((status, again.get("password")), (Some(0), None), "{again}");
    assert!(fs::read_to_string(&config).unwrap().contains("[::1]:9001"));
    let (status, undone) = setup(&["undo", "--dry-run"]);
    assert!(status == Some(0) && undone["notes"].to_string().contains("stay in"), "{undone}");
    // Seen: that folder was said to keep them though it is not there.
    let kept = folder.path().join("kept");
    let words = ["setup", "undo", "--dry-run", "--root", root_word, "--state-dir"];
    let undone = run(&[&words[..], &[kept.to_str().unwrap()]].concat()).1;
    assert_eq!(undone["notes"], json!([]));
    assert_eq!(setup(&["undo"]).0, Some(0));
    assert_eq!(files(root.path()), before);
}

#[test]
fn setup_takes_no_settings_away() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc/default")).unwrap();
    fs::write(root.path().join("etc/default/clusterctrl"), "CLUSTERHAT_SIZE=2\n").unwrap();
    install(root.path());
    let state = tempfile::tempdir().unwrap();
    let (root_word, state) = (root.path().to_str().unwrap(), state.path().to_str().unwrap());
    let setup = || run(&["setup", "--root", root_word, "--state-dir", state]);
    let before = files(root.path());
    let (status, refused) = setup();
    assert_eq!(status, Some(2));
    assert!(refused["error"]["message"].as_str().unwrap().contains("clusterctrl"), "{refused}");
    let config = root.path().join("etc/clusterhat/clusterhat.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(&config, "[daemon]\nsession-timeout = 60\n").unwrap();
    assert_eq!(setup().0, Some(2));
    fs::remove_dir_all(config.parent().unwrap()).unwrap();
    assert_eq!(files(root.path()), before);
}

#[test]
fn a_service_that_is_enabled_already_stays_so() {
    let root = tempfile::tempdir().unwrap();
    let wants = root.path().join("etc/systemd/system/multi-user.target.wants");
    fs::create_dir_all(&wants).unwrap();
    let link = wants.join("clusterhatd.service");
    std::os::unix::fs::symlink("/lib/systemd/system/clusterhatd.service", &link).unwrap();
    install(root.path());
    let state = tempfile::tempdir().unwrap();
    let (root_word, state) = (root.path().to_str().unwrap(), state.path().to_str().unwrap());
    let setup =
        |words: &[&str]| run(&[words, &["--root", root_word, "--state-dir", state]].concat());
    let (status, done) = setup(&["setup"]);
    assert_eq!((status, done["changed"].as_array().unwrap().len()), (Some(0), 1), "{done}");
    assert_eq!(setup(&["setup", "undo"]).0, Some(0));
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("/lib/systemd/system/clusterhatd.service"));
}

/// Seen: a token of the card's was made on the machine that it was mounted on.
#[test]
fn a_link_of_a_mounted_card_is_not_followed_out_of_it() {
    let parent = tempfile::tempdir().unwrap();
    let card = parent.path().join("card");
    let other = parent.path().join("other");
    fs::create_dir_all(card.join("var/lib")).unwrap();
    fs::create_dir(&other).unwrap();
    std::os::unix::fs::symlink(&other, card.join("var/lib/clusterhatd")).unwrap();
    for words in [&["token", "add", "x"][..], &["setup"], &[]] {
        let (status, refused) = run(&[&["--root", card.to_str().unwrap()], words].concat());
        let message = refused["error"]["message"].as_str().unwrap();
        let told = message.contains("card/var/lib/clusterhatd: a symbolic link there leads out of");
        assert!(status == Some(2) && told, "{words:?}: {refused}");
    }
    assert_eq!(fs::read_dir(&other).unwrap().count(), 0);
    assert_eq!(fs::read_dir(&card).unwrap().count(), 1);
    // Seen: refused, too, where another folder is named.
    let named = parent.path().join("named");
    let (card, named) = (card.to_str().unwrap(), named.to_str().unwrap());
    let words = ["--root", card, "--state-dir", named, "token", "add", "x"];
    let (status, made) = run(&words);
    assert_eq!(status, Some(0), "{made}");
    // Seen: told as a mistake of the caller's.
    let link = parent.path().join("card/var/lib/clusterhatd");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("clusterhatd", &link).unwrap();
    let (status, failed) = run(&["--root", card, "token", "add", "x"]);
    let message = failed["error"]["message"].as_str().unwrap();
    assert_eq!((status, &failed["error"]["kind"]), (Some(1), &json!("storage")), "{failed}");
    assert!(message.contains("card/var/lib/clusterhatd: "), "{message}");
}
