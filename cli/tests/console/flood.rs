//! A node that sends without end: nothing of it may pile up.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};
use std::thread;

use crate::devices::{Root, end, stdout};
use crate::pty::Pty;

/// More than a console may ever need, of which most is the program itself.
const MOST_KIB: u64 = 24 * 1024;
const MARK: &str = "that was all";

/// Bytes of every value but newlines, and then a line.
fn flood(node: &mut File, megabytes: usize) {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    let block: Vec<u8> = (0..1 << 20).map(|_| random()).map(|b| b + u8::from(b == b'\n')).collect();
    for _ in 0..megabytes {
        node.write_all(&block).expect("somebody reads");
    }
    node.write_all(format!("\n{MARK}\n").as_bytes()).expect("somebody reads");
}

/// Reads and forgets until the mark has come.
fn read_to_mark(output: &mut File) {
    let mut last = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    // It comes last.
    while !String::from_utf8_lossy(&last).contains(MARK) {
        let length = output.read(&mut buffer).expect("it can be read");
        assert_ne!(length, 0, "it ended before the mark");
        last.extend_from_slice(&buffer[length.saturating_sub(2 * MARK.len())..length]);
        last.drain(..last.len().saturating_sub(2 * MARK.len()));
    }
}

/// The most memory that a process has had, in KiB.
fn peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn check(megabytes: usize, arguments: &[&str]) {
    let root = Root::new();
    let node = Pty::new();
    node.plug_in(root.path(), "ttypi1");
    let mut child = root.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdout = stdout(&mut child);
    let mut master = node.master;
    let flooding = thread::spawn(move || {
        flood(&mut master, megabytes);
        master
    });
    read_to_mark(&mut stdout);
    let peak = peak(&child);
    assert!(peak < MOST_KIB, "{arguments:?}: {peak} KiB");
    drop(flooding.join().unwrap());
    end(&mut child);
}

#[test]
fn a_hundred_megabytes_of_garbage_are_copied_in_bounded_memory() {
    check(100, &["console", "p1"]);
}

#[test]
fn garbage_to_look_at_is_shown_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    check(10, &["console", "--watch", "p1", "--log", log.to_str().unwrap()]);
}

#[test]
fn garbage_is_searched_in_bounded_memory() {
    check(4, &["console", "p1", "--expect", "never [a-z]+ said", "--timeout", "600"]);
}
