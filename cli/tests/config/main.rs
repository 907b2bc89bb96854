//! Configuration, environment and surroundings of the command, end to end: what counts, what is refused and
//! in which words, and what it does on terminals, in closed pipes and with the files of worlds.

#[path = "../command/mod.rs"]
mod command;
mod outputs;
mod setups;
mod surroundings;

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clusterhat_tests::command::{Output, World};
use clusterhat_tests::running::Running;
use command::{Run as _, clusterhat};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};

/// A v2.5 board with this text at `key` of its world: `clusterhat_toml` or `config`.
fn configured(key: &str, text: &str) -> World {
    let mut world = World::builtin_value("v2.5");
    world[key] = json!(text);
    World::new(&world)
}

fn with_toml(text: &str) -> World {
    configured("clusterhat_toml", text)
}

fn with_vendors(text: &str) -> World {
    configured("config", text)
}

/// A file in the world's folder.
fn file(world: &World, name: &str, text: &str) -> PathBuf {
    let path = world.folder().join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
    fs::write(&path, text).expect("it can be written");
    path
}

/// The waits that `--dry-run` tells, without the first.
fn waits(command: &mut Command) -> Vec<f64> {
    let steps = Output::of(command).json()["steps"].clone();
    let steps = steps.as_array().expect("steps").iter();
    steps.skip(1).map(|step| step["wait_s"].as_f64().expect("a time")).collect()
}

const PLAN: [&str; 3] = ["on", "--dry-run", "--json"];

/// Refused with exit status 2 before anything is touched, and with these parts in the message.
fn assert_refused(output: &Output, parts: &[&str]) {
    assert_eq!(output.status, 2, "{output:?}");
    assert_eq!(output.stdout, "", "{output:?}");
    assert!(output.stderr.starts_with("clusterhat: "), "{output:?}");
    for part in parts {
        assert!(output.stderr.contains(part), "no {part:?} in {output:?}");
    }
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let world = with_toml("delay = 3\n[nodes.p2]\ndelay = 30\n");
    assert_eq!(waits(&mut world.command(&PLAN)), [3.0, 30.0, 3.0]);
    let mut command = world.command(&PLAN);
    assert_eq!(waits(command.env("CLUSTERHAT_DELAY", "4")), [4.0; 3]);
    assert_eq!(waits(command.args(["--delay", "500ms"])), [0.5; 3]);
    assert_eq!(waits(world.command(&PLAN).env("CLUSTERHAT_DELAY", "")), [3.0, 30.0, 3.0]);
}

#[test]
fn a_time_is_written_the_same_everywhere() {
    for text in ["500ms", "0.5s", "0.5"] {
        let world = with_toml(&format!("delay = \"{text}\"\n"));
        assert_eq!(waits(&mut world.command(&PLAN)), [0.5; 3], "{text}");
        let world = World::builtin("v2.5");
        assert_eq!(waits(world.command(&PLAN).env("CLUSTERHAT_DELAY", text)), [0.5; 3], "{text}");
        assert_eq!(waits(world.command(&PLAN).args(["--delay", text])), [0.5; 3], "{text}");
    }
}

#[test]
fn the_off_time_has_the_same_precedence() {
    let world = with_toml("off-time = 3\n");
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    let cycle = ["cycle", "p1", "--dry-run", "--json"];
    assert_eq!(waits(&mut world.command(&cycle)), [3.0]);
    let mut command = world.command(&cycle);
    assert_eq!(waits(command.env("CLUSTERHAT_OFF_TIME", "4s")), [4.0]);
    assert_eq!(waits(command.args(["--off-time", "5"])), [5.0]);
}

#[test]
fn a_named_configuration_replaces_the_worlds_and_the_flag_wins() {
    let world = with_toml("delay = 3\n");
    let (one, other) =
        (file(&world, "one.toml", "delay = 7\n"), file(&world, "2.toml", "delay = 8"));
    let mut command = world.command(&PLAN);
    assert_eq!(waits(command.env("CLUSTERHAT_CONFIG", &one)), [7.0; 3]);
    assert_eq!(waits(command.arg("--config").arg(&other)), [8.0; 3]);
}

#[test]
fn the_vendors_file_counts_where_ours_is_absent() {
    assert_eq!(waits(&mut with_vendors("CLUSTERCTRL_DELAY=6\n").command(&PLAN)), [6.0; 3]);
    let mut both = World::builtin_value("v2.5");
    both["config"] = json!("CLUSTERCTRL_DELAY=6\nTYPE=node\n");
    both["clusterhat_toml"] = json!("first = 1\n");
    assert_eq!(waits(&mut World::new(&both).command(&PLAN)), [1.0; 3]);
}

#[test]
fn an_unknown_key_is_a_warning_with_its_place() {
    let world = with_toml("delay = 1\n\ndellay = 2\n[nodes.p1]\ncolour = 3\n");
    let output = world.run(&["maxpi"]);
    let place = format!("{}:clusterhat_toml", world.path().display());
    let expected = format!(
        "clusterhat: warning: {place}:3: unknown key \"dellay\" is ignored; did you mean \"delay\"?\n\
         clusterhat: warning: {place}:5: unknown key \"nodes.p1.colour\" is ignored; remove it\n"
    );
    let output_of = |stdout: &str, stderr: &str| (0, stdout.to_owned(), stderr.to_owned());
    assert_eq!((output.status, output.stdout, output.stderr), output_of("4\n", &expected));
    let warnings = world.run(&["maxpi", "--json"]).json()["warnings"].clone();
    assert_eq!(warnings.as_array().map(Vec::len), Some(2), "{warnings}");
    assert_eq!(with_vendors("TYPE=c\nCLUSTERHAT_SIZ=2\n").run(&["maxpi"]).stdout, "4\n");
}

#[test]
fn a_bad_value_names_its_line_and_what_is_allowed() {
    for (text, parts) in [
        ("delay = 301\n", &[":1: delay = 301", "0 to 300 seconds"][..]),
        ("\ndelay = \"1m\"\n", &[":2: delay = \"1m\"", "0 to 300 seconds"]),
        ("off-time = 0\n", &[":1: off-time = 0", "0.1 to 300 seconds"]),
        ("first = 0\n", &[":1: first = 0", "1 to 9999"]),
        ("fan-gpio = 13\n[[board]]\nrevision = \"1.3\"\n", &[":1: fan-gpio = 13", "v1.x"]),
        ("fan-gpio = 2\n", &[":1: fan-gpio = 2", "4 to 27"]),
        ("[[board]]\naddress = 0x24\n", &[":2: board.address = 0x24", "0x20 to 0x23"]),
        (
            "[[board]]\nrevision = 2.5\n",
            &[":2: board.revision = 2.5", "a quoted version", "\"2.5\""],
        ),
        ("[nodes.p3]\nname = \"p4\"\n", &[":2: nodes.p3.name = \"p4\""]),
        ("first = 101\n[nodes.p3]\n", &[":2: nodes.p3", "p101"]),
        ("[nodes.p1]\nname = \"a\"\n[nodes.p2]\nname = \"a\"\n", &[":4: nodes.p2.name", "line 2"]),
        ("delay = \n", &[":1:"]),
        ("delay = 1\ndelay = 2\n", &[":2:", "duplicate key"]),
    ] {
        let world = with_toml(text);
        let place = format!("{}:clusterhat_toml", world.path().display());
        let before = world.read();
        assert_refused(&world.run(&["on", "p1"]), &[&[place.as_str()], parts].concat());
        assert_eq!(world.read(), before);
    }
}

#[test]
fn a_bad_value_of_the_vendors_file_names_its_line() {
    for (text, parts) in [
        ("TYPE=c\nCLUSTERHAT_SIZE=0\n", [":2: CLUSTERHAT_SIZE = 0", "1 to 4 nodes"]),
        ("CLUSTERHAT_FORCE=new\n", [":1: CLUSTERHAT_FORCE = new", "2.5"]),
        ("FANGPIO=three\n", [":1: FANGPIO = three", "4 to 27"]),
        ("CLUSTERCTRL_DELAY=400\n", [":1: CLUSTERCTRL_DELAY = 400", "0 to 300 seconds"]),
    ] {
        assert_refused(&with_vendors(text).run(&["on", "p1"]), &parts);
    }
    // The vendor's tool forgives these.
    let output = with_vendors("CLUSTERCTRL_DELAY=soon\nCLUSTERHAT_SIZE=9\n").run(&["maxpi"]);
    assert_eq!((output.status, output.stdout.as_str()), (0, "4\n"));
    assert!(output.stderr.contains(":1: CLUSTERCTRL_DELAY = soon is ignored"), "{output:?}");
    assert!(output.stderr.contains(":2: CLUSTERHAT_SIZE = 9"), "{output:?}");
}

#[test]
fn a_bad_value_of_the_environment_names_the_variable() {
    let world = World::builtin("v2.5");
    for (name, value, allowed) in [
        ("CLUSTERHAT_DELAY", "soon", "0 to 300 seconds"),
        ("CLUSTERHAT_DELAY", "301", "0 to 300 seconds"),
        ("CLUSTERHAT_OFF_TIME", "0", "0.1 to 300 seconds"),
        ("CLUSTERHAT_LOCK_LIMIT", "-1", "0 to 3600 seconds"),
    ] {
        let output = Output::of(world.command(&["on", "p1"]).env(name, value));
        assert_refused(&output, &[&format!("{name} = {value}"), allowed]);
    }
    assert_refused(&world.run(&["on", "--delay", "301"]), &["--delay 301:", "0 to 300 seconds"]);
}

#[test]
fn a_fan_is_where_the_vendors_file_puts_it() {
    let output = with_vendors("TYPE=c\n").run(&["fan", "on"]);
    assert_refused(&output, &["no fan", "FANGPIO", "fan-gpio"]);
    let world = with_vendors("TYPE=c\nFANGPIO=21\n");
    assert_eq!(world.run(&["fan", "on"]).status, 0);
    assert_eq!(world.read()["gpio"], json!({"21": 1}));
}

/// A delay that was meant and cannot be read must not become the default.
#[test]
fn a_time_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = World::builtin("v2.5");
    for name in ["CLUSTERHAT_DELAY", "CLUSTERHAT_OFF_TIME", "CLUSTERHAT_LOCK_LIMIT"] {
        let mut command = world.command(&["on"]);
        command.env(name, std::ffi::OsStr::from_bytes(b"3\xff"));
        assert_refused(&Output::of(&mut command), &[name, "seconds"]);
    }
    assert_eq!(world.read()["chips"]["1"]["r"][3], 255, "nothing was touched");
}
