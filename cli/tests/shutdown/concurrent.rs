//! Several commands that want different things of a node, or the same twice, while it goes down: the later wish wins.

use std::process::Stdio;
use std::thread;

use clusterhat_tests::command::{Output, World};
use clusterhat_tests::running::{Running, until};
use serde_json::Value;

use crate::command::Run as _;
use crate::{Programs, await_accepted, halts, is_on, json, without_agent, world};

/// p1's row of a document.
fn first(document: &Value) -> &Value {
    &document["nodes"][0]
}

/// `shutdown p1`, once p1's agent has accepted.
fn going_down(world: &World) -> Running {
    let running = world.start(&["--json", "shutdown", "p1"]);
    until("p1's halt", || first(&json(world, &["status", "p1"]).1)["state"] == "halted");
    running
}

/// As the desired state has it.
fn desired(world: &World) -> Value {
    first(&json(world, &["restore", "--dry-run"]).1)["last"].clone()
}

/// Seen: `on` said that nothing was to be done, and the power went all the same.
#[test]
fn who_asks_for_a_node_s_power_while_it_goes_down_keeps_it() {
    let world = world(|_| {});
    let shutdown = going_down(&world);
    let on = world.run(&["on", "p1"]);
    assert_eq!(on.status, 0, "{on:?}");
    assert!(on.stdout.contains("powered but halted; `clusterhat cycle p1` starts it"), "{on:?}");
    let output = shutdown.finish();
    let document = output.json();
    assert_eq!((output.status, &document["error"]["kind"]), (1, &json!("not-shut-down")));
    let message = document["error"]["message"].as_str().unwrap();
    let text = "p1: has halted, but keeps its power, as another command has requested it since; \
                `clusterhat cycle p1` starts it again";
    assert!(message.ends_with(text), "{message}");
    assert_eq!(first(&document)["result"], "still-on");
    assert!(is_on(&world));
    assert_eq!(desired(&world), "on");
}

/// It has started anew: a cut now would hit a running system.
#[test]
fn a_node_that_is_cycled_while_it_goes_down_is_not_cut() {
    let world = world(|_| {});
    let shutdown = going_down(&world);
    assert_eq!(world.run(&["cycle", "p1", "--off-time", "0.1"]).status, 0);
    let output = shutdown.finish();
    assert_eq!(output.status, 1, "{output:?}");
    let message = output.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(!message.contains("has halted"), "{message}");
    assert!(is_on(&world));
    assert_eq!(desired(&world), "on");
}

/// Seen: the error said that the node keeps its power and how to cut it, and the desired state that it is to be on.
#[test]
fn a_node_that_another_command_switches_off_is_told_as_that() {
    let world = world(|_| {});
    let shutdown = going_down(&world);
    assert_eq!(world.run(&["off", "p1"]).status, 0);
    let output = shutdown.finish();
    let document = output.json();
    assert_eq!((output.status, &document["error"]["kind"]), (1, &json!("not-shut-down")));
    let why = "was switched off by another command before it had halted; it may have lost data";
    assert_eq!(document["error"]["message"], format!("p1 {why}"));
    let p1 = first(&document);
    assert_eq!((&p1["result"], &p1["error"]), (&json!("switched-off"), &json!(why)));
    assert_eq!((is_on(&world), desired(&world)), (false, json!("off")));
}

/// It has started anew by then.
#[test]
fn force_leaves_a_hung_node_alone_that_another_command_has_cycled() {
    let world = world(|value| value["nodes"]["p1"]["hangs"] = json!(true));
    let shutdown = world.start(&["--json", "shutdown", "p1", "--force", "--timeout", "4"]);
    let port = world.lock("ttypi1a");
    until("the question to its agent", || world.held_locks().contains(&port));
    assert_eq!(world.run(&["cycle", "p1"]).status, 0);
    let output = shutdown.finish();
    assert_eq!(output.status, 1, "{output:?}");
    let message = output.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("by another command") && !message.contains("--force"), "{message}");
    assert!(is_on(&world));
    assert_eq!(desired(&world), "on");
}

#[test]
fn on_says_what_brings_a_halted_node_back() {
    let world = world(|_| {});
    let mut shutdown = going_down(&world);
    shutdown.kill();
    drop(shutdown.finish());
    let (status, document) = json(&world, &["on", "p1", "p2"]);
    assert_eq!((status, &first(&document)["system"]), (0, &json!("halted")), "{document}");
    assert_eq!(document["nodes"][1]["system"], Value::Null, "p2 runs");
    assert_eq!(world.run(&["cycle", "p1"]).status, 0);
    let on = world.run(&["on", "p1"]);
    assert!(on.stdout.contains("no change"), "{on:?}");
}

/// Its agent is silent, and nobody else can be asked: that it goes down is in the record.
#[test]
fn a_second_shutdown_waits_for_the_halt_of_the_first() {
    for kill in [false, true] {
        let (world, programs) = (world(without_agent), Programs::new(1));
        let mut command = programs.command(&world, &["--json", "shutdown", "p1"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut one = Running::spawn(&mut command);
        programs.wait_for("poweroff");
        await_accepted(&world);
        // Nobody meant that: the node is asked for once more below.
        programs.script("bin/ssh", "exit 255");
        match kill {
            true => one.kill(),
            false => programs.end_sessions(),
        }
        let mut command = programs.command(&world, &["--json", "shutdown", "p1"]);
        let two = thread::scope(|scope| {
            let two = scope.spawn(|| Output::of(&mut command));
            halts(&world);
            two.join().unwrap()
        });
        assert_eq!(two.status, 0, "{two:?}");
        assert_eq!(first(&two.json())["result"], "shut-down", "{two:?}");
        assert!(!is_on(&world));
        // Whichever of the two cut the node.
        let one = one.finish();
        assert!(kill || one.status == 0, "{one:?}");
    }
}

#[test]
fn two_at_once_both_shut_it_down() {
    let world = world(|_| {});
    let one = world.start(&["--json", "shutdown", "p1", "p2"]);
    let two = world.start(&["--json", "shutdown", "p2", "p1"]);
    for output in [one.finish(), two.finish()] {
        assert_eq!(output.status, 0, "{output:?}");
        let document = output.json();
        for node in document["nodes"].as_array().unwrap() {
            assert_eq!(node["result"], "shut-down", "{document}");
        }
    }
    assert!(!is_on(&world));
}
