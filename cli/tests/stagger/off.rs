//! An `off` that came later than an `on` wins.

use clusterhat_tests::command::{Output, World};
use clusterhat_tests::running::{Running, until};
use serde_json::{Value, json};

use super::{between_two_nodes, latch, ready, run, went_on};
use crate::command::{Run as _, clusterhat};

/// The node that was switched off is named, and so is what was not switched on.
fn check_undone(output: &Output, undone: &str, left: &str) -> Value {
    assert_eq!(output.status, 1, "{output:?}");
    let document = output.json();
    assert_eq!(document["error"]["kind"], "undone", "{document}");
    let message = document["error"]["message"].as_str().unwrap().to_owned();
    let expected = format!("{undone} switched off by another process, so {left} not switched on");
    assert!(message.starts_with(&expected), "{message}");
    document
}

#[test]
fn a_node_that_was_switched_on_and_off_again_ends_the_on() {
    let world = ready("v2.5");
    let on = between_two_nodes(&world, "1");
    assert_eq!(world.run(&["off", "p1"]).status, 0);
    let document = check_undone(&on.finish(), "p1 was", "p2 was");
    assert_eq!(latch(&world) & 0x0f, 0);
    let p1 = json!({"node": "p1", "name": null, "power": "off", "changed": true, "undone": true});
    assert_eq!(document["nodes"], json!([p1]));
    assert_eq!(
        document["error"]["switched"][0],
        json!({"node": "p1", "power": "on", "stands": "old"})
    );
}

/// As text, too.
#[test]
fn the_text_says_so() {
    let world = ready("v2.5");
    let on = world.start(&["on", "p1..p3", "--delay", "1"]);
    until("p1 goes on", || latch(&world) & 1 == 1);
    assert_eq!(world.run(&["off", "p1"]).status, 0);
    let output = on.finish();
    assert_eq!(output.status, 1);
    assert_eq!(
        output.stderr.lines().last(),
        Some("clusterhat: p1 was switched off by another process, so p2 p3 were not switched on")
    );
    assert!(
        output.stdout.contains("p1    off    switched off by another process"),
        "{}",
        output.stdout
    );
}

/// It was off anyway, but whoever asked for that meant it to stay so.
#[test]
fn a_node_that_was_still_to_come_ends_the_on() {
    let world = ready("v2.5");
    let on = between_two_nodes(&world, "1");
    assert_eq!(world.run(&["off", "p2"]).status, 0);
    check_undone(&on.finish(), "p2 was", "p2 was");
    assert_eq!((latch(&world) & 0x0f, went_on(&world)), (0b0001, vec![0]));
}

/// Seen: it went on 3 s later, since nothing had to be cut.
#[test]
fn a_node_that_was_still_to_come_and_is_shut_down_ends_the_on() {
    for (config, words) in
        [("", &["shutdown", "p2"][..]), ("graceful-off = true\n", &["off", "p2"])]
    {
        let world = ready("v2.5");
        let mut value = world.read();
        value["clusterhat_toml"] = json!(config);
        world.write(&value);
        let on = between_two_nodes(&world, "1");
        assert_eq!(world.run(words).status, 0);
        check_undone(&on.finish(), "p2 was", "p2 was");
        assert_eq!((latch(&world) & 0x0f, went_on(&world)), (0b0001, vec![0]), "{words:?}");
    }
}

#[test]
fn other_nodes_do_not_matter() {
    let world = ready("v2.5");
    let on = between_two_nodes(&world, "1");
    assert_eq!(world.run(&["off", "p3", "p4"]).status, 0);
    let output = on.finish();
    assert_eq!((output.status, latch(&world) & 0x0f), (0, 0b0011), "{output:?}");
}

#[test]
fn the_drop_in_s_off_wins_as_well() {
    let world = ready("v2.5");
    let link = world.folder().join("clusterctrl");
    std::os::unix::fs::symlink(clusterhat(), &link).unwrap();
    for (off, left) in [("p1", 0), ("p2", 0b0001)] {
        assert_eq!(world.run(&["off"]).status, 0);
        let on = between_two_nodes(&world, "1");
        let mut command = world.program(&link);
        command.env("CLUSTERHAT_SIM", world.path()).args(["off", off]);
        assert_eq!(Output::of(&mut command).status, 0);
        check_undone(&on.finish(), &format!("{off} was"), "p2 was");
        assert_eq!(latch(&world) & 0x0f, left);
    }
}

/// A program that knows nothing of us leaves no word, but its write is seen.
#[test]
fn a_foreign_program_s_write_is_seen() {
    let world = ready("v2.5");
    let on = between_two_nodes(&world, "1");
    let mut value = world.read();
    value["chips"]["1"]["r"][1] = json!(latch(&world) & !1);
    world.write(&value);
    check_undone(&on.finish(), "p1 was", "p2 was");
    assert_eq!(latch(&world) & 0x0f, 0);
}

/// Seen: "p1 on", although nothing had power any more.
#[test]
fn a_board_that_loses_its_power_in_the_delay_takes_its_nodes_with_it() {
    let world = ready("v2.5");
    let on = between_two_nodes(&world, "1");
    let mut value = world.read();
    value["chips"]["1"]["r"] = json!([0, 255, 0, 255, 255]);
    world.write(&value);
    let output = on.finish();
    let document = output.json();
    assert_eq!((output.status, &document["nodes"]), (1, &json!([])), "{document}");
    let state = |node| json!({"node": node, "power": "on", "stands": "old"});
    assert_eq!(document["error"]["switched"], json!([state("p1"), state("p2")]), "{document}");
    // It is not begun again: the supply may be too weak for it.
    assert_eq!(went_on(&world), [0]);
    assert_eq!(world.read()["chips"]["1"]["r"][3], 255, "nor is the board initialised");
}

/// On a ClusterCTRL board, which tells only what its nodes show, it is told from a node that does not follow.
#[test]
fn a_foreign_program_s_command_is_seen() {
    let world = ready("triple");
    let on = world.start(&["on", "p1", "p2", "--delay", "1", "--json"]);
    until("p1 goes on", || went_on(&world) == [0]);
    until("the pause", || world.held_locks().len() == 1);
    let mut value = world.read();
    value["chips"]["11"]["p"][0] = json!(0);
    world.write(&value);
    check_undone(&on.finish(), "p1 was", "p2 was");
    assert_eq!(went_on(&world), [0]);
}

/// On the board before.
#[test]
fn a_node_of_an_earlier_board_ends_the_on() {
    let world = ready("two-hats");
    let on = world.start(&["on", "p1", "p5", "p6", "--delay", "1", "--json"]);
    until("p5 goes on", || went_on(&world).contains(&4));
    assert_eq!(world.run(&["off", "p1"]).status, 0);
    check_undone(&on.finish(), "p1 was", "p6 was");
    assert_eq!(went_on(&world), [0, 4]);
}

/// Nothing has gone on yet: the call waits for another one.
#[test]
fn an_on_that_waits_for_the_lock_is_undone_as_well() {
    let world = ready("v2.5");
    let first = between_two_nodes(&world, "2");
    let mut second = world.start(&["on", "p3", "p4", "--json"]);
    waits_for_the_lock(&mut second);
    assert_eq!(world.run(&["off", "p4"]).status, 0);
    assert_eq!(first.finish().status, 0);
    check_undone(&second.finish(), "p4 was", "p3 p4 were");
    assert_eq!(went_on(&world), [0, 1]);
}

/// The other call's delay passes without any lock, and an `off` comes first.
#[test]
fn an_on_that_waits_for_the_delay_is_undone_as_well() {
    let world = ready("v2.5");
    assert_eq!(run(&world, &["on", "p1", "--delay", "2"]).status, 0);
    let mut on = world.start(&["on", "p2", "--json"]);
    waits_for_the_lock(&mut on);
    until("it has let go of its locks", || world.held_locks().is_empty());
    assert_eq!(world.run(&["off"]).status, 0);
    check_undone(&on.finish(), "p2 was", "p2 was");
    assert_eq!((latch(&world) & 0x0f, went_on(&world)), (0, vec![0]));
}

/// Two of them: the one that came first is undone, a later one is not.
#[test]
fn an_on_that_came_later_than_the_off_is_not_undone() {
    let world = ready("v2.5");
    let first = between_two_nodes(&world, "2");
    assert_eq!(world.run(&["off", "p2"]).status, 0);
    let second = world.start(&["on", "p2", "--json"]);
    check_undone(&first.finish(), "p2 was", "p2 was");
    let output = second.finish();
    assert_eq!((output.status, latch(&world) & 0x0f), (0, 0b0011), "{output:?}");
}

/// What it compares with is known before it opens the lock.
pub(super) fn waits_for_the_lock(running: &mut Running) {
    until("the lock is opened", || running.has_open(".power-on"));
}

/// A cycle's off half is an off, and its on half an on that came later.
#[test]
fn a_cycle_undoes_an_on_and_is_undone_by_an_off() {
    let world = ready("v2.5");
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    let cycle = ["cycle", "p1", "p2", "--off-time", "2", "--json"];
    let cycle = world.start(&cycle);
    until("p1 goes off", || latch(&world) & 1 == 0);
    assert_eq!(world.run(&["off", "p1"]).status, 0);
    let output = cycle.finish();
    assert_eq!((output.status, latch(&world) & 0x0f), (1, 0), "{output:?}");
    let error = &output.json()["error"];
    assert_eq!(error["kind"], "cycle-incomplete", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("p1 was switched off by another process"), "{message}");
    assert!(message.ends_with("left off by the cycle: p1"), "{message}");
}

/// A world that nobody may write but its owner still lets an `off` through.
#[test]
fn an_off_is_done_where_it_cannot_be_recorded() {
    let world = ready("v2.5");
    assert_eq!(world.run(&["on"]).status, 0);
    spoil(&world);
    let off = world.run(&["off"]);
    assert_eq!((off.status, latch(&world) & 0x0f), (0, 0), "{off:?}");
}

fn spoil(world: &World) {
    let record = world.folder().join(".world.json.lock.record");
    let _ = std::fs::remove_file(&record);
    std::fs::create_dir(record).unwrap();
}
