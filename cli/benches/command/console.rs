//! How fast a console copies what a node sends, beside cat(1) on the same device.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clusterhat_tests::process;
use clusterhat_tests::table::{Amount, Row, median};

use crate::devices::{Root, end};
use crate::pty::Pty;

const MEGABYTES: usize = 50;

const ROUNDS: usize = 5;

/// A copy of [`MEGABYTES`]: how long it took, and the processor time of who copied.
struct Copy {
    took: Duration,
    cpu: Duration,
}

pub(crate) fn rows() -> Vec<Row> {
    let (mut ours, mut cats) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(copy(|root, _| root.command(&["console", "p1"])));
        cats.push(copy(|_, node| {
            let mut cat = Command::new("cat");
            // It complains of the end of the device.
            cat.arg(&node.path).stdout(Stdio::piped()).stderr(Stdio::null());
            cat
        }));
    }
    let time = |copies: &[Copy], of: fn(&Copy) -> Duration| median(copies.iter().map(of).collect());
    let rate = |copies: &[Copy]| MEGABYTES as f64 / time(copies, |copy| copy.took).as_secs_f64();
    let (ours_rate, cats_rate) = (rate(&ours), rate(&cats));
    vec![
        Row {
            what: "console: MB".to_owned(),
            measured: Amount::Rate(ours_rate),
            limit: Some(Amount::Rate(cats_rate / 2.0)),
            beside: Some(Amount::Rate(cats_rate)),
        },
        Row {
            what: format!("console: processor time for {MEGABYTES} MB"),
            measured: Amount::Time(time(&ours, |copy| copy.cpu)),
            limit: None,
            beside: Some(Amount::Time(time(&cats, |copy| copy.cpu))),
        },
    ]
}

fn copy(make: impl FnOnce(&Root, &Pty) -> Command) -> Copy {
    let root = Root::new();
    let node = Pty::new();
    node.plug_in(root.path(), "ttypi1");
    // Raw, as the console makes it, for cat, too.
    raw(&node);
    let mut child = make(&root, &node).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdout: File = OwnedFd::from(child.stdout.take().unwrap()).into();
    let mut master = node.master;
    // It reads from here on.
    master.write_all(b"x").unwrap();
    assert!(stdout.read(&mut [0; 1]).unwrap() == 1);
    let before = process::cpu(child.id());
    let begun = Instant::now();
    let sending = thread::spawn(move || {
        let block = vec![b'x'; 1 << 20];
        (0..MEGABYTES).for_each(|_| master.write_all(&block).unwrap());
        master
    });
    let (mut left, mut buffer) = (MEGABYTES << 20, vec![0; 1 << 16]);
    while left > 0 {
        let count = stdout.read(&mut buffer).unwrap();
        assert!(count > 0, "it ended before all was copied");
        left -= count.min(left);
    }
    let copy = Copy { took: begun.elapsed(), cpu: process::cpu(child.id()) - before };
    drop(sending.join().unwrap());
    end(&mut child);
    copy
}

fn raw(node: &Pty) {
    let terminal = node.terminal();
    let mut attributes = rustix::termios::tcgetattr(&terminal).unwrap();
    attributes.make_raw();
    rustix::termios::tcsetattr(&terminal, rustix::termios::OptionalActions::Now, &attributes)
        .unwrap();
}
