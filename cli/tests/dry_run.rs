//! What `--dry-run` shows is what is done, or refused, then.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::collections::BTreeSet;

use clusterhat_tests::command::World;
use command::Run as _;
use serde_json::{Value, json};

/// The nodes that a plan's steps name.
fn planned(document: &Value) -> BTreeSet<String> {
    let steps = document["steps"].as_array().cloned().unwrap_or_default();
    let nodes = steps.iter().flat_map(|step| step["nodes"].as_array().unwrap());
    nodes.map(|node| node.as_str().unwrap().to_owned()).collect()
}

/// The nodes that were changed.
fn changed(document: &Value) -> BTreeSet<String> {
    let nodes = document["nodes"].as_array().cloned().unwrap_or_default();
    let changed = nodes.iter().filter(|node| node["changed"] == true);
    changed.map(|node| node["node"].as_str().unwrap().to_owned()).collect()
}

/// Each command on a fresh copy of the world, planned and done.
fn agree(value: &Value, commands: &[&[&str]]) {
    for command in commands {
        let world = World::new(value);
        let plan = world.run(&[command, &["--dry-run", "--json"][..]].concat());
        let done = world.run(&[command, &["--json"][..]].concat());
        assert_eq!(plan.status, done.status, "{command:?}: {plan:?} {done:?}");
        let (plan, done) = (plan.json(), done.json());
        assert_eq!(planned(&plan), changed(&done), "{command:?}: {plan} {done}");
        assert_eq!(plan["error"]["kind"], done["error"]["kind"], "{command:?}: {plan} {done}");
    }
}

const COMMANDS: [&[&str]; 8] = [
    &["on"],
    &["on", "p1"],
    &["off"],
    &["off", "p1"],
    &["off", "p3"],
    &["off", "p1", "p3"],
    &["cycle", "p1"],
    &["cycle", "p3"],
];

/// P1 is an output and on, P2 one and off; P3 and P4 are inputs.
#[test]
fn a_chip_that_another_program_configured_in_part() {
    let mut value = World::builtin_value("v2.5");
    value["chips"]["1"]["r"] = json!([0x91, 0x91, 0, 0x0c, 0x7f]);
    agree(&value, &COMMANDS);
}

#[test]
fn boards_in_every_other_state() {
    for registers in [json!([0, 255, 0, 255, 255]), json!([0, 0x95, 0, 0, 0x7f])] {
        let mut value = World::builtin_value("two-hats");
        value["chips"]["1"]["r"] = registers;
        agree(&value, &COMMANDS);
    }
    agree(&World::builtin_value("v1.3"), &COMMANDS);
}

#[test]
fn a_supply_that_sags() {
    let mut value = World::builtin_value("v2.5");
    value["throttled"] = json!(0x5_0005);
    agree(&value, &COMMANDS);
}

/// The number of nodes is all that it needs of a board.
#[test]
fn without_a_board_a_dry_run_of_the_network_names_the_way_to_preview_it() {
    let mut value = World::builtin_value("v2.5");
    value["hat"] = serde_json::json!(null);
    value["chips"] = serde_json::json!({});
    let world = World::new(&value);
    let setup = ["network", "setup", "--mode", "nat"];
    let told = "to preview without one, add --sim v2.5 --root DIR";
    let preview = world.run(&[&setup[..], &["--dry-run"]].concat());
    assert_eq!(preview.status, 4, "{preview:?}");
    assert!(preview.stderr.contains(told), "{preview:?}");
    let document = world.run(&[&setup[..], &["--dry-run", "--json"]].concat()).json();
    assert!(document["error"]["message"].as_str().is_some_and(|text| text.contains(told)));
    let setup = world.run(&setup);
    assert_eq!((setup.status, setup.stderr.contains(told)), (4, false), "{setup:?}");
}
