//! What was switched is told with every kind of error, and each error once.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::fs;
use std::time::Duration;

use clusterhat_tests::command::World;
use command::Run as _;
use hat_driver::linux::lock::FileLock;
use serde_json::json;

/// p1 to p4 are a HAT's, p5 to p7 and p8 to p9 those of ClusterCTRL boards on buses 11 and 12.
fn mixed() -> World {
    let world = World::builtin("mixed");
    assert_eq!(world.run(&["init"]).status, 0);
    world
}

/// Nobody can lock a folder.
fn spoil_lock(world: &World, what: &str) {
    let path = world.lock(what);
    // It is there where the lock was used before.
    let _ = fs::remove_file(&path);
    fs::create_dir(path).unwrap();
}

#[test]
fn a_lock_that_cannot_be_used_hides_nothing_that_was_done() {
    for (command, word) in [("on", "switched on: p1 p8"), ("off", "switched off: p1 p8")] {
        let world = mixed();
        let before = if command == "on" { "off" } else { "on" };
        assert_eq!(world.run(&[before]).status, 0);
        spoil_lock(&world, "i2c-11");
        // The next board has its turn all the same.
        let text = world.run(&[command, "p1", "p5", "p8"]);
        assert_eq!(text.status, 1, "{text:?}");
        assert!(text.stderr.contains(word), "{}", text.stderr);
        assert!(text.stderr.contains("i2c-11: it is not a regular file: remove it"), "{text:?}");
        assert_eq!(world.run(&[before, "p1"]).status, 0);
        let document = world.run(&[command, "p1", "p5", "--json"]).json();
        let state = |node, stands| json!({"node": node, "power": command, "stands": stands});
        let expected = json!([state("p1", "new"), state("p5", "old")]);
        assert_eq!(document["error"]["switched"], expected, "{document}");
    }
}

#[test]
fn a_cycle_that_fails_says_what_became_of_each_node() {
    let world = mixed();
    assert_eq!(world.run(&["on", "p1", "p5"]).status, 0);
    spoil_lock(&world, "i2c-11");
    let document = world.run(&["cycle", "p1", "p5", "--json"]).json();
    let state = |node, stands| json!({"node": node, "power": "on", "stands": stands});
    let expected = json!([state("p1", "new"), state("p5", "old")]);
    assert_eq!(document["error"]["switched"], expected, "{document}");
}

#[test]
fn a_pin_that_does_not_follow_is_told_once_under_one_name() {
    let mut value = World::builtin_value("two-hats");
    value["chips"]["1:0x23"]["stuck"] = json!([null, 0, null, null, null, null, null, null]);
    let world = World::new(&value);
    for args in [&["on", "p5..p8", "--json"][..], &["cycle", "p6", "--json"]] {
        let document = world.run(args).json();
        let message = document["error"]["message"].as_str();
        let message = message.unwrap_or_else(|| panic!("{args:?}: {document}"));
        assert_eq!(message.matches("the pin shows off although on is commanded").count(), 1);
        assert!(message.contains(": p6: ") && !message.contains("P2"), "{message}");
    }
}

/// `usbboot` goes on after a node that fails, and shows it.
#[test]
fn what_a_board_alone_can_do_is_told_node_by_node() {
    let world = World::builtin("triple");
    let (text, json) = (["usbboot", "off", "p1", "p2"], ["usbboot", "off", "p1", "p2", "--json"]);
    assert_eq!(world.run(&text).status, 0);
    // The board answers until p2 is asked for.
    let start = world.read();
    for fault in 1.. {
        let mut faulty = start.clone();
        faulty["faults"] = json!([{"transfer": fault, "kind": "nak", "lasting": true}]);
        world.write(&faulty);
        let document = world.run(&json).json();
        let nodes = document["nodes"].as_array().cloned().unwrap_or_default();
        let failed = |node: &serde_json::Value| node["error"].is_string();
        if nodes.len() == 2 && !failed(&nodes[0]) && failed(&nodes[1]) {
            assert_eq!(nodes[0]["result"], "already-so");
            world.write(&faulty);
            let shown = world.run(&text);
            assert_eq!(shown.status, 1);
            assert!(shown.stdout.contains("p2: USB boot failed"), "{shown:?}");
            break;
        }
        assert!(!document["error"].is_null(), "no transfer separates the nodes: {document}");
    }
}

#[test]
fn a_board_that_cannot_be_initialised_is_shown() {
    let mut value = World::builtin_value("two-hats");
    value["chips"].as_object_mut().unwrap().remove("1");
    let world = World::new(&value);
    let output = world.run(&["init"]);
    assert_eq!(output.status, 1);
    assert!(output.stdout.starts_with("lower: not initialised\nupper: "), "{output:?}");
    let document = world.run(&["init", "--json"]).json();
    assert!(document["boards"][0]["error"].is_string(), "{document}");
    assert!(document["boards"][1]["error"].is_null(), "{document}");
}

/// No limit means no wait.
#[test]
fn a_lock_limit_of_0_is_over_at_once() {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p1", "--lock-limit", "0"]).status, 0);
    let mut lock = FileLock::open(&world.lock("i2c-1")).unwrap();
    lock.acquire(Duration::ZERO).unwrap();
    for args in [["off", "p1"], ["alert", "on"], ["hub", "off"]] {
        let output = world.run(&[&args[..], &["--lock-limit", "0"]].concat());
        assert_eq!(output.status, 3, "{output:?}");
        assert!(output.stderr.contains("within 0 s: process "), "{output:?}");
    }
    drop(lock);
    assert_eq!(world.run(&["off", "p1", "--lock-limit", "0"]).status, 0);
}

/// Whichever transfer is the first that fails after the chip took it: what is told of a node is what
/// its pin shows.
#[test]
fn a_cycle_that_fails_claims_no_state_that_it_cannot_know() {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p1", "p4"]).status, 0);
    let start = world.read();
    let mut unknown = 0;
    for fault in 1..=24 {
        let mut faulty = start.clone();
        faulty["faults"] = json!([{"transfer": fault, "kind": "io-after", "lasting": true}]);
        world.write(&faulty);
        let document = world.run(&["cycle", "p1", "p4", "--json"]).json();
        let pins = world.read()["chips"]["1"]["r"][0].as_u64().unwrap();
        for node in document["nodes"].as_array().unwrap() {
            let bit = if node["node"] == "p1" { 0 } else { 3 };
            assert_eq!(node["power"] == "on", pins >> bit & 1 == 1, "{fault}: {document}");
        }
        let switched = document["error"]["switched"].as_array().cloned().unwrap_or_default();
        unknown += switched.iter().filter(|state| state["stands"] == "unknown").count();
    }
    assert!(unknown > 0, "no fault left a state that cannot be told");
}

/// Each of them has parts of its own behind a semicolon.
#[test]
fn what_failed_on_one_board_is_told_from_what_failed_on_the_next() {
    let mut value = World::builtin_value("triple");
    value["chips"]["12"] = value["chips"]["11"].clone();
    value["chips"]["12"]["order"] = json!(30);
    for bus in ["11", "12"] {
        value["chips"][bus]["stuck"] = json!([0, null, null]);
    }
    let output = World::new(&value).run(&["on", "p1", "p4"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert_eq!(output.stderr.matches("; also: board ctrl30 ").count(), 1, "{output:?}");
}

/// No table comes before the board, and no empty line.
#[test]
fn a_board_that_says_nothing_is_all_that_status_shows() {
    let mut value = World::builtin_value("triple");
    value["chips"]["11"]["busy"] = json!(u32::MAX);
    let output = World::new(&value).run(&["status"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stdout.starts_with("ctrl@"), "{output:?}");
}

/// Seen: the first board's cause alone.
#[test]
fn each_of_several_boards_is_told_by_its_cause() {
    let mut value = World::builtin_value("two-hats");
    value["chips"] = serde_json::json!({});
    let world = World::new(&value);
    for args in [&["led", "off"][..], &["hub", "reset"], &["alert", "on"], &["init"]] {
        let output = world.run(args);
        assert_eq!(output.status, 1, "{args:?}: {output:?}");
        for place in ["i2c-1 0x20", "i2c-1 0x23"] {
            assert!(output.stderr.contains(place), "{args:?}: {output:?}");
        }
    }
    let mut value = World::builtin_value("mixed");
    for bus in ["11", "12"] {
        value["chips"][bus]["busy"] = serde_json::json!(u32::MAX);
    }
    let output = World::new(&value).run(&["act", "on"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("1-11.1") && output.stderr.contains("1-12.2"), "{output:?}");
}
