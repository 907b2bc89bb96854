//! Input of a program, which is sent whole, or the command fails. Seen: it was lost with status 0 while the node was away or
//! somebody else wrote, and the command hung when the daemon ended.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{ChildStdin, Stdio};
use std::thread;

use clusterhat::consoles::{Notice, WriteWish};
use clusterhat_tests::running::Running;

use crate::rig::{Reader, Site};

/// More than the daemon, the kernel and the command keep for a node that takes nothing.
const MORE_THAN_IS_KEPT: usize = 1 << 20;

/// A node's console at the daemon, with one who looks at it.
struct Console {
    site: Site,
    daemon: Running,
    node: File,
    looking: Reader,
}

impl Console {
    fn open() -> Self {
        let site = Site::with_devices();
        let node = site.plug_in("ttypi1");
        let daemon = site.daemon();
        let mut looking = site.console("p1");
        looking.until_open();
        Self { site, daemon, node, looking }
    }

    /// The command with a pipe as its input, once the node has got a first line from it.
    fn writer(&mut self) -> (Running, ChildStdin) {
        let mut command = self.site.command(&["console", "p1"]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"first").unwrap();
        self.node.read_exact(&mut [0; 5]).unwrap();
        (Running::of(child), stdin)
    }
}

/// Sends without end; the command ends before that.
fn flood(mut stdin: ChildStdin) {
    thread::spawn(move || stdin.write_all(&vec![b'x'; MORE_THAN_IS_KEPT]));
}

fn assert_not_sent(command: Running, reasons: &[&str]) {
    let output = command.finish();
    assert_eq!(output.status, 1, "{output:?}");
    let text = "not all was sent to the console of p1: ";
    let told = |reason: &&str| output.stderr.contains(&format!("{text}{reason}"));
    assert!(reasons.iter().any(told), "{output:?}");
}

#[test]
fn input_for_who_has_lost_the_turn_is_an_error() {
    let mut console = Console::open();
    let (command, mut stdin) = console.writer();
    console.looking.write(WriteWish::TakeOver);
    stdin.write_all(b"too late\n").unwrap();
    // The service may refuse before the command hears of the other.
    assert_not_sent(command, &["uid:", "you do not have the turn to write"]);
}

#[test]
fn input_that_a_node_did_not_take_before_it_went_away_is_an_error() {
    let mut console = Console::open();
    let (command, stdin) = console.writer();
    flood(stdin);
    console.site.unplug("ttypi1", console.node);
    assert_not_sent(command, &["the console is not there", "it went away"]);
}

#[test]
fn input_while_the_node_is_away_is_an_error() {
    let mut console = Console::open();
    let (command, mut stdin) = console.writer();
    console.site.unplug("ttypi1", console.node);
    console.looking.until_notice(&Notice::Port { open: false, error: None });
    stdin.write_all(b"nobody is there\n").unwrap();
    assert_not_sent(command, &["it went away", "the console is not there"]);
}

#[test]
fn input_that_is_left_when_the_daemon_ends_is_an_error() {
    let mut console = Console::open();
    let (command, stdin) = console.writer();
    flood(stdin);
    console.daemon.kill();
    drop(console.daemon);
    assert_not_sent(command, &["clusterhatd has closed the connection", "it went away"]);
}
