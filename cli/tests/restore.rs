//! The desired state that outlives a loss of power, and `restore`.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use clusterhat_tests::command::{Output, World};
use clusterhat_tests::running::{Running, until};
use command::{Run as _, clusterhat, heeding_signals};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A v2.5 HAT with this configuration, initialised.
fn world(config: &str) -> World {
    let world = World::new(&value(config));
    assert_eq!(world.run(&["init"]).status, 0);
    world
}

fn value(config: &str) -> Value {
    let mut value = World::builtin_value("v2.5");
    value["clusterhat_toml"] = json!(config);
    value
}

fn desired(world: &World) -> PathBuf {
    world.folder().join(".world.json.desired")
}

/// The nodes' last states, as the file has them: `1:on 3:off`.
fn last(world: &World) -> String {
    let text = fs::read_to_string(desired(world)).unwrap_or_else(|_| "{\"boards\":[]}".to_owned());
    let document: Value = serde_json::from_str(&text).unwrap();
    let boards = document["boards"].as_array().unwrap().iter();
    let nodes = boards.flat_map(|board| board["nodes"].as_object().unwrap());
    let last = nodes.filter_map(|(place, node)| {
        let on = node["on"].as_bool()?;
        Some(format!("{place}:{}", if on { "on" } else { "off" }))
    });
    last.collect::<Vec<_>>().join(" ")
}

/// The nodes that are on, by the latch.
fn on(world: &World) -> u64 {
    world.read()["chips"]["1"]["r"][1].as_u64().unwrap() & 0x0f
}

/// As the chip is when its power comes on.
fn lose_power(world: &World) {
    let mut value = world.read();
    value["chips"]["1"]["r"] = json!([0, 255, 0, 255, 255]);
    world.write(&value);
}

fn boot(world: &World) -> Output {
    assert_eq!(world.run(&["init"]).status, 0);
    world.run(&["restore", "--json"])
}

/// What is done and why, a node each.
fn rows(document: &Value) -> Vec<String> {
    let row = |row: &Value| {
        let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        format!("{} {} {} {}", text("node"), text("last"), text("action"), text("why"))
    };
    document["nodes"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn every_switch_saves_what_was_asked() {
    let world = world("");
    assert_eq!(last(&world), "");
    world.run(&["on", "p1", "p3"]);
    assert_eq!(last(&world), "1:on 3:on");
    world.run(&["off", "p3", "p4"]);
    assert_eq!(last(&world), "1:on 3:off 4:off");
    world.run(&["cycle", "p4"]);
    assert_eq!(last(&world), "1:on 3:off 4:on");
    let link = world.folder().join("clusterctrl");
    symlink(clusterhat(), &link).unwrap();
    for (args, expected) in [
        (&["off", "p1"][..], "1:off 3:off 4:on"),
        (&["on"], "1:on 2:on 3:on 4:on"),
        (&["off"], "1:off 2:off 3:off 4:off"),
    ] {
        let mut command = world.program(&link);
        let output = Output::of(command.env("CLUSTERHAT_SIM", world.path()).args(args));
        assert_eq!((output.status, &*output.stdout), (0, ""), "{output:?}");
        assert_eq!(last(&world), expected, "clusterctrl {args:?}");
    }
}

#[test]
fn what_only_looks_saves_nothing() {
    let world = world("at-boot = \"last\"");
    world.run(&["on", "p1"]);
    lose_power(&world);
    world.run(&["init"]);
    let saved = fs::read(desired(&world)).unwrap();
    for args in [
        &["status"][..],
        &["init"],
        &["off", "--dry-run"],
        &["on", "--dry-run"],
        &["restore", "--dry-run"],
        &["restore", "--all", "--dry-run"],
        &["boards"],
    ] {
        assert_eq!(world.run(args).status, 0, "{args:?}");
        assert_eq!(fs::read(desired(&world)).unwrap(), saved, "{args:?}");
    }
}

/// The supply sags with the second node.
#[test]
fn what_was_not_done_is_not_wanted_after_a_loss_of_power() {
    let mut value = value("");
    value["undervoltage_above"] = json!(1);
    let world = World::new(&value);
    assert_eq!(world.run(&["off", "p3"]).status, 0);
    assert_eq!(world.run(&["on"]).status, 1);
    assert_eq!(last(&world), "1:on 2:on 3:off");
    // A board that does not answer.
    let mut value = world.read();
    value["faults"] = json!([{"transfer": 1, "lasting": true, "kind": "nak"}]);
    world.write(&value);
    assert_eq!(world.run(&["off"]).status, 1);
    assert_eq!(last(&world), "1:on 2:on 3:off");
}

/// Seen: the end of the first took back what the second had asked for and done, and the node stayed off after a loss of power.
#[test]
fn what_another_command_asked_for_as_well_is_wanted_after_a_loss_of_power() {
    let world = world("");
    assert_eq!(world.run(&["off"]).status, 0);
    let mut command = world.command(&["on", "p1", "p4", "--delay", "300"]);
    command.env_remove("CLUSTERHAT_SIM_NOWAIT");
    let mut command = heeding_signals(&command);
    let mut one = Running::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    until("p1's power", || on(&world) == 1);
    let mut two = world.start(&["on", "p2", "p4", "--delay", "0"]);
    // Its request is saved by then.
    until("the second one's turn to wait", || two.has_open("power-on"));
    kill_process(Pid::from_raw(one.id().try_into().unwrap()).unwrap(), Signal::TERM).unwrap();
    assert_eq!(one.finish().status, 143);
    assert_eq!(two.finish().status, 0);
    assert_eq!((on(&world), &*last(&world)), (0b1011, "1:on 2:on 3:off 4:on"));
}

#[test]
fn each_policy_after_a_loss_of_power() {
    let config = "at-boot = \"last\"\n[nodes.p2]\nat-boot = \"on\"\n[nodes.p3]\nat-boot = \"off\"\n\
                  [nodes.p4]\nat-boot = \"keep\"\n";
    let world = world(config);
    world.run(&["on"]);
    world.run(&["off", "p2"]);
    let before = world.read();
    // The controller's own reboot: the latch holds.
    let output = boot(&world);
    assert_eq!(world.read(), before);
    let kept = ["p1 on - not-due", "p2 off - not-due", "p3 on - not-due", "p4 on - keep"];
    assert_eq!(rows(&output.json()), kept);

    lose_power(&world);
    let planned = world.run(&["restore", "--dry-run", "--json"]).json();
    let restored = ["p1 on on last", "p2 off on policy", "p3 on off policy", "p4 on - keep"];
    assert_eq!(rows(&planned), restored);
    assert_eq!(on(&world), 0x0f, "the latch of a chip that was not initialised is not in use");
    let output = boot(&world);
    assert_eq!(output.status, 0, "{output:?}");
    assert_eq!(rows(&output.json()), restored);
    assert_eq!(on(&world), 0b0011);
    // Once.
    world.run(&["off"]);
    assert_eq!(boot(&world).status, 0);
    assert_eq!(on(&world), 0);
}

#[test]
fn without_a_policy_nothing_is_read_or_switched() {
    let world = world("");
    world.run(&["on"]);
    lose_power(&world);
    let init = world.run(&["init", "--json"]).json();
    assert_eq!(init["bus"]["transfers"], 9, "as ever");
    let output = world.run(&["restore", "--json"]);
    assert_eq!((output.status, &output.json()["bus"]["transfers"]), (0, &json!(0)));
    assert_eq!(on(&world), 0);
}

/// Who asks for something after the loss of power is not overruled.
#[test]
fn a_node_that_was_switched_since_is_not_restored() {
    let world = world("at-boot = \"on\"");
    lose_power(&world);
    world.run(&["init"]);
    world.run(&["off", "p1"]);
    // Also where nothing has to be cut.
    world.run(&["shutdown", "p2"]);
    assert_eq!(
        rows(&world.run(&["restore", "--json"]).json())[..3],
        ["p1 off - not-due", "p2 off - not-due", "p3 - on policy"]
    );
    assert_eq!(on(&world), 0b1100);
}

#[test]
fn a_board_that_nobody_initialised_yet_is_restored_at_once() {
    let world = world("at-boot = \"on\"");
    lose_power(&world);
    let output = world.run(&["restore"]);
    assert_eq!((output.status, on(&world)), (0, 0x0f), "{output:?}");
    assert!(output.stdout.starts_with("hat1: initialised first\nNODE"), "{output:?}");
}

/// The node is then another number, and still the same place on the same board.
#[test]
fn a_node_stays_itself_when_a_board_comes_before_it() {
    let upper = "at-boot = \"last\"\n[[board]]\naddress = 0x23\nrevision = \"2.5\"\n";
    let mut value = World::builtin_value("two-hats");
    value["clusterhat_toml"] = json!(upper);
    let world = World::new(&value);
    world.run(&["on", "p2"]);
    let both =
        upper.replacen("[[board]]", "[[board]]\naddress = 0x20\nrevision = \"2.5\"\n[[board]]", 1);
    let mut value = world.read();
    value["clusterhat_toml"] = json!(both);
    world.write(&value);
    let plan = world.run(&["restore", "--all", "--dry-run", "--json"]).json();
    assert_eq!(rows(&plan)[1], "p2 - - never-asked");
    assert_eq!(rows(&plan)[5], "p6 on on last");
}

#[test]
fn a_clusterctrl_board_restores_its_nodes_itself() {
    let mut value = World::builtin_value("triple");
    value["clusterhat_toml"] = json!("at-boot = \"on\"");
    let world = World::new(&value);
    let rows_of = |args: &[&str]| rows(&world.run(args).json());
    assert_eq!(rows_of(&["restore", "--json"])[0], "p1 - - by-board");
    assert_eq!(rows_of(&["restore", "--all", "--json"])[0], "p1 - on policy");
    assert_eq!(world.run(&["status", "--json"]).json()["nodes"][0]["seen"], true);
}

#[test]
fn power_is_switched_where_the_state_cannot_be_saved() {
    let world = world("");
    fs::create_dir(desired(&world)).unwrap();
    let output = world.run(&["on", "p1"]);
    assert_eq!((output.status, on(&world)), (0, 1), "{output:?}");
    let told = "clusterhat: warning: the nodes' desired state is not saved: ";
    assert!(output.stderr.starts_with(told), "{output:?}");
    let output = world.run(&["off", "--json"]);
    assert_eq!((output.status, on(&world)), (0, 0));
    assert_eq!(output.json()["warnings"].as_array().unwrap().len(), 1, "{output:?}");
}

#[test]
fn a_damaged_file_is_named_and_switches_nothing() {
    for text in ["", "{\"version\":1,\"boa", "{\"version\":2,\"boards\":[]}", "[1]", "\0\0\0"] {
        let world = world("at-boot = \"on\"");
        fs::write(desired(&world), text).unwrap();
        lose_power(&world);
        let registers = || world.read()["chips"]["1"]["r"].as_array().unwrap()[1..].to_vec();
        let before = registers();
        for args in [&["restore", "--json"][..], &["restore", "--all", "--again", "--json"]] {
            let output = world.run(args);
            let error = &output.json()["error"];
            assert_eq!((output.status, &error["kind"]), (1, &json!("desired")), "{output:?}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(".world.json.desired does not hold"), "{message}");
            assert!(message.contains("correct or remove it"), "{message}");
        }
        assert_eq!(registers(), before, "{text:?}");
        assert_eq!(fs::read_to_string(desired(&world)).unwrap(), text, "left for its owner");
        let output = world.run(&["on", "p1"]);
        assert_eq!((output.status, on(&world)), (0, 1), "{output:?}");
        assert!(output.stderr.contains("correct or remove it"), "{output:?}");
    }
}

/// Seen: a file took its place without a word.
#[test]
fn a_link_in_the_place_of_the_desired_state_is_left_alone() {
    let world = world("at-boot = \"on\"");
    let _ = fs::remove_file(desired(&world));
    std::os::unix::fs::symlink("/nonexistent/state", desired(&world)).unwrap();
    let output = world.run(&["on", "p1"]);
    assert_eq!((output.status, on(&world)), (0, 1), "{output:?}");
    assert!(output.stderr.contains("world.json.desired: it is a symbolic link"), "{output:?}");
    assert!(fs::symlink_metadata(desired(&world)).unwrap().is_symlink());
}

/// More than one node sags the supply.
#[test]
fn two_starts_that_sag_the_supply_end_a_boot_loop() {
    let mut value = value("at-boot = \"last\"\n[nodes.p4]\nat-boot = \"off\"\n");
    value["undervoltage_above"] = json!(1);
    let world = World::new(&value);
    world.run(&["init"]);
    world.run(&["on", "--ignore-undervoltage"]);
    for _ in 0..2 {
        lose_power(&world);
        let output = boot(&world);
        assert_eq!((output.status, &output.json()["error"]["kind"]), (1, &json!("under-voltage")));
    }
    lose_power(&world);
    let output = boot(&world);
    let error = &output.json()["error"];
    assert_eq!((output.status, &error["kind"]), (1, &json!("boot-loop")), "{output:?}");
    assert_eq!(on(&world), 0, "{output:?}");
    assert_eq!(rows(&output.json())[2..], ["p3 on - boot-loop", "p4 off off policy"]);
    let planned = world.run(&["restore", "--dry-run"]);
    assert_eq!(planned.status, 1);
    assert!(planned.stderr.contains("then run `clusterhat restore --again`"), "{planned:?}");

    // The supply is a better one now.
    let mut value = world.read();
    value["undervoltage_above"] = json!(4);
    world.write(&value);
    let output = world.run(&["restore", "--again"]);
    assert_eq!((output.status, on(&world)), (0, 0b0111), "{output:?}");
    lose_power(&world);
    assert_eq!((boot(&world).status, on(&world)), (0, 0b0111), "counted anew");
}

/// What a call without waits takes for another boot is another process.
#[test]
fn two_losses_of_power_during_the_start_end_a_boot_loop() {
    let world = world("at-boot = \"on\"");
    for _ in 0..2 {
        lose_power(&world);
        world.run(&["init"]);
        let mut value = world.read();
        value["faults"] = json!([{"transfer": 10, "kind": "kill-after"}]);
        world.write(&value);
        assert_eq!(world.run(&["restore"]).status, 128 + 9);
        world.write(&{
            value["faults"] = json!([]);
            value
        });
    }
    lose_power(&world);
    let output = boot(&world);
    assert_eq!((output.status, on(&world)), (1, 0), "{output:?}");
    assert_eq!(output.json()["error"]["kind"], "boot-loop");
}

/// The process alone is killed: what was still to be restored is by the next call, at whichever transfer.
#[test]
fn a_start_that_is_killed_is_taken_up_again() {
    let world = world("at-boot = \"last\"");
    world.run(&["on", "p1", "p2", "p4"]);
    lose_power(&world);
    let fresh = (world.read(), fs::read(desired(&world)).unwrap());
    let mut kills = 0;
    for transfer in 1.. {
        let mut value = fresh.0.clone();
        value["faults"] = json!([{"transfer": transfer, "kind": "kill-after"}]);
        world.write(&value);
        fs::write(desired(&world), &fresh.1).unwrap();
        let status = world.run(&["restore"]).status;
        let mut value = world.read();
        value["faults"] = json!([]);
        world.write(&value);
        assert_eq!(last(&world), "1:on 2:on 4:on", "transfer {transfer}");
        if status == 0 {
            break;
        }
        kills += 1;
        let output = world.run(&["restore"]);
        assert_eq!((output.status, on(&world)), (0, 0b1011), "transfer {transfer}: {output:?}");
    }
    assert!(kills > 10, "{kills}");
}

/// Killed at any moment, from a thousandth of a second on: the file is the old one or the new one.
#[test]
fn a_kill_at_any_moment_leaves_the_old_or_the_new_state() {
    let world = world("at-boot = \"last\"");
    world.run(&["off"]);
    let (mut old, mut new) = (0, 0);
    for round in 0..60_u64 {
        let (word, before, after) = match round % 2 {
            0 => ("on", "off", "on"),
            _ => ("off", "on", "off"),
        };
        let all = |state: &str| format!("1:{state} 2:{state} 3:{state} 4:{state}");
        let mut running = world.start(&[word, "--delay", "0"]);
        sleep(Duration::from_micros(500 + 397 * (round * 7 % 60)));
        running.kill();
        let _ = running.finish();
        let now = last(&world);
        assert!(now == all(before) || now == all(after), "round {round}: {now}");
        if now == all(after) {
            new += 1
        } else {
            old += 1
        }
        let plan = world.run(&["restore", "--all", "--dry-run"]);
        assert_eq!(plan.status, 0, "round {round}: {plan:?}");
        assert_eq!(world.run(&[word]).status, 0);
        assert_eq!(last(&world), all(after));
    }
    assert!(old + new == 60);
}

/// One after the other, as everything that switches on.
#[test]
fn nodes_are_restored_staggered() {
    let mut value = value("at-boot = \"on\"\ndelay = 0.3\n");
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    value["trace"] = json!(trace);
    let world = World::new(&value);
    let output = world.start(&["restore", "p1", "p2"]).finish();
    assert_eq!(output.status, 0, "{output:?}");
    let text = fs::read_to_string(&trace).unwrap();
    let times: Vec<u64> =
        text.lines().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(times.len(), 2, "{text}");
    assert!(times[1] - times[0] >= 300_000_000, "{text}");
}

/// Ctrl-C leaves the rest to the next call.
#[test]
fn an_interrupted_start_says_what_is_on_and_goes_on_later() {
    let world = world("at-boot = \"on\"\ndelay = 30\n");
    lose_power(&world);
    let mut running = world.start(&["restore", "--json"]);
    until("the first node", || on(&world) == 1);
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(running.id() as i32).unwrap(),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    let output = running.finish();
    assert_eq!((output.status, on(&world)), (128 + 15, 1), "{output:?}");
    assert_eq!(world.run(&["restore"]).status, 0);
    assert_eq!(on(&world), 0x0f);
}

/// Whatever initialises the board first. Seen: "its board did not lose its power", and the nodes stayed off.
#[test]
fn a_loss_of_power_is_noted_by_whoever_comes_first() {
    for (words, left) in [
        (&["on", "p1"][..], "p1 on - not-due"),
        (&["off", "p1"], "p1 off - not-due"),
        (&["cycle", "p1"], "p1 on - not-due"),
        // Nothing has to be cut, so that restore is the first that initialises it.
        (&["shutdown", "p1"], "p1 off off last"),
        (&["led", "off"], "p1 on on last"),
        (&["hub", "reset"], "p1 on on last"),
        (&["init"], "p1 on on last"),
    ] {
        let world = world("at-boot = \"last\"");
        assert_eq!(world.run(&["on", "p1", "p2"]).status, 0);
        lose_power(&world);
        assert_eq!(world.run(words).status, 0, "{words:?}");
        let output = world.run(&["restore", "--json"]);
        let expected = [left, "p2 on on last", "p3 - - never-asked", "p4 - - never-asked"];
        assert_eq!(rows(&output.json()), expected, "{words:?}");
        assert_eq!(on(&world) & 0b10, 0b10, "{words:?}");
    }
}

/// Who asks for a node's power after the loss is not overruled, and what he did not get done does not count.
#[test]
fn what_a_first_command_asks_for_comes_after_the_loss_of_power() {
    let world = world("at-boot = \"off\"");
    lose_power(&world);
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    assert_eq!(world.run(&["restore"]).status, 0);
    assert_eq!(on(&world), 0b0001);
}
