//! `console`: on simulated nodes, and on pseudo-terminals in the place of nodes' serial ports.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

#[path = "../command/mod.rs"]
mod command;
mod devices;
mod flood;
mod interactive;
mod pty;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Stdio;

use clusterhat_tests::command::{Output, World};
use command::Run as _;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::json;

/// Four simulated nodes, the first two of them on.
fn simulated() -> World {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p1", "p2"]).status, 0);
    world
}

#[test]
fn a_script_sends_a_line_and_gets_what_matches() {
    let world = simulated();
    let output = world.run(&["console", "p1", "--send", "uname -r", "--expect", "^p1 log.n: $"]);
    assert_eq!(output.status, 0, "{output:?}");
    assert!(output.stdout.ends_with("uname -r\r\np1 login: "), "{output:?}");
    let output = world.run(&["console", "p2", "--expect", "p[0-9] login", "--json"]);
    let document = output.json();
    assert_eq!((&document["node"], &document["matched"]), (&json!("p2"), &json!("p2 login")));
}

#[test]
fn a_line_that_nobody_waits_for_is_only_sent() {
    let world = simulated();
    let document = world.run(&["console", "p1", "--send", "reboot", "--json"]).json();
    assert_eq!(document["node"], "p1");
    assert!(document["matched"].is_null() && document["error"].is_null(), "{document}");
}

#[test]
fn what_does_not_come_in_time_is_exit_status_3() {
    let world = simulated();
    let output = world.run(&["console", "p1", "--expect", "nobody says this", "--timeout", "0.2"]);
    assert_eq!(output.status, 3, "{output:?}");
    let text = "p1 did not say \"nobody says this\" within 0.2 s (--timeout)";
    assert!(output.stderr.contains(text), "{output:?}");
    // It is off: nothing comes up either.
    let output = world.run(&["console", "p3", "--send", "x", "--timeout", "0.2", "--json"]);
    let document = output.json();
    assert_eq!((output.status, &document["error"]["kind"]), (3, &json!("timed-out")), "{document}");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("the console of p3 was not there"), "{message}");
}

#[test]
fn input_that_is_no_terminal_is_copied_to_its_end() {
    let world = simulated();
    let mut command = world.command(&["console", "p1"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A tilde is no escape here.
    child.stdin.take().unwrap().write_all(b"~.\nid\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.ends_with("p1 login: ~.\r\np1 login: id\r\np1 login: "), "{text:?}");
    // Nobody sits here who could wait for a node that is off.
    let output = world.run(&["console", "p3"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("/dev/ttypi3 is not there"), "{output:?}");
    assert!(output.stderr.ends_with("; if it is off, `clusterhat on p3`\n"), "{output:?}");
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let world = World::builtin("v2.5");
    for (arguments, text) in [
        (&["console"][..], "NODES"),
        (&["console", "p1", "p2"], "--watch"),
        (&["console", "all", "--send", "x"], "--watch"),
        (&["console", "p1", "--json"], "--expect"),
        (&["console", "p1", "--timeout", "1"], "--expect"),
        (&["console", "p1", "--watch", "--send", "x"], "--send"),
        (&["console", "p1", "--expect", "["], "--expect"),
        (&["console", "p9"], "p9"),
    ] {
        let output = Output::of(&mut world.command(arguments));
        assert_eq!(output.status, 2, "{arguments:?}: {output:?}");
        let all = format!("{}{}", output.stderr, output.stdout);
        assert!(all.contains(text), "{arguments:?}: {output:?}");
    }
}

/// A pipe would stop the console, a link write where somebody else wants it.
#[test]
fn a_log_is_a_regular_file_or_refused() {
    let world = simulated();
    let path = |name: &str| world.folder().join(name);
    mknodat(CWD, path("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    symlink("log", path("link")).unwrap();
    symlink("/dev/zero", path("zero")).unwrap();
    let _socket = UnixListener::bind(path("socket")).unwrap();
    // With a reader, opening the pipe would succeed.
    let read = world.folder().join("read");
    mknodat(CWD, &read, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let _reader = OpenOptions::new().read(true).write(true).open(&read).unwrap();
    for (name, why) in [
        ("fifo", "it is not a regular file"),
        ("read", "it is not a regular file"),
        ("socket", "it is not a regular file"),
        ("link", "it is a symbolic link"),
        ("zero", "it is a symbolic link"),
        ("/dev/null", "it is not a regular file"),
        (".", "Is a directory"),
    ] {
        let log = path(name);
        let arguments = ["console", "p1", "--send", "id", "--log", log.to_str().unwrap()];
        let output = world.run(&arguments);
        assert_eq!(output.status, 1, "{name}: {output:?}");
        let text = format!("cannot write the log {}: {why}", log.display());
        assert!(output.stderr.contains(&text), "{name}: {output:?}");
    }
    assert!(!path("log").exists());
    let log = path("log");
    let arguments = ["--send", "id", "--expect", "^p1 login: $", "--log", log.to_str().unwrap()];
    for _ in 0..2 {
        let output = world.run(&[&["console", "p1"], &arguments[..]].concat());
        assert_eq!(output.status, 0, "{output:?}");
    }
    assert_eq!(fs::read_to_string(log).unwrap().matches("login: id").count(), 2);
}
