//! `shutdown` and `reboot` of nodes that run: by their simulated serial ports, and by ssh.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

#[path = "../command/mod.rs"]
mod command;
mod concurrent;
mod off;
mod programs;
mod with_controller;

use std::fs;
use std::thread;
use std::time::Instant;

use clusterhat_tests::command::{Output, World};
use clusterhat_tests::running::until;
use clusterhat_tests::schema::Schema;
use serde_json::{Value, json};

use command::Run as _;
use programs::Programs;

/// A world with p1 and p2 on, as far as they get.
fn world(change: impl FnOnce(&mut Value)) -> World {
    let mut value = World::builtin_value("v2.5");
    value["nodes"] = json!({ "p1": { "boots_in": 0 }, "p2": { "boots_in": 0 } });
    change(&mut value);
    let world = World::new(&value);
    let on = world.run(&["on", "p1", "p2"]);
    assert_eq!(on.status, 0, "{on:?}");
    world
}

/// Whether p1 has power.
fn is_on(world: &World) -> bool {
    let status = world.run(&["status", "p1", "--json"]).json();
    status["nodes"][0]["commanded"] == true
}

fn json(world: &World, args: &[&str]) -> (i32, Value) {
    let output = world.run(&[&["--json"], args].concat());
    (output.status, output.json())
}

/// Waits until a `shutdown` has recorded that its node's system accepts.
fn await_accepted(world: &World) {
    until("the record of it", || {
        let record = fs::read_to_string(world.lock("record")).unwrap_or_default();
        let mut asked = record.lines().filter(|line| line.starts_with("asked "));
        asked.any(|line| line.split(' ').skip(2).any(|node| node.contains('d')))
    });
}

/// A node without an agent on its port, which may be logged in to.
fn without_agent(value: &mut Value) {
    value["nodes"]["p1"]["stays"] = json!("reachable");
    value["clusterhat_toml"] = json!("[nodes.p1]\nssh = \"pi@first\"\n");
}

/// What a system that goes down does to a simulated node, a second later: it takes longer than its agent's answer.
fn halts(world: &World) {
    let uptime = fs::read_to_string("/proc/uptime").expect("a Linux kernel");
    let uptime: f64 = uptime.split(' ').next().and_then(|s| s.parse().ok()).expect("seconds");
    let mut value = world.read();
    let nodes = value["lives"]["nodes"].as_object_mut().expect("nodes");
    let (_, life) = nodes.iter_mut().next().expect("a node");
    life["down"] = json!(((uptime + 1.0) * 1e9) as u64);
    let new = world.folder().join("new.json");
    fs::write(&new, format!("{value}\n")).expect("a file");
    fs::rename(new, world.path()).expect("the world");
}

#[test]
fn a_node_is_shut_down_and_then_loses_its_power() {
    let world = world(|_| {});
    let (status, document) = json(&world, &["shutdown", "p1", "p3"]);
    assert_eq!(status, 0, "{document}");
    let node = &document["nodes"][0];
    assert_eq!((&node["result"], &node["transport"]), (&json!("shut-down"), &json!("serial")));
    assert_eq!(document["nodes"][1]["result"], "already-off");
    assert!(!is_on(&world));
    let p2 = world.run(&["status", "p2", "--json"]).json();
    assert_eq!(p2["nodes"][0]["commanded"], true, "nobody asked for p2");
}

#[test]
fn nodes_are_shut_down_at_the_same_time() {
    let world = world(|_| {});
    let start = Instant::now();
    let output = world.run(&["shutdown", "all"]);
    assert_eq!(output.status, 0, "{output:?}");
    let lines: Vec<_> = output.stdout.lines().filter(|line| line.ends_with("shut down")).collect();
    assert_eq!(lines.len(), 2, "{output:?}");
    // One after the other they would take twice the time that a card has to finish.
    assert!(start.elapsed() < 2 * clusterhat::SETTLE, "{:?}", start.elapsed());
}

/// Seen: "keeps its power" and "still-on", of a node that was off, and no word of its board.
#[test]
fn of_a_board_that_does_not_answer_nobody_says_whether_its_nodes_have_power() {
    let world = world(|_| {});
    let mut value = world.read();
    value["faults"] = json!([{"transfer": 1, "kind": "nak", "lasting": true}]);
    world.write(&value);
    for words in [&["shutdown", "p3", "p4"][..], &["shutdown", "p3", "p4", "--force"]] {
        let (status, document) = json(&world, &[words, &["--timeout", "1"]].concat());
        assert_ne!(status, 0, "{document}");
        for node in document["nodes"].as_array().unwrap() {
            assert_eq!(node["result"], "unknown", "{document}");
        }
        let message = document["error"]["message"].as_str().unwrap();
        assert!(message.contains("does not answer") || message.contains("nothing acknowledges"));
        assert!(!message.contains("power with") && !message.contains("keep"), "{message}");
    }
}

/// Seen: on GPIO lines, whose reads are not repeated, one that failed made a node that was off `still-on`.
#[test]
fn one_read_that_fails_makes_no_node_unknown() {
    let mut value = World::builtin_value("v1.3");
    value["nodes"] = json!({ "p2": { "boots_in": 0 } });
    let world = World::new(&value);
    assert_eq!(world.run(&["on", "p2"]).status, 0);
    let mut value = world.read();
    value["faults"] = json!([{"transfer": 1, "kind": "nak", "lasting": false}]);
    world.write(&value);
    let (status, document) = json(&world, &["shutdown", "p2", "p3"]);
    assert_eq!(status, 0, "{document}");
    let results = [0, 1].map(|at| document["nodes"][at]["result"].clone());
    assert_eq!(results, ["shut-down", "already-off"], "{document}");
}

#[test]
fn a_restart_keeps_the_power() {
    let world = world(|_| {});
    let (status, document) = json(&world, &["reboot", "p1", "p3"]);
    assert_eq!(status, 1, "{document}");
    assert_eq!(document["rebooting"][0]["transport"], "serial");
    assert_eq!(document["rebooting"][1]["error"], "it is off", "{document}");
    assert_eq!(document["error"]["kind"], "not-shut-down");
    assert!(is_on(&world));
}

/// Nor is its agent asked, or its program missed.
#[test]
fn a_restart_of_nodes_that_are_off_names_the_command_that_starts_them() {
    let (world, programs) = (world(|_| {}), Programs::new(3));
    for (nodes, sentence) in [
        (&["p3"][..], "not restarted, because they are off: p3; `clusterhat on p3` starts it"),
        (
            &["p1", "p3", "p4"],
            "not restarted, because they are off: p3 p4; `clusterhat on p3 p4` starts them",
        ),
    ] {
        let args = [&["reboot"][..], nodes].concat();
        let output = Output::of(&mut programs.command(&world, &args));
        assert_eq!((output.status, &*output.stderr), (1, &*format!("clusterhat: {sentence}\n")));
    }
    let off = Output::of(&mut programs.command(&world, &["shutdown", "p3"]));
    assert_eq!((off.status, &*off.stderr), (0, ""), "{off:?}");
    assert!(off.stdout.contains("no change"), "{off:?}");
    assert_eq!(programs.calls(), "");
}

#[test]
fn a_node_that_hangs_keeps_its_power_unless_forced() {
    let hang = |value: &mut Value| value["nodes"]["p1"]["hangs"] = json!(true);
    let world = world(hang);
    let (status, document) = json(&world, &["shutdown", "p1", "--timeout", "500ms"]);
    assert_eq!((status, &document["error"]["kind"]), (3, &json!("timed-out")), "{document}");
    assert_eq!(document["nodes"][0]["result"], "still-on");
    assert!(is_on(&world));
    // Nor is it meant to be off after a loss of power.
    let (_, document) = json(&world, &["restore", "--dry-run"]);
    assert_eq!(document["nodes"][0]["last"], "on", "{document}");
    let (status, document) = json(&world, &["shutdown", "p1", "--timeout", "500ms", "--force"]);
    assert_eq!((status, &document["nodes"][0]["result"]), (0, &json!("forced")), "{document}");
    assert!(!is_on(&world));
}

/// Seen: 1, where `shutdown` has 3.
#[test]
fn a_restart_of_a_node_that_hangs_times_out() {
    let world = world(|value| value["nodes"]["p1"]["hangs"] = json!(true));
    let (status, document) = json(&world, &["reboot", "p1", "--timeout", "500ms"]);
    assert_eq!((status, &document["error"]["kind"]), (3, &json!("timed-out")), "{document}");
    assert!(is_on(&world));
}

#[test]
fn without_its_agent_a_node_is_shut_down_by_ssh() {
    let (world, programs) = (world(without_agent), Programs::new(1));
    let mut command = programs.command(&world, &["--json", "shutdown", "p1"]);
    let output = thread::scope(|scope| {
        let output = scope.spawn(move || Output::of(&mut command));
        programs.wait_for("poweroff");
        await_accepted(&world);
        programs.end_sessions();
        halts(&world);
        output.join().expect("it ends")
    });
    Schema::of_clusterhat().assert_valid(&output.stdout);
    let node = &output.json()["nodes"][0];
    assert_eq!((&node["result"], &node["transport"]), (&json!("shut-down"), &json!("ssh")));
    assert!(!is_on(&world));
    let calls = programs.calls();
    let first = calls.lines().next().unwrap_or_default();
    assert!(first.starts_with("ssh -T -o BatchMode=yes -o ConnectTimeout="), "{calls}");
    assert!(first.ends_with(" -- pi@first clusterhat-node agent --stdio"), "{calls}");
}

#[test]
fn a_node_that_accepts_and_does_not_halt_keeps_its_power() {
    let (world, programs) = (world(without_agent), Programs::new(1));
    let args = ["--json", "shutdown", "p1", "--timeout", "5"];
    let output = Output::of(&mut programs.command(&world, &args));
    let document = output.json();
    assert_eq!((output.status, &document["error"]["kind"]), (3, &json!("timed-out")));
    assert!(output.stdout.contains("not halted after 5 s"), "{output:?}");
    assert!(programs.calls().contains("poweroff") && is_on(&world));
}

#[test]
fn where_neither_way_leads_to_it_both_are_told_and_the_power_stays() {
    let (world, programs) = (world(without_agent), Programs::new(1));
    programs.script(
        "bin/ssh",
        "echo 'Welcome' >&2; echo 'ssh: connect to host first port 22: \u{1b}[1mrefused' >&2; exit 255",
    );
    let output = Output::of(&mut programs.command(&world, &["shutdown", "p1"]));
    assert_eq!(output.status, 3, "the port is there, and silent: {output:?}");
    for part in [
        "no agent on p1: serial port: no answer",
        "ssh pi@first: ssh: connect to host first port 22: \\u{1b}[1mrefused",
        "; cut its power with `clusterhat off --immediate p1`, or use --force",
    ] {
        assert!(output.stderr.contains(part), "{output:?}");
    }
    assert!(is_on(&world));
    let forced = Output::of(
        &mut programs.command(&world, &["shutdown", "p1", "--force", "--timeout", "500ms"]),
    );
    assert_eq!(forced.status, 0, "{forced:?}");
    assert!(forced.stdout.contains("cut without having halted") && !is_on(&world), "{forced:?}");
}

/// Seen: `off --immediate` without nodes, which cuts the power of all.
#[test]
fn the_advice_names_the_nodes_that_keep_their_power_and_no_others() {
    let world = world(|value| value["nodes"]["p1"]["hangs"] = json!(true));
    for args in [&["shutdown", "p1"][..], &["off", "--graceful", "p1"]] {
        let output = world.run(&[args, &["--timeout", "500ms"]].concat());
        assert_eq!(output.status, 3, "{output:?}");
        let advice = output.stderr.split('`').nth(1).expect("a command");
        assert_eq!(advice, "clusterhat off --immediate p1", "{output:?}");
    }
    let words = ["shutdown", "p1", "p2", "--timeout", "0"];
    let output = world.run(&words);
    let both = "cut their power with `clusterhat off --immediate p1 p2`";
    assert!(output.stderr.contains(both), "{output:?}");
}

/// Seen: "or use --force" where that was given and the power could not be cut.
#[test]
fn force_is_not_advised_where_it_was_given() {
    let world = world(|value| value["nodes"]["p1"]["hangs"] = json!(true));
    let start = world.read();
    let not_cut = (1..100).find_map(|transfer| {
        let mut faulty = start.clone();
        faulty["faults"] = json!([{"transfer": transfer, "kind": "nak", "lasting": true}]);
        world.write(&faulty);
        let output = world.run(&["shutdown", "p1", "--force", "--timeout", "0"]);
        let not_cut = "keeps its power: p1: its power could not be cut";
        Some(output.stderr).filter(|told| told.contains(not_cut))
    });
    let told = not_cut.expect("a cut that fails");
    assert!(
        told.trim_end().ends_with("; cut its power with `clusterhat off --immediate p1`"),
        "{told}"
    );
}

/// Seen: a line of 900 characters, with the same advice for each node, and that of an agent that is not there for one that hangs.
#[test]
fn what_several_nodes_have_to_say_is_a_line_each_and_what_helps_is_told_once() {
    let world = world(|value| {
        value["nodes"]["p1"]["hangs"] = json!(true);
        value["nodes"]["p2"]["hangs"] = json!(true);
    });
    let output = world.run(&["reboot", "p1", "p2", "--timeout", "500ms"]);
    let why = |node| {
        format!(
            "  {node}: no agent on {node}: serial port: no answer; ssh {node}: a simulated node has no network\n"
        )
    };
    let text = format!(
        "clusterhat: did not restart, and keep their power:\n{}{}  look at its console: its system hangs, or its agent \
         does not run\n",
        why("p1"),
        why("p2")
    );
    assert_eq!((output.status, output.stderr), (3, text));
}

#[test]
fn a_name_that_leads_to_another_machine_shuts_nothing_down() {
    let (world, programs) = (world(without_agent), Programs::new(2));
    let output = Output::of(&mut programs.command(&world, &["shutdown", "p1"]));
    assert!(output.stderr.contains("it reaches p2, not p1"), "{output:?}");
    assert!(!programs.calls().contains("poweroff") && is_on(&world), "{}", programs.calls());
}
