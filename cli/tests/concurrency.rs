//! Several calls at one board: nobody waits longer than needed, and a lock goes with its holder.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::thread::sleep;
use std::time::{Duration, Instant};

use clusterhat_tests::command::World;
use clusterhat_tests::running::{Running, until};
use command::Run as _;
use hat_driver::linux::lock::FileLock;
use serde_json::json;

fn latch(world: &World) -> u8 {
    world.read()["chips"]["1"]["r"][1].as_u64().unwrap() as u8
}

/// An initialised v2.5 board, and a staggered power-on that waits behind p1 for this long.
fn staggered(delay: &str, change: impl FnOnce(&mut serde_json::Value)) -> (World, Running) {
    let mut value = World::builtin_value("v2.5");
    change(&mut value);
    let world = World::new(&value);
    assert_eq!(world.run(&["init"]).status, 0);
    let running = world.start(&["on", "p1", "p2", "--delay", delay]);
    until("p1 goes on", || latch(&world) & 1 == 1);
    // The lock is given back a moment after the write.
    until("the bus is free", || world.held_locks().len() == 1);
    (world, running)
}

#[test]
fn off_does_not_wait_for_a_staggered_power_on() {
    let (world, mut running) = staggered("30", |_| {});
    let start = Instant::now();
    let off = world.run(&["off"]);
    // The other waits 30 s.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(off.status, 0, "{off:?}");
    assert_eq!(latch(&world) & 0x0f, 0);
    assert!(running.is_running());
}

/// What others change during the wait is kept, whether or not the supply is watched meanwhile.
#[test]
fn an_output_that_was_switched_during_the_wait_stays_so() {
    for throttled in [json!(null), json!(0)] {
        let watched = throttled.clone();
        let (world, running) = staggered("1", |world| world["throttled"] = watched);
        assert_eq!(world.run(&["alert", "on"]).status, 0);
        assert_eq!(running.finish().status, 0);
        assert_eq!(latch(&world) & 0x4f, 0x43, "throttled: {throttled}");
    }
}

#[test]
fn a_second_power_on_waits_for_the_first() {
    let (world, mut first) = staggered("1", |_| {});
    let mut second = world.start(&["on", "p3", "--lock-limit", "50"]);
    while second.is_running() {
        let nodes = latch(&world) & 0x0f;
        assert!([0b0001, 0b0011, 0b0111].contains(&nodes), "{nodes:04b}");
        sleep(Duration::from_millis(2));
    }
    assert!(!first.is_running(), "the second ended before the first");
    assert_eq!((first.finish().status, second.finish().status), (0, 0));
    assert_eq!(latch(&world) & 0x0f, 0b0111);
}

#[test]
fn who_cannot_wait_is_told_who_holds_the_lock() {
    let (world, mut running) = staggered("30", |_| {});
    let pid = running.id();
    let start = Instant::now();
    let text = world.run(&["on", "p3", "--lock-limit", "0.2"]);
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert_eq!(text.status, 3, "{text:?}");
    assert!(text.stderr.contains(&format!("process {pid} ")), "{pid}: {}", text.stderr);
    let output = world.run(&["on", "p3", "--lock-limit", "0.2", "--json"]);
    assert_eq!((output.status, &output.json()["error"]["kind"]), (3, &json!("locked")));
    assert_eq!(latch(&world) & 0x0f, 0b0001, "nothing was switched");
}

#[test]
fn a_lock_goes_with_its_holder() {
    let (world, mut running) = staggered("30", |_| {});
    running.kill();
    assert_eq!(running.finish().status, 128 + 9);
    assert!(world.held_locks().is_empty());
    let next = world.run(&["on", "p3", "--lock-limit", "0"]);
    assert_eq!(next.status, 0, "{next:?}");
    assert_eq!(latch(&world) & 0x0f, 0b0101);
}

/// The bus's own lock, which a change needs and a status does not.
#[test]
fn a_busy_bus_stops_a_change_and_not_a_status() {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    let before = world.read();
    let mut lock = FileLock::open(&world.lock("i2c-1")).unwrap();
    lock.acquire(Duration::ZERO).unwrap();
    for args in [["off", "p1"], ["on", "p2"], ["alert", "on"], ["hub", "off"]] {
        let output = world.run(&[&args[..], &["--lock-limit", "0.1"]].concat());
        assert_eq!(output.status, 3, "{args:?}: {output:?}");
        let pid = format!("process {} ", std::process::id());
        assert!(output.stderr.contains(&pid), "{args:?}: {}", output.stderr);
    }
    assert_eq!(world.run(&["init", "--lock-limit", "0.1"]).status, 3);
    assert_eq!(world.run(&["status"]).status, 0);
    assert_eq!(world.run(&["on", "--dry-run"]).status, 0);
    assert_eq!(world.read(), before, "somebody wrote all the same");
    lock.release();
    assert_eq!(world.run(&["off", "p1", "--lock-limit", "0"]).status, 0);
}

/// Two calls at the same time may both find a board that was never initialised.
#[test]
fn a_fresh_board_is_initialised_once() {
    for _ in 0..10 {
        let world = World::builtin("v2.5");
        let calls = [&["on", "p1"][..], &["on", "p2"], &["off", "p3"], &["alert", "on"], &["init"]];
        let running: Vec<_> = calls.iter().map(|args| world.start(args)).collect();
        for (call, running) in calls.iter().zip(running) {
            assert_eq!(running.finish().status, 0, "{call:?}");
        }
        assert_eq!(world.read()["chips"]["1"]["r"], json!([0xd3, 0xd3, 0, 0, 0x7f]));
    }
}
