//! `top` and `fan auto`, on simulated nodes with their made-up readings.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::process::Stdio;

use clusterhat_tests::command::World;
use clusterhat_tests::running::{Running, until};
use command::{Run as _, heeding_signals};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// p1 is on.
fn world(toml: &str) -> World {
    let mut world = World::builtin_value("v2.5");
    world["clusterhat_toml"] = json!(toml);
    let world = World::new(&world);
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    world
}

#[test]
fn a_table_for_people() {
    let output = world("[nodes.p1]\nname = \"db\"\n").run(&["top", "--count", "1"]);
    assert_eq!(output.status, 0, "{output:?}");
    let lines: Vec<_> = output.stdout.lines().collect();
    assert!(lines[0].starts_with("NODE  NAME  STATE  TEMP"), "{output:?}");
    assert!(lines[1].starts_with("p1    db    agent  ") && lines[1].contains(" °C"), "{output:?}");
    assert!(lines[1].ends_with("serial port"), "{output:?}");
    assert!(lines[2].starts_with("p2          off"), "{output:?}");
    assert!(output.stdout.ends_with("readings of simulated nodes are made up\n"), "{output:?}");
}

#[test]
fn a_document_for_each_look() {
    let output = world("").run(&["top", "p1", "p2", "--count", "3", "--interval", "0.1", "--json"]);
    assert_eq!(output.status, 0, "{output:?}");
    let documents: Vec<Value> =
        output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.len(), 3);
    for document in &documents {
        assert_eq!(document["command"], "top");
        let nodes = document["nodes"].as_array().unwrap();
        assert_eq!((&nodes[0]["state"], &nodes[1]["state"]), (&json!("agent"), &json!("off")));
        assert_eq!(
            (&nodes[0]["transport"], &nodes[0]["simulated"]),
            (&json!("serial"), &json!(true))
        );
        let celsius = nodes[0]["telemetry"]["temperature_c"].as_f64().unwrap();
        assert_eq!(document["hottest_c"].as_f64(), Some(celsius));
        assert!(nodes[1].get("telemetry").is_none());
    }
}

/// A node without an agent is a row with its reason, and no failure.
#[test]
fn a_node_without_an_agent_keeps_nobody_waiting() {
    let mut value = World::builtin_value("v2.5");
    value["nodes"] = json!({"p1": {"stays": "reachable"}});
    let world = World::new(&value);
    assert_eq!(world.run(&["on", "p1", "p2"]).status, 0);
    let output = world.run(&["top", "p1", "p2", "--count", "1", "--json"]);
    assert_eq!(output.status, 0, "{output:?}");
    let nodes = &output.json()["nodes"];
    assert_eq!((&nodes[0]["state"], &nodes[1]["state"]), (&json!("reachable"), &json!("agent")));
    assert!(nodes[0]["error"].as_str().unwrap().starts_with("no agent on p1"), "{nodes}");
    let silent = json!([{"by": "serial", "why": "silent", "message": "no answer"}]);
    assert_eq!(nodes[0]["no_agent"], silent);
    assert!(nodes[1].get("no_agent").is_none());
    let table = world.run(&["top", "p1", "--count", "1"]).stdout;
    assert!(table.lines().nth(1).unwrap().ends_with("none: no answer"), "{table}");
}

/// The documents of a long-running `top` from p1's power on, until its agent is reached.
fn documents_of_a_start() -> Vec<Value> {
    let mut value = World::builtin_value("v2.5");
    value["nodes"] = json!({"p1": {"boots_in": 3}});
    let world = World::new(&value);
    let mut on = world.command(&["on", "p1"]);
    assert!(on.env_remove("CLUSTERHAT_SIM_NOWAIT").status().unwrap().success());
    let mut command = world.command(&["top", "p1", "--json", "--interval", "0.1"]);
    command.env_remove("CLUSTERHAT_SIM_NOWAIT").stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut documents: Vec<Value> = Vec::new();
    for line in std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap())) {
        documents.push(serde_json::from_str(&line.unwrap()).unwrap());
        if documents.last().unwrap()["nodes"][0]["transport"] == "serial" {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    documents
}

#[test]
fn a_node_that_starts_says_so_and_is_asked_again_as_soon_as_its_state_changes() {
    let documents = documents_of_a_start();
    let (last, before) = documents.split_last().unwrap();
    assert_eq!(last["nodes"][0]["transport"], "serial");
    let starting = json!([{"why": "starting", "message": "the node is starting"}]);
    for node in before.iter().map(|document| &document["nodes"][0]) {
        assert_ne!(node["state"], "agent", "an agent that is not asked: {node}");
        assert!(node["state"] == "reachable" || node["no_agent"] == starting, "{node}");
        assert!(node["state"] == "reachable" || node["error"] == "the node is starting", "{node}");
    }
    assert!(before.iter().any(|document| document["nodes"][0]["no_agent"] == starting));
}

#[test]
fn a_port_that_another_process_has_is_told_with_the_process() {
    let world = world("");
    let lock = std::fs::File::create(world.lock("ttypi1a")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let output = world.run(&["top", "p1", "--count", "1", "--json"]);
    let way = &output.json()["nodes"][0]["no_agent"][0];
    assert_eq!((&way["by"], &way["why"]), (&json!("serial"), &json!("busy")), "{way}");
    assert_eq!(way["pid"], json!(std::process::id()));
    assert!(way["command"].as_str().unwrap().contains("top"), "{way}");
}

/// Whoever wants to shut a node down needs the port.
#[test]
fn the_serial_port_is_given_back_between_two_looks() {
    let world = world("");
    let mut command = world.command(&["top", "p1", "--json", "--interval", "1000"]);
    let mut running = Running::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    until("the first look", || {
        running.has_open(".lock.ttypi1a")
            || !world.held_locks().is_empty()
            || world.lock("ttypi1a").exists()
    });
    until("the port's return", || !world.held_locks().contains(&world.lock("ttypi1a")));
    assert!(running.is_running());
}

fn fan(world: &World) -> Option<u64> {
    world.read()["gpio"]["18"].as_u64()
}

#[test]
fn the_fan_follows_the_hottest_node() {
    // A simulated node has between 35 and 52 °C.
    for (curve, nodes, expected) in [
        ("{ on = 30, off = 20 }", &["p1"][..], json!([true, "p1"])),
        ("{ on = 90, off = 80 }", &["p1"], json!([false, "p1"])),
        // Nobody can tell.
        ("{ on = 90, off = 80 }", &[], json!([true, null])),
    ] {
        let world = world(&format!("fan = {curve}\n"));
        if nodes.is_empty() {
            assert_eq!(world.run(&["off"]).status, 0);
        }
        let command = world.command(&["fan", "auto", "--json", "--interval", "0.2"]);
        let output =
            heeding_signals(&command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = output.unwrap();
        let on = expected[0].as_bool().unwrap();
        until("the fan's turn", || fan(&world) == Some(on.into()));
        let mut first = String::new();
        std::io::BufRead::read_line(
            &mut std::io::BufReader::new(child.stdout.take().unwrap()),
            &mut first,
        )
        .unwrap();
        let document: Value = serde_json::from_str(&first).unwrap();
        assert_eq!(json!([document["fan"], document["whose"]]), expected, "{document}");
        let id = i32::try_from(child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(143));
        assert_eq!(fan(&world), Some(1), "nobody looks any more: it has to run");
    }
}

#[test]
fn without_temperatures_there_is_nothing_to_follow() {
    let output = world("").run(&["fan", "auto"]);
    assert_eq!(output.status, 2, "{output:?}");
    assert!(output.stderr.contains("set fan = { on = 60, off = 50 }"), "{output:?}");
    assert_eq!(world("fan = { on = 60, off = 50 }\n").run(&["fan", "auto", "c"]).status, 2);
}
