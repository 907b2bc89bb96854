//! Under-voltage is watched during the whole wait and after the last node.

use std::thread::sleep;
use std::time::{Duration, Instant};

use clusterhat_tests::command::World;
use clusterhat_tests::running::until;
use serde_json::json;

use super::{between_two_nodes, latch, run, traced, went_on};
use crate::command::Run as _;

/// Under-voltage now, and since the flags were last cleared.
const SAG: u32 = 0x1_0001;

fn supplied(flags: Option<u32>) -> World {
    let world = traced("v2.5", |world| world["throttled"] = json!(flags));
    assert_eq!(world.run(&["init"]).status, 0);
    world
}

fn set_flags(world: &World, flags: u32) {
    let mut value = world.read();
    value["throttled"] = json!(flags);
    world.write(&value);
}

/// As long as the kernel shows a short one, and over before the next node's turn.
#[test]
fn a_sag_in_the_middle_of_a_wait_ends_it() {
    let world = supplied(Some(0));
    let on = between_two_nodes(&world, "8");
    let start = Instant::now();
    set_flags(&world, SAG);
    sleep(Duration::from_secs(2));
    set_flags(&world, 0);
    let output = on.finish();
    assert!(start.elapsed() < Duration::from_secs(7), "it waited on: {:?}", start.elapsed());
    assert_eq!((output.status, &output.json()["error"]["kind"]), (1, &json!("under-voltage")));
    assert_eq!(latch(&world) & 0x0f, 1, "{output:?}");
}

/// One that was there before and was cleared is no reason; one that comes again is.
#[test]
fn an_old_sag_is_no_reason_and_a_new_one_is() {
    let world = supplied(Some(0x1_0000));
    let on = between_two_nodes(&world, "6");
    sleep(Duration::from_millis(300));
    set_flags(&world, 0);
    sleep(Duration::from_millis(500));
    set_flags(&world, 0x1_0000);
    let output = on.finish();
    assert_eq!((output.status, latch(&world) & 0x0f), (1, 1), "{output:?}");
}

/// The last node's own: the node stays on, the call fails.
#[test]
fn a_sag_after_the_last_node_is_told() {
    let world = supplied(Some(0));
    let on = world.start(&["on", "p1", "--json"]);
    until("p1 goes on", || latch(&world) & 1 == 1);
    until("all locks are free", || world.held_locks().is_empty());
    set_flags(&world, SAG);
    let output = on.finish();
    assert_eq!((output.status, latch(&world) & 0x0f), (1, 1), "{output:?}");
    let error = &output.json()["error"];
    assert_eq!(
        (&error["kind"], &error["switched"][0]["node"]),
        (&json!("under-voltage"), &json!("p1"))
    );
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("after p1 was switched on; switched on: p1"), "{message}");
}

/// Others go on meanwhile.
#[test]
fn the_watch_after_the_last_node_keeps_nobody_waiting() {
    let world = supplied(Some(0));
    let first = world.start(&["on", "p1", "--delay", "0.1"]);
    until("p1 goes on", || latch(&world) & 1 == 1);
    let mut second = world.start(&["on", "p2", "--delay", "0.1"]);
    until("p2 goes on", || latch(&world) & 2 == 2);
    assert!(second.is_running(), "it watches as well");
    assert_eq!((first.finish().status, second.finish().status), (0, 0));
    assert_eq!(went_on(&world), [0, 1]);
}

/// The clock of the test is the machine's: only a watch that was not to be takes three seconds.
#[test]
fn who_cannot_or_must_not_watch_does_not_stay() {
    let time = |world: &World, args: &[&str]| {
        let start = Instant::now();
        assert_eq!(run(world, args).status, 0);
        start.elapsed()
    };
    let watched = time(&supplied(Some(0)), &["on", "p1"]);
    assert!(watched >= Duration::from_secs(3), "{watched:?}");
    let least = |world: &World, args: &[&str]| {
        (0..5)
            .map(|_| {
                assert_eq!(world.run(&["off"]).status, 0);
                time(world, args)
            })
            .min()
            .unwrap()
    };
    let (silent, told) = (supplied(None), supplied(Some(0)));
    assert!(least(&silent, &["on", "p1", "--delay", "0"]) < Duration::from_secs(3));
    assert!(
        least(&told, &["on", "p1", "--delay", "0", "--ignore-undervoltage"])
            < Duration::from_secs(3)
    );
    // Nothing was switched.
    assert!(least(&told, &["off", "p1"]) < Duration::from_secs(3));
}
