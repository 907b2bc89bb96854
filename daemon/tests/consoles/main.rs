//! Consoles that the daemon shares, of simulated nodes and of pseudo-terminals in the place of nodes' serial ports.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod events;
mod flood;
mod piped;
mod rig;

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use clusterhat::consoles::{Notice, SharedConsole, WriteWish};
use clusterhat_tests::running::until;
use rig::Site;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

#[test]
fn the_command_uses_the_daemon_s_console() {
    let site = Site::simulated();
    let _daemon = site.daemon();
    let mut looking = site.console("p1");
    // What the node says at its start is no answer.
    looking.until_text("p1 login: ");
    let script = ["console", "p1", "--send", "uname -r", "--expect", "^p1 log.n: $"];
    let output = site.run(&script);
    assert_eq!(output.status, 0, "{output:?}");
    assert!(output.stdout.ends_with("uname -r\r\np1 login: "), "{output:?}");
    // Others see it.
    looking.until_text("uname -r\r\np1 login: ");
    let mut command = site.command(&["console", "p1"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"one\ntwo\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    // The command itself ends where nothing comes for a while, which may be before the answer on a machine that is busy.
    looking.until_text("one\r\np1 login: two\r\np1 login: ");
    let output = site.run(&["console", "p3"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("the console of p3 is not there"), "{output:?}");
}

/// Seen: with the daemon, a prompt that a node showed before the command began was waited for in vain.
#[test]
fn what_the_node_said_since_its_console_appeared_is_expected_too() {
    let site = Site::simulated();
    let _daemon = site.daemon();
    site.console("p1").until_text("p1 login: ");
    let output = site.run(&["console", "p1", "--expect", "^p1 log.n: $", "--timeout", "60"]);
    assert_eq!(output.status, 0, "{output:?}");
    assert!(output.stdout.ends_with("p1 login: "), "{output:?}");
}

#[test]
fn the_turn_to_write_is_seen_by_all_and_taken_over_on_purpose_only() {
    let site = Site::simulated();
    let _daemon = site.daemon();
    let (mut pi, mut lab) = (site.console("p1"), site.console("p1"));
    pi.until_open();
    pi.write(WriteWish::Request);
    let name = || Some(format!("uid:{}", rustix::process::getuid().as_raw()));
    lab.until_notice(&Notice::Writer { name: name(), you: false });
    lab.console.send(b"nobody hears this\r");
    lab.until("a refusal", |lab| matches!(lab.notices.last(), Some(Notice::Refused { .. })));
    // A command does not take the turn from who has it.
    let output = site.run(&["console", "p1", "--send", "reboot"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("writes on the console of p1: nothing was sent"), "{output:?}");
    lab.write(WriteWish::TakeOver);
    pi.until_notice(&Notice::Writer { name: name(), you: false });
    pi.console.send(b"too late\r");
    lab.console.send(b"hello\r");
    pi.until_text("hello\r\np1 login: ");
    assert!(!pi.text.contains("nobody hears") && !pi.text.contains("too late"), "{}", pi.text);
    let audit = fs::read_to_string(site.path("state/access.log")).unwrap();
    assert_eq!(audit.matches("\"target\":\"p1\",\"result\":\"writes\"").count(), 2, "{audit}");
    drop(lab);
    pi.until_notice(&Notice::Writer { name: None, you: false });
}

#[test]
fn a_console_survives_the_node_s_power_cycle_and_its_history_the_daemon_s_restart() {
    let site = Site::simulated();
    let mut daemon = site.daemon();
    let mut reader = site.console("p1");
    reader.until_open();
    reader.write(WriteWish::Request);
    reader.console.send(b"before\r");
    reader.until_text("before\r\n");
    assert_eq!(site.run(&["off", "p1"]).status, 0);
    reader.until_notice(&Notice::Port { open: false, error: None });
    assert_eq!(site.run(&["on", "p1"]).status, 0);
    reader.until_notice(&Notice::Port { open: true, error: None });
    reader.console.send(b"after\r");
    reader.until_text("after\r\n");
    daemon.kill();
    drop(daemon);
    let log = fs::read_to_string(site.path("consoles/p1.log")).unwrap();
    assert!(log.lines().all(|line| line.get(23..25) == Some("Z ")), "{log}");
    // Behind the prompt, unless the machine was so busy that the prompt is a line of its own.
    assert!(log.lines().any(|line| line.ends_with("before")), "{log}");
    let _daemon = site.daemon();
    let text = || site.get("/api/v1/consoles/p1/history", "").1["text"].as_str().map(str::to_owned);
    until("the history", || {
        text().is_some_and(|text| text.contains("before") && text.contains("after"))
    });
    let (status, document) = site.get("/api/v1/consoles", "");
    assert_eq!((status, &document["consoles"][3]["node"]), (200, &json!("p4")), "{document}");
}

/// Seen: it said to end the daemon.
#[test]
fn a_command_that_knows_no_socket_of_a_simulation_is_told_to_name_it() {
    let site = Site::simulated();
    let _daemon = site.daemon();
    site.console("p1").until_open();
    let mut command = site.command(&["console", "p1", "--send", "uname -r"]);
    let output = command.env_remove("CLUSTERHAT_SOCKET").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("clusterhatd") && text.contains("set CLUSTERHAT_SOCKET to"), "{text}");
    assert!(!text.contains("end that process"), "{text}");
}

/// Seen: a line that had begun was lost when the daemon ended, and no metric told of the bytes.
#[test]
fn what_a_node_has_begun_to_say_is_counted_and_in_the_file_when_the_daemon_ends() {
    let site = Site::with_devices();
    let mut node = site.plug_in("ttypi1");
    let mut daemon = site.daemon();
    let mut reader = site.console("p1");
    reader.until_open();
    node.write_all(b"whole\r\n").unwrap();
    reader.until_text("whole\r\n");
    let metrics = site.get_text("/metrics", "").1;
    let counted = "\nclusterhat_console_read_bytes_total{node=\"p1\"} 7\n";
    assert!(metrics.contains(counted), "{metrics}");
    // Not for so long that it counts as a line.
    node.write_all(b"half").unwrap();
    reader.until_text("half");
    let pid = Pid::from_raw(i32::try_from(daemon.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    until("the daemon's end", || !daemon.is_running());
    let log = fs::read_to_string(site.path("consoles/p1.log")).unwrap();
    assert!(log.ends_with("Z half\n"), "{log}");
}

#[test]
fn what_is_no_console_is_refused() {
    let site = Site::simulated();
    let _daemon = site.daemon();
    until("the consoles", || site.get("/api/v1/consoles/p1/history", "").0 == 200);
    let error = SharedConsole::connect(&site.path("socket"), "p9").err().unwrap();
    assert_eq!(error.to_string(), "clusterhatd refused the request: there is no node \"p9\"");
    assert_eq!(site.get("/api/v1/consoles/p1", "").0, 400);
    let socket = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let other = format!("{socket}Origin: https://pi:3000\r\n");
    assert_eq!(site.get("/api/v1/consoles/p1", &other).0, 403);
}
