//! Simulated nodes across processes: what one call does, the next one sees, and no process runs in between.

#![allow(clippy::unwrap_used)]

mod command;

use std::fs;

use clusterhat_tests::command::{Output, World};
use command::Run as _;
use serde_json::{Value, json};

/// Four nodes that are off. Time passes here: starts are short.
fn world() -> World {
    let mut world = World::builtin_value("v2.5");
    world["nodes"] = json!({
        "p1": {"boots_in": 0.6},
        "p2": {"boots_in": 0.6, "stays": "boot-rom"},
        "p3": {"boots_in": 0.6, "hangs": true},
    });
    World::new(&world)
}

fn call(world: &World, arguments: &[&str]) -> Output {
    world.start(arguments).finish()
}

fn states(world: &World) -> Vec<Value> {
    let document: Value = serde_json::from_str(&call(world, &["status", "--json"]).stdout).unwrap();
    let nodes = document["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["state"].clone()).collect()
}

#[test]
fn nodes_start_and_one_stays_in_its_boot_rom() {
    let world = world();
    assert_eq!(states(&world), ["off", "off", "off", "off"]);
    assert_eq!(call(&world, &["on", "p1", "p2", "--delay", "0"]).status, 0);
    let output = call(&world, &["wait", "p1", "--for", "agent", "--timeout", "60"]);
    assert_eq!(output.status, 0, "{output:?}");
    let output = call(&world, &["wait", "p2", "--for", "link", "--timeout", "1"]);
    assert_eq!(output.status, 3, "{output:?}");
    assert!(format!("{output:?}").contains("boot-rom"), "{output:?}");
    assert_eq!(states(&world), ["agent", "boot-rom", "off", "off"]);
}

/// Seen: advice to install clusterhat-node, and to look at the console of a system that hangs.
#[test]
fn a_node_that_starts_is_said_to_start() {
    let mut value = World::builtin_value("v2.5");
    value["nodes"] = json!({
        "p1": {"boots_in": 600},
        "p2": {"boots_in": 0.6, "stays": "enumerated"},
    });
    let world = World::new(&value);
    assert_eq!(call(&world, &["on", "p1", "p2", "--delay", "0"]).status, 0);
    let wait = ["wait", "p2", "--for", "enumerated", "--timeout", "60"];
    assert_eq!(call(&world, &wait).status, 0);
    let off = "; cut its power with `clusterhat off --immediate";
    for (args, rest) in [(["shutdown", "p1"], off), (["reboot", "p1"], "\n")] {
        let output = call(&world, &args);
        let told = "p1: still starting (powered); try again after `clusterhat wait p1 --for agent`";
        assert!(output.stderr.contains(&format!("{told}{rest}")), "{output:?}");
        assert_eq!(output.status, 1, "{output:?}");
    }
    let output = call(&world, &["shutdown", "p2"]);
    let told = "p2: still starting (enumerated): no agent on p2: serial port: no answer; ssh p2: ";
    assert!(output.stderr.contains(told), "{output:?}");
    let then = "; try again after `clusterhat wait p2 --for agent`; cut its power";
    assert!(output.stderr.contains(then), "{output:?}");
}

/// Seen: nodes whose HAT's hub was off started up to their agents.
#[test]
fn the_hub_takes_the_nodes_off_the_usb() {
    let world = world();
    let reaches = |goal, timeout| {
        call(&world, &["wait", "p1", "--for", goal, "--timeout", timeout]).status == 0
    };
    assert_eq!(call(&world, &["on", "p1"]).status, 0);
    assert!(reaches("agent", "60"));
    assert_eq!(call(&world, &["hub", "off"]).status, 0);
    assert_eq!(states(&world), ["powered", "off", "off", "off"]);
    let console = call(&world, &["console", "p1", "--send", "x", "--timeout", "0"]);
    assert_eq!(console.status, 3, "{console:?}");
    assert_eq!(call(&world, &["hub", "on"]).status, 0);
    assert!(reaches("agent", "60"));
    for args in [["hub", "off"], ["cycle", "p1"]] {
        assert_eq!(call(&world, &args).status, 0);
    }
    assert!(!reaches("enumerated", "1"));
}

#[test]
fn a_node_that_is_shut_down_is_halted_first_and_one_that_hangs_keeps_its_power() {
    let world = world();
    assert_eq!(call(&world, &["on", "p1", "p3", "--delay", "0"]).status, 0);
    let output = call(&world, &["wait", "p1", "p3", "--for", "agent", "--timeout", "60"]);
    assert_eq!(output.status, 0, "{output:?}");
    let output = call(&world, &["shutdown", "p1", "--timeout", "60"]);
    assert_eq!(output.status, 0, "{output:?}");
    let output = call(&world, &["shutdown", "p3", "--timeout", "1"]);
    assert_eq!(output.status, 3, "{output:?}");
    assert_eq!(states(&world), ["off", "off", "agent", "off"]);
}

/// Seen: nodes that ran behind a hub that was off were told to be starting still, were cut by `--retries`, and passed the
/// checks of their agents.
#[test]
fn nodes_behind_a_hub_that_is_off_may_run() {
    let world = world();
    assert_eq!(call(&world, &["on", "p1", "--wait=agent", "--timeout", "60"]).status, 0);
    assert_eq!(call(&world, &["hub", "off"]).status, 0);
    let since = fs::read_to_string(world.path()).unwrap();
    let hidden = "the USB hub of its board is off, so nothing of it is seen";
    for args in [["shutdown", "p1"], ["reboot", "p1"]] {
        let output = call(&world, &args);
        assert_eq!(output.status, 1, "{output:?}");
        assert!(output.stderr.contains(&format!("p1: {hidden}: no agent on p1: ")), "{output:?}");
        assert!(output.stderr.contains("; switch the hub on first (`hub on`)"), "{output:?}");
        assert!(!output.stderr.contains("starting ("), "{output:?}");
    }
    for args in [&["on", "p1"][..], &["wait", "p1"]] {
        let retries = ["--wait=agent", "--retries", "2", "--timeout", "0.1"];
        let wait = ["--timeout", "0.1"];
        let more = if args[0] == "on" { &retries[..] } else { &wait };
        let output = call(&world, &[args, more].concat());
        assert_eq!(output.status, 3, "{output:?}");
        assert!(output.stderr.contains(&format!("p1 is powered ({hidden})")), "{output:?}");
    }
    assert_eq!(fs::read_to_string(world.path()).unwrap(), since, "its power was cut");
    let output = call(&world, &["top", "p1", "--count", "1", "--json"]);
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let ways = document["nodes"][0]["no_agent"].as_array().unwrap();
    let is_told = !ways.is_empty() && ways.iter().all(|way| way["why"] != "starting");
    assert!(is_told, "{output:?}");
    let output = call(&world, &["doctor", "--json"]);
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    for check in ["not-started", "agent-version", "agent-port", "agent-silent"] {
        let not_made = document["not_made"].as_array().unwrap();
        let reason = not_made.iter().find(|one| one["check"] == check);
        let reason = reason.and_then(|one| one["reason"].as_str());
        assert_eq!(reason, Some(&*format!("p1: {hidden}")), "{check}: {output:?}");
    }
}

/// Seen: "did not shut down, and keep their power" of nodes that had none, as their board was not initialised.
#[test]
fn a_node_that_was_never_on_is_not_shut_down() {
    let world = world();
    let output = call(&world, &["shutdown", "all", "--force", "--timeout", "0"]);
    assert_eq!(output.status, 0, "{output:?}");
    assert_eq!(output.stdout.matches("no change").count(), 4, "{output:?}");
    let output = call(&world, &["reboot", "p1"]);
    assert!(output.stderr.contains("because they are off: p1"), "{output:?}");
}

/// Seen: "none of these nodes has power", of nodes whose board did not answer.
#[test]
fn a_board_that_does_not_answer_does_not_say_that_nodes_are_off() {
    let mut world = World::builtin_value("v2.5");
    world["chips"] = json!({});
    let world = World::new(&world);
    let output = call(&world, &["doctor"]);
    assert_eq!(output.status, 1, "{output:?}");
    let told = "agent-silent: a board does not answer: which nodes have power is not known\n";
    assert!(output.stdout.contains(told), "{output:?}");
}

/// Seen: advice to install clusterhat-node, of nodes whose board did not answer.
#[test]
fn a_board_that_does_not_answer_is_why_its_nodes_are_not_shut_down() {
    let mut value = World::builtin_value("v2.5");
    value["chips"] = json!({});
    let world = World::new(&value);
    for (command, verb) in [("shutdown", "shut down"), ("reboot", "restart")] {
        let output = call(&world, &[command, "p1"]);
        assert_eq!(output.status, 1, "{output:?}");
        let told = format!(
            "did not {verb}: p1: its board does not answer, so whether it has power is not known: no agent on p1: "
        );
        assert!(output.stderr.contains(&told), "{output:?}");
        // Seen: advice to cut its power, which the board does not do.
        let fix = "; check that the board is seated properly and has power\n";
        assert!(output.stderr.ends_with(fix) && !output.stderr.contains("install"), "{output:?}");
        let output = call(&world, &[command, "p1", "p2"]);
        let told = format!("did not {verb}:\n  p1: ");
        assert!(output.stderr.contains(&told), "{output:?}");
    }
    // Seen: "on", which nobody knows.
    let output = call(&world, &["shutdown", "p1"]);
    assert!(output.stdout.contains("\np1    ?      "), "{output:?}");
    let document = call(&world, &["shutdown", "p1", "--json"]).json();
    assert_eq!(document["nodes"][0]["result"], "unknown", "{document}");
}

/// Seen: "was switched off and on by another command", which nobody had done, or "shut down" of a node that kept its power.
#[test]
fn a_node_that_had_power_before_anybody_looked_is_shut_down() {
    // By a jumper, or in a file of another start of this machine.
    for lives in [json!({}), json!({"boot": "another", "nodes": {"1:0x20/1": {"on": 1}}})] {
        let world = world();
        assert_eq!(call(&world, &["on", "p1", "p4", "--delay", "0"]).status, 0);
        assert_eq!(call(&world, &["wait", "p1", "--for", "agent"]).status, 0);
        let mut value = world.read();
        value["lives"] = lives;
        world.write(&value);
        let output = call(&world, &["shutdown", "p1", "--json"]);
        assert_eq!(output.status, 0, "{output:?}");
        assert_eq!(output.json()["nodes"][0]["result"], "shut-down", "{output:?}");
        assert_eq!(world.read()["chips"]["1"]["r"][1].as_u64().unwrap() & 0x0f, 0b1000);
    }
}

/// Seen: "still starting", and to wait for the agent of a node without a card.
#[test]
fn a_node_without_a_card_is_not_waited_for() {
    let world = world();
    assert_eq!(call(&world, &["on", "p2", "--wait=boot-rom", "--timeout", "60"]).status, 0);
    let output = call(&world, &["shutdown", "p2"]);
    let told = "p2: it stays in its boot ROM: no bootable card; cut its power with";
    assert!(output.stderr.contains(told), "{output:?}");
}
