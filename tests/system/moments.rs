//! Losses of power at one moment after the other: what is wanted of the nodes is the old state or the new one, never torn,
//! nothing of a write that was cut short is left over, and what is on afterwards is what is wanted.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use clusterhat_tests::vm::system::System;
use serde_json::Value;

use crate::{
    guest::sh,
    start::{ask, await_restored, clean_up, desired, nodes},
    system,
};

/// What is cut short: there is time for a loss of power between its two nodes.
const CALL: &str = "clusterhat on p2 p4 --delay 1";
const BACK: &str = "clusterhat off p2 p4";

/// Before and after [`CALL`].
const OLD: u8 = 0b0101;
const NEW: u8 = 0b1111;

/// Longer than a call takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// When the power goes: once both have passed since the begin of what it interrupts.
#[derive(Debug)]
struct Moment {
    time: Duration,
    /// On the HAT's bus.
    messages: u32,
}

fn messages(system: &System) -> u32 {
    system.expanders().messages.load(Ordering::SeqCst)
}

/// Starts [`CALL`], and waits until the moment has come.
fn call_until(system: &System, moment: &Moment) {
    let (before, begun) = (messages(system), Instant::now());
    sh(system, &format!("{CALL} </dev/null >/run/call 2>&1 &"));
    while begun.elapsed() < moment.time || messages(system) < before + moment.messages {
        assert!(begun.elapsed() < PATIENCE, "{moment:?}: {}", sh(system, "cat /run/call"));
        thread::sleep(Duration::from_millis(1));
    }
}

/// The moments of [`CALL`]: three before its first message, when what is wanted is saved, and three until its last one.
fn moments_of_a_call(system: &System) -> [Moment; 6] {
    let (before, begun) = (messages(system), Instant::now());
    call_until(system, &Moment { time: Duration::ZERO, messages: 1 });
    let first = begun.elapsed();
    sh(system, "while pgrep -x clusterhat >/dev/null; do sleep 0.1; done");
    let all = messages(system) - before;
    println!("a call: its first message after {first:?}, {all} messages");
    let time = |quarters| Moment { time: first * quarters / 4, messages: 0 };
    let messages = |messages| Moment { time: Duration::ZERO, messages };
    [time(1), time(2), time(3), messages(1), messages(all / 2), messages(all - 1)]
}

/// Which nodes are to be on by it: bit n is node n + 1.
fn wanted(desired: &str) -> u8 {
    let document: Value = serde_json::from_str(desired).unwrap();
    let nodes = document["boards"][0]["nodes"].as_object().unwrap();
    let on = nodes.iter().filter(|(_, node)| node["on"] == true);
    on.map(|(place, _)| 1 << (place.parse::<u8>().unwrap() - 1)).sum()
}

/// The machine starts again and brings back what is wanted: the file's text.
fn start(system: &mut System, moment: &impl std::fmt::Debug) -> String {
    system.start().unwrap();
    let said = await_restored(system);
    let desired = desired(system);
    let wanted = wanted(&desired);
    assert_eq!(nodes(system), wanted, "{moment:?}: {said}");
    assert!(said.lines().any(|line| line.starts_with("Finished")), "{moment:?}: {said}");
    for node in (0..4).filter(|node| wanted & 1 << node != 0) {
        let of_node = format!("p{} ", node + 1);
        let mut lines = said.lines().filter(|line| line.starts_with(&of_node));
        assert!(lines.any(|line| line.ends_with("as last requested")), "{moment:?}: {said}");
    }
    let said = sh(system, "journalctl -b --no-pager --output=cat -u clusterhat-init");
    assert!(said.contains("hat1: initialised; no node was on"), "{moment:?}: {said}");
    // Of a file that was being replaced.
    let left = sh(system, "find /var/lib/clusterhat /etc/clusterhat -name '.*' -o -name '*.new'");
    assert_eq!(left, "", "{moment:?}");
    desired
}

#[test]
#[ignore = "25 min: tests/long system"]
fn a_loss_of_power_at_any_moment_of_a_switch_leaves_the_old_or_the_new_state() {
    let mut system = system();
    ask(&system);
    let moments = moments_of_a_call(&system);
    let new = desired(&system);
    sh(&system, BACK);
    let old = desired(&system);
    assert_eq!((wanted(&old), wanted(&new)), (OLD, NEW));
    for moment in moments {
        call_until(&system, &moment);
        system.lose_power().unwrap();
        let after = start(&mut system, &moment);
        println!("{moment:?}: {:#06b}", wanted(&after));
        assert!(after == old || after == new, "{moment:?}: {after}");
        sh(&system, BACK);
    }
    clean_up(&system);
}

#[test]
#[ignore = "25 min: tests/long system"]
fn a_loss_of_power_at_any_moment_of_a_start_changes_nothing_that_is_wanted() {
    let mut system = system();
    let old = ask(&system);
    system.lose_power().unwrap();
    let before = messages(&system);
    assert_eq!(start(&mut system, &"never"), old);
    let all = messages(&system) - before;
    println!("a start: {all} messages");
    for moment in (0..6).map(|sixth| 1 + (all - 2) * sixth / 5) {
        system.lose_power().unwrap();
        let before = messages(&system);
        let has_come = |so_far: u32| so_far >= before + moment;
        system
            .start_until(|expanders| has_come(expanders.messages.load(Ordering::SeqCst)))
            .unwrap();
        println!("{moment} messages: {:#06b}", nodes(&system));
        system.lose_power().unwrap();
        assert_eq!(start(&mut system, &moment), old);
    }
    clean_up(&system);
}
