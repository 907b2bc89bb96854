//! What is only said on a terminal.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;
// The console's tests use the rest of it.
#[allow(dead_code)]
#[path = "console/pty.rs"]
mod pty;

use std::process::Stdio;

use clusterhat_tests::command::{World, status};
use command::{Run as _, heeding_signals};
use pty::{Pty, read_until};
use rustix::process::{Pid, Signal, kill_process};

/// Seen: `p2 on; waiting 0.1 sclusterhat: interrupted; switched on: p2`.
#[test]
fn what_an_interrupted_command_says_begins_a_line_and_names_who_was_not_switched() {
    let world = World::builtin("v2.5");
    let mut terminal = Pty::new();
    let mut command = heeding_signals(&world.command(&["on", "p1..p3", "--delay", "300"]));
    command.env_remove("CLUSTERHAT_SIM_NOWAIT").stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.stderr(terminal.terminal()).spawn().unwrap();
    read_until(&mut terminal.master, "on; waiting ");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let told = read_until(&mut terminal.master, "not switched: ");
    assert!(told.contains("\r\u{1b}[Kclusterhat: interrupted; switched on: p"), "{told:?}");
    assert_eq!(status(child.wait().unwrap()), 130);
}

#[test]
fn the_delay_that_another_call_asked_for_is_shown_while_it_is_waited_out() {
    let world = World::builtin("v2.5");
    assert_eq!(world.start(&["on", "p1", "--delay", "300"]).finish().status, 0);
    let mut terminal = Pty::new();
    let mut command = world.command(&["on", "p2", "--delay", "0.1"]);
    command.env_remove("CLUSTERHAT_SIM_NOWAIT").stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.stderr(terminal.terminal()).spawn().unwrap();
    let told = read_until(&mut terminal.master, "waiting 2");
    assert!(!told.contains("p2 on"), "{told:?}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_table_that_is_renewed_says_what_ends_it() {
    let world = World::builtin("v2.5");
    let mut terminal = Pty::new();
    let mut command = world.command(&["top", "p1", "--interval", "0.1"]);
    command.stdin(Stdio::null()).stdout(terminal.terminal()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    read_until(&mut terminal.master, "Ctrl-C ends\r\n");
    child.kill().unwrap();
    child.wait().unwrap();
    let piped = world.run(&["top", "p1", "--count", "1"]);
    assert!(!piped.stdout.contains("Ctrl-C"), "{piped:?}");
}

/// Seen: once before the screen was emptied, and again on it.
#[test]
fn a_screen_that_is_emptied_says_once_that_it_shows_a_simulation() {
    let world = World::builtin("v2.5");
    for args in [&["top", "p1", "--interval", "10"][..], &["status", "--watch"]] {
        let mut terminal = Pty::new();
        let mut command = world.command(args);
        command.stdin(Stdio::null()).stdout(terminal.terminal()).stderr(terminal.terminal());
        let mut child = command.spawn().unwrap();
        let told = read_until(&mut terminal.master, "NODE");
        child.kill().unwrap();
        child.wait().unwrap();
        let notice = "): no hardware is switched\r\nCtrl-C ends";
        assert!(told.contains(notice), "{told:?}");
        assert_eq!(told.matches("no hardware").count(), 1, "{told:?}");
    }
}
