//! The delay between two nodes holds between calls and processes, `off` wins over an `on` that began
//! before it, and the supply is watched: the rules of `hat-driver/src/linux/rules.md`, by the real
//! command on simulated boards that trace their nodes' power.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

#[path = "../command/mod.rs"]
mod command;
mod cycle;
mod off;
mod record;
mod storm;
mod supply;

use std::fs;
use std::time::Duration;

use clusterhat_tests::command::World;
use clusterhat_tests::running::{Running, until};
use command::Run as _;
use serde_json::{Value, json};

/// One node that went on or off.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    at: Duration,
    on: bool,
    node: usize,
    pid: u32,
}

/// A built-in world, changed, whose nodes' power is traced.
fn traced(name: &str, change: impl FnOnce(&mut Value)) -> World {
    let mut value = World::builtin_value(name);
    change(&mut value);
    let world = World::new(&value);
    value["trace"] = json!(world.folder().join("trace"));
    world.write(&value);
    world
}

/// Its boards are initialised.
fn ready(name: &str) -> World {
    let world = traced(name, |_| {});
    assert_eq!(world.run(&["init"]).status, 0);
    world
}

fn trace(world: &World) -> Vec<Change> {
    let text = fs::read_to_string(world.folder().join("trace")).unwrap_or_default();
    let change = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
        [at, on, node, pid] => Change {
            at: Duration::from_nanos(at.parse().unwrap()),
            on: on == "on",
            node: node.parse().unwrap(),
            pid: pid.parse().unwrap(),
        },
        _ => panic!("{line}"),
    };
    text.lines().map(change).collect()
}

/// The nodes that went on, from 0, in their order.
fn went_on(world: &World) -> Vec<usize> {
    trace(world).iter().filter(|change| change.on).map(|change| change.node).collect()
}

/// The times between one node and the next that went on.
fn rests(world: &World) -> Vec<Duration> {
    let on: Vec<_> = trace(world).into_iter().filter(|change| change.on).collect();
    on.windows(2).map(|pair| pair[1].at - pair[0].at).collect()
}

fn latch(world: &World) -> u8 {
    world.read()["chips"]["1"]["r"][1].as_u64().unwrap() as u8
}

/// Begins to switch p1 and p2 on, and returns in the pause between them.
fn between_two_nodes(world: &World, delay: &str) -> Running {
    let running = world.start(&["on", "p1", "p2", "--delay", delay, "--json"]);
    until("p1 goes on", || latch(world) & 1 == 1);
    // The bus is given back a moment after the write.
    until("the bus is free", || world.held_locks().len() == 1);
    running
}

/// A call with real waits.
fn run(world: &World, args: &[&str]) -> clusterhat_tests::command::Output {
    world.start(args).finish()
}
