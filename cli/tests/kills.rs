//! The command is killed before and after each of its transfers: what it leaves is whole, and the next
//! call goes on from there.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use clusterhat_tests::command::{Output, World};
use command::Run as _;
use hat_driver::sim;
use serde_json::{Map, Value, json};

/// As a shell tells an end by SIGKILL.
const KILLED: i32 = 128 + 9;

/// BCM lines of P1 to P4 and ALERT on v1.x, with the bits that they have on an expander.
const LINES: [(&str, u8); 5] = [("6", 0x01), ("13", 0x02), ("19", 0x04), ("26", 0x08), ("5", 0x40)];

const NODES: u8 = 0x0f;

/// What is called on a board that has been through some calls, and which signals it may change.
struct Call {
    before: &'static [&'static [&'static str]],
    args: &'static [&'static str],
    may_change: u8,
}

const fn call(
    before: &'static [&'static [&'static str]],
    args: &'static [&'static str],
    may_change: u8,
) -> Call {
    Call { before, args, may_change }
}

/// On any board.
const CALLS: &[Call] = &[
    call(&[], &["init"], 0),
    call(&[], &["on", "p1"], 0x01),
    call(&[], &["off"], 0x0f),
    call(&[], &["alert", "on"], 0x40),
    call(&[&["init"]], &["init"], 0),
    call(&[&["init"]], &["status"], 0),
    call(&[&["init"]], &["boards", "--probe"], 0),
    call(&[&["init"]], &["on", "--dry-run"], 0),
    call(&[&["init"], &["on", "p3"]], &["on", "p1"], 0x01),
    call(&[&["init"], &["on", "p2"]], &["on"], 0x0f),
    call(&[&["init"]], &["on", "p1", "p3", "p4"], 0x0d),
    call(&[&["init"]], &["on", "p1..p3", "--delay", "0"], 0x07),
    call(&[&["on"]], &["off"], 0x0f),
    call(&[&["on", "p1", "p2"]], &["off", "p2"], 0x02),
    call(&[&["on", "p1", "p2"]], &["cycle", "p1", "p3"], 0x05),
    call(&[&["on", "p1"]], &["alert", "on"], 0x40),
    call(&[&["on", "p1"]], &["fan", "on"], 0),
];

/// On boards with an expander.
const EXPANDER_CALLS: &[Call] = &[
    call(&[], &["hub", "off"], 0x20),
    call(&[&["on", "p1"]], &["hub", "off"], 0x20),
    call(&[&["on", "p1"], &["hub", "off"]], &["hub", "on"], 0x20),
    call(&[&["on", "p1"]], &["hub", "reset"], 0x20),
    call(&[&["on", "p1"]], &["wp", "off"], 0x80),
    call(&[&["on", "p1"], &["wp", "off"]], &["wp", "on"], 0x80),
];

/// On v2.x.
const LED_OFF: Call = call(&[&["on", "p1"]], &["led", "off"], 0x10);

/// What the hardware has: pins, latch and direction, in the expander's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    pins: u8,
    latch: u8,
    inputs: u8,
}

fn state(world: &Value) -> State {
    if let Some(registers) = world["chips"]["1"]["r"].as_array() {
        let register = |number: usize| registers[number].as_u64().unwrap() as u8;
        return State { pins: register(0), latch: register(1), inputs: register(3) };
    }
    let (mut latch, mut inputs) = (0, 0);
    for (line, bit) in LINES {
        match world["gpio"][line].as_u64() {
            None => inputs |= bit,
            Some(0) => {}
            Some(_) => latch |= bit,
        }
    }
    State { pins: latch, latch, inputs }
}

/// The world but for what a call may change, and the faults.
fn rest(world: &Value) -> Map<String, Value> {
    let mut rest = world.as_object().unwrap().clone();
    rest.remove("faults");
    rest.remove("gpio");
    // Since when nodes have power.
    rest.remove("lives");
    if let Some(chip) = rest.get_mut("chips").and_then(|chips| chips.get_mut("1")) {
        chip["r"] = Value::Null;
    }
    rest
}

fn parse(world: &Value) -> sim::Simulation {
    sim::Simulation::parse(&world.to_string()).unwrap()
}

/// Kills each call everywhere.
fn kill_everywhere<'a>(start: &Value, calls: impl IntoIterator<Item = &'a Call>) {
    let mut killed = 0;
    // The registers as they read: a world as its author wrote it may show other pins.
    let start: Value = serde_json::from_str(&parse(start).to_text()).unwrap();
    for call in calls {
        let world = World::new(&start);
        for args in call.before {
            assert_eq!(world.run(args).status, 0, "{args:?}");
        }
        let before = world.read();
        let whole = world.run(call.args);
        assert_eq!(whole.status, 0, "{:?}: {whole:?}", call.args);
        let end = world.read();
        let mut transfer = 1;
        while kill_at(&world, call, transfer, &before, &end) {
            transfer += 1;
        }
        killed += transfer - 1;
        // A call that touches nothing is not worth its place here.
        assert!(transfer > 1, "{:?} makes no transfer", call.args);
    }
    assert!(killed > 30, "only {killed} kills");
}

/// Whether there was such a transfer.
fn kill_at(world: &World, call: &Call, transfer: u32, before: &Value, end: &Value) -> bool {
    for kind in ["kill-before", "kill-after"] {
        let context = format!("{:?} after {:?}, {kind} {transfer}", call.args, call.before);
        let mut faulty = before.clone();
        faulty["faults"] = json!([{"transfer": transfer, "kind": kind}]);
        world.write(&faulty);
        let output = world.run(call.args);
        if output.status != KILLED {
            assert_eq!(output.status, 0, "{context}: {output:?}");
            return false;
        }
        assert_eq!(output.stdout, "", "{context}: promised before it was done");
        let mut left = world.read();
        let lines = parse(before).expanders.is_empty();
        check_left(call, lines, [before, &left, end].map(state), &context);
        assert_eq!(rest(&left), rest(before), "{context}");
        assert!(world.held_locks().is_empty(), "{context}: {:?}", world.held_locks());
        if let Some(object) = left.as_object_mut() {
            object.remove("faults");
        }
        world.write(&left);
        check_status(&world.run(&["status", "--json"]), state(&left), &context);
        assert_eq!(world.read(), left, "{context}: status wrote");
        let again = world.run(call.args);
        assert_eq!(again.status, 0, "{context}: the next call: {again:?}");
        check_end(world, end, &context);
    }
    true
}

/// Every signal is as it was or as it was to be, and what was not asked for is as it was.
fn check_left(call: &Call, lines: bool, [before, left, end]: [State; 3], context: &str) {
    let others = NODES & !call.may_change;
    assert_eq!(left.pins & others, before.pins & others, "{context}: another node's pin");
    if before.inputs == 0 || lines {
        assert_eq!(left.inputs & !before.inputs, 0, "{context}: an output became an input");
        let changed = left.latch ^ before.latch;
        assert_eq!(changed & !call.may_change, 0, "{context}: {changed:#04x} changed");
    }
    if call.args[0] == "on" {
        let asked = (end.latch ^ before.pins) & NODES;
        let reached = (left.pins ^ before.pins) & NODES;
        assert_eq!(reached & !asked, 0, "{context}");
        // The nodes before the last one that was reached were reached too.
        let missing = asked & !reached;
        let in_order = missing == 0 || reached < missing & missing.wrapping_neg();
        assert!(in_order, "{context}: {reached:04b} of {asked:04b}");
    }
    if call.args[0] == "off" {
        // All at once on an expander; lines one after the other.
        let asked = (end.pins ^ before.pins) & NODES;
        let reached = (left.pins ^ before.pins) & NODES;
        let at_once = lines || reached == 0 || reached == asked;
        assert!(at_once, "{context}: {reached:04b} of {asked:04b}");
    }
}

/// `status` tells what the hardware holds.
fn check_status(output: &Output, left: State, context: &str) {
    assert_eq!(output.status, 0, "{context}: {output:?}");
    for (position, node) in output.json()["nodes"].as_array().unwrap().iter().enumerate() {
        let has = |pins: u8| pins >> position & 1 == 1;
        assert_eq!(node["seen"], json!(has(left.pins)), "{context}: {output:?}");
        if left.inputs == 0 {
            assert_eq!(node["commanded"], json!(has(left.latch)), "{context}: {output:?}");
        }
    }
}

/// The next call reaches what the undisturbed one did.
fn check_end(world: &World, end: &Value, context: &str) {
    let mut now = world.read();
    assert_eq!(state(&now).latch, state(end).latch, "{context}: the end");
    // A line that needed no driving may be an input still.
    if let (Some(now), Some(end)) = (now.as_object_mut(), end.as_object()) {
        let level = |world: &Map<String, Value>, line: &str| {
            world.get("gpio").and_then(|gpio| gpio[line].as_u64()).unwrap_or(0)
        };
        for line in 0..28 {
            let line = line.to_string();
            assert_eq!(level(now, &line), level(end, &line), "{context}: line {line}");
        }
        assert_eq!(now.get("chips"), end.get("chips"), "{context}: the end");
    }
}

#[test]
fn v2_5_survives_a_kill_anywhere() {
    let start = World::builtin_value("v2.5");
    kill_everywhere(&start, CALLS.iter().chain(EXPANDER_CALLS).chain([&LED_OFF]));
}

#[test]
#[ignore = "10 seconds of both processors: tests/long faults"]
fn v2_5_with_a_pca9554_survives_a_kill_anywhere() {
    let mut start = World::builtin_value("v2.5");
    start["chips"]["1"]["kind"] = json!("pca");
    kill_everywhere(&start, CALLS.iter().chain(EXPANDER_CALLS));
}

#[test]
#[ignore = "10 seconds of both processors: tests/long faults"]
fn v3_1_with_floating_nodes_survives_a_kill_anywhere() {
    let mut start = World::builtin_value("v3.1");
    start["chips"]["1"]["ext"] = json!([null, 1, 0, null, null, null, null, 0]);
    kill_everywhere(&start, CALLS.iter().chain(EXPANDER_CALLS));
}

#[test]
fn v1_3_survives_a_kill_anywhere() {
    let mut start = World::builtin_value("v1.3");
    // What a line shows is then what drives it; hat-driver's tests have those that are pulled.
    start["gpio_pulled"] = json!({});
    kill_everywhere(&start, CALLS);
}
