//! Eight processes at once.

use std::time::Duration;

use clusterhat_tests::running::until;
use serde_json::json;

use super::off::waits_for_the_lock;
use super::{rests, trace, traced, went_on};
use crate::command::Run as _;

const DELAY: Duration = Duration::from_millis(150);

/// How long who waits for the others may have to.
const PATIENCE: &str = "600";

fn check_inrush(world: &clusterhat_tests::command::World) {
    for rest in rests(world) {
        assert!(rest >= DELAY, "two nodes {rest:?} apart: {:#?}", trace(world));
    }
}

/// Each switches two nodes on, on different boards, while others switch some of them off.
#[test]
fn the_inrush_rule_holds_among_eight_processes() {
    let world = traced("two-hats", |_| {});
    for round in 0..3 {
        let on = |n: usize| {
            let nodes = [format!("p{}", n + 1), format!("p{}", (n + 4 + round) % 8 + 1)];
            let words =
                ["on", &nodes[0], &nodes[1], "--delay", "0.15", "--lock-limit", PATIENCE, "--json"];
            world.start(&words)
        };
        let off = |n: usize| world.start(&["off", &format!("p{}", n + 1)]);
        let ons: Vec<_> = (0..8).map(on).collect();
        let offs: Vec<_> = (0..4).map(|n| off(n * 2)).collect();
        for off in offs {
            // It gives way to an `on` that began after it.
            let output = off.finish();
            let gave_way = output.status == 1 && output.stderr.contains("keeps its power");
            assert!(output.status == 0 || gave_way, "{output:?}");
        }
        for on in ons {
            let output = on.finish();
            let kind = &output.json()["error"]["kind"];
            let undone = output.status == 1 && *kind == json!("undone");
            assert!(output.status == 0 || undone, "{output:?}");
        }
        assert_eq!(world.run(&["off"]).status, 0);
    }
    check_inrush(&world);
    assert!(went_on(&world).len() > 8, "{:?}", went_on(&world));
    assert!(world.held_locks().is_empty());
}

/// All eight have begun, the first has switched some on; then all nodes are switched off.
#[test]
fn after_an_off_no_node_comes_on() {
    let world = traced("two-hats", |_| {});
    assert_eq!(world.run(&["init"]).status, 0);
    let words = ["on", "--delay", "0.15", "--lock-limit", PATIENCE, "--json"];
    let mut ons: Vec<_> = (0..8).map(|_| world.start(&words)).collect();
    ons.iter_mut().for_each(waits_for_the_lock);
    until("a node goes on", || !went_on(&world).is_empty());
    let off = world.run(&["off"]);
    assert_eq!(off.status, 0, "{off:?}");
    let before = went_on(&world).len();
    let statuses: Vec<_> = ons.into_iter().map(|on| on.finish().status).collect();
    assert_eq!(went_on(&world).len(), before, "{statuses:?}: {:#?}", trace(&world));
    // But for one that was through before.
    assert!(statuses.iter().filter(|status| **status == 0).count() <= 1, "{statuses:?}");
    check_inrush(&world);
}

/// Some are killed: what they leave is safe for the others.
#[test]
fn kills_do_not_break_the_inrush_rule() {
    let world = traced("two-hats", |_| {});
    assert_eq!(world.run(&["init"]).status, 0);
    for round in 0..6 {
        let words = ["on", "--delay", "0.15", "--lock-limit", PATIENCE];
        let mut ons: Vec<_> = (0..4).map(|_| world.start(&words)).collect();
        let before = went_on(&world).len();
        until("a node goes on", || went_on(&world).len() > before);
        let by = trace(&world).last().unwrap().pid;
        let mut rest = Vec::new();
        for mut on in ons.drain(..) {
            if on.id() == by {
                on.kill();
            } else {
                rest.push(on);
            }
        }
        for on in rest {
            assert_eq!(on.finish().status, 0, "{round}");
        }
        assert_eq!(world.run(&["off"]).status, 0);
    }
    check_inrush(&world);
}
