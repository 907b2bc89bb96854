//! A cycle takes what it needs first, and leaves nothing off that it could bring back.

use clusterhat_tests::command::{Output, World};
use serde_json::{Value, json};

use super::{between_two_nodes, latch, ready, trace};
use crate::command::Run as _;

/// Every burst of faults at the upper board, one transfer later each time; nothing is left off on
/// the lower one, and what is left off on the upper one is told.
#[test]
fn what_went_off_elsewhere_comes_back() {
    let mut came_back = 0;
    for transfer in 1.. {
        let world = ready("two-hats");
        assert_eq!(world.run(&["on"]).status, 0);
        let mut value = world.read();
        // As often as a transfer is tried.
        let burst: Vec<_> =
            (0..3).map(|n| json!({"transfer": transfer + n, "kind": "timeout"})).collect();
        value["faults"] = json!(burst);
        world.write(&value);
        let before = trace(&world).len();
        let output = world.run(&["cycle", "p1", "p5", "--json"]);
        if output.json()["bus"]["transfers"].as_u64().unwrap() < transfer {
            assert_eq!(output.status, 0, "{output:?}");
            break;
        }
        check(&world, &output, transfer);
        if output.status == 1 {
            let touched = trace(&world).len() > before;
            came_back += u32::from(touched && latches(&world) == [0x0f, 0x0f]);
        }
    }
    assert!(came_back >= 4, "{came_back} times");
}

fn latches(world: &World) -> [u8; 2] {
    let chips = world.read()["chips"].clone();
    ["1", "1:0x23"].map(|key| chips[key]["r"][1].as_u64().unwrap() as u8 & 0x0f)
}

fn check(world: &World, output: &Output, transfer: u64) {
    let document = output.json();
    let message = document["error"]["message"].as_str().unwrap_or_default();
    let [lower, upper] = latches(world);
    let told = |node: &str| message.contains(node);
    assert!(lower == 0x0f || told("p1"), "{transfer}: p1 is off, and nobody says so: {message}");
    assert!(upper == 0x0f || told("p5"), "{transfer}: p5 is off, and nobody says so: {message}");
    for (node, on) in [("p1", lower & 1 == 1), ("p5", upper & 1 == 1)] {
        let row =
            document["nodes"].as_array().into_iter().flatten().find(|row| row["node"] == node);
        let power = row.map_or(Value::Null, |row| row["power"].clone());
        let expected = if on { "on" } else { "off" };
        assert!(
            power.is_null() || power == expected,
            "{transfer}: {node} is {expected}: {document}"
        );
    }
}

/// A board that does not answer is told, and takes no other away.
#[test]
fn the_nodes_of_other_boards_are_cycled_where_one_does_not_answer() {
    let world = ready("two-hats");
    assert_eq!(world.run(&["on", "p1..p4"]).status, 0);
    let mut value = world.read();
    value["chips"].as_object_mut().unwrap().remove("1:0x23");
    world.write(&value);
    let output = world.run(&["cycle", "p1", "p5", "--json"]);
    assert_eq!(output.status, 1, "{output:?}");
    let document = output.json();
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("upper") && message.contains("p5: "), "{message}");
    let p1 = json!({"node": "p1", "name": null, "power": "on", "changed": true, "cycled": true});
    assert_eq!(document["nodes"], json!([p1]));
    assert_eq!(latch(&world) & 0x0f, 0x0f);
}

#[test]
fn nothing_goes_off_while_somebody_else_switches_on() {
    let world = ready("v2.5");
    assert_eq!(world.run(&["on", "p3"]).status, 0);
    let on = between_two_nodes(&world, "30");
    let output = world.run(&["cycle", "p3", "--lock-limit", "0.2"]);
    assert_eq!(output.status, 3, "{output:?}");
    assert!(trace(&world).iter().all(|change| change.on), "{:?}", trace(&world));
    drop(on);
}

#[test]
fn each_node_is_told() {
    let world = ready("two-hats");
    assert_eq!(world.run(&["on", "p1", "p2"]).status, 0);
    let document = world.run(&["cycle", "p1", "p5", "--json"]).json();
    let p1 = json!({"node": "p1", "name": null, "power": "on", "changed": true, "cycled": true});
    let p5 = json!({"node": "p5", "name": null, "power": "on", "changed": true});
    assert_eq!(document["nodes"], json!([p1, p5]));
}
