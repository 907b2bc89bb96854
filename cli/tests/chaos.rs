//! `chaos`: the same faults for the same seed, and every node as it was found, however it ends.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;

use clusterhat_tests::command::{Output, World};
use clusterhat_tests::running::{Running, until};
use command::{Run as _, heeding_signals, make_hooks_folder};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// An hour of simulated time.
const HOUR: [&str; 8] = ["--mtbf", "60", "--mttr", "10", "--duration", "3600", "--seed", "42"];

/// The first fault comes soon and lasts longer than any test.
const LONG: [&str; 8] = ["--mtbf", "1", "--mttr", "100000", "--duration", "100000", "--seed", "1"];

/// p1 and p2 are on.
fn world() -> World {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p1", "p2"]).status, 0);
    world
}

fn chaos(world: &World, words: &[&[&str]]) -> Output {
    world.run(&[&["chaos"], &words.concat()[..]].concat())
}

fn documents(output: &Output) -> Vec<Value> {
    output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Number, node, time and duration of each fault.
fn faults(output: &Output) -> Vec<Value> {
    let documents = documents(output);
    let faults = documents.iter().filter(|one| one["event"] == "fault");
    faults.map(|one| json!([one["fault"], one["node"], one["at_s"], one["lasts_s"]])).collect()
}

fn events(output: &Output) -> Vec<String> {
    documents(output).iter().map(|one| one["event"].as_str().unwrap_or("none").to_owned()).collect()
}

fn power(world: &World) -> u64 {
    world.read()["chips"]["1"]["r"][1].as_u64().unwrap() & 0x0f
}

fn note(world: &World) -> PathBuf {
    world.folder().join(".world.json.lock.chaos")
}

/// With real waits, until p1 is off.
fn until_off(world: &World, words: &[&[&str]]) -> Running {
    let mut command = world.command(&[&["chaos"], &words.concat()[..]].concat());
    command.env_remove("CLUSTERHAT_SIM_NOWAIT").stdout(Stdio::piped()).stderr(Stdio::piped());
    let running =
        Running::spawn(heeding_signals(&command).stdout(Stdio::piped()).stderr(Stdio::piped()));
    until("p1's power loss", || power(world) == 0b10);
    running
}

fn signal(running: &mut Running, signal: Signal) {
    let id = i32::try_from(running.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

#[test]
fn a_seed_gives_the_same_faults_and_every_node_is_as_it_was() {
    let world = world();
    let before = world.read();
    let planned = chaos(&world, &[&HOUR, &["all", "--dry-run"]]);
    assert_eq!(planned.status, 0, "{planned:?}");
    assert_eq!(world.read(), before, "a dry run switched something");
    let first = chaos(&world, &[&HOUR, &["all"]]);
    assert_eq!(first.status, 0, "{first:?}");
    let again = chaos(&world, &[&HOUR, &["p1", "p2"]]);
    assert!(faults(&first).len() > 50, "{first:?}");
    assert_eq!(faults(&first), faults(&planned));
    assert_eq!(faults(&again), faults(&planned), "p3 and p4 are off and have no say");
    assert_eq!(faults(&first)[0], json!([1, "p2", 80.522, 4.656]), "another release, other faults");
    assert_eq!((power(&world), note(&world).exists()), (0b11, false));
    let begin = &documents(&first)[0];
    assert_eq!((&begin["nodes"], &begin["left_off"]), (&json!(["p1", "p2"]), &json!(["p3", "p4"])));
    assert_eq!(begin["seed"], 42);
}

/// The documents are no fiction: the power went off and on as often as they say.
#[test]
fn each_fault_is_a_power_loss_and_is_repaired() {
    let mut value = World::builtin_value("v2.5");
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    value["trace"] = json!(trace);
    let world = World::new(&value);
    assert_eq!(world.run(&["on", "p1", "p2"]).status, 0);
    fs::write(&trace, "").unwrap();
    let output = chaos(&world, &[&HOUR, &["p1", "p2"]]);
    let text = fs::read_to_string(&trace).unwrap();
    let count =
        |word: &str| text.lines().filter(|line| line.contains(&format!(" {word} "))).count();
    assert_eq!(count("off"), faults(&output).len());
    assert_eq!(count("on"), faults(&output).len());
    let last = documents(&output).pop().unwrap();
    assert_eq!((&last["event"], &last["faults"]), (&json!("end"), &json!(faults(&output).len())));
}

#[test]
fn a_signal_puts_everything_back() {
    for (sent, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let world = world();
        let mut running = until_off(&world, &[&LONG, &["p1"]]);
        assert!(note(&world).exists());
        signal(&mut running, sent);
        let output = running.finish();
        assert_eq!(output.status, status, "{output:?}");
        assert_eq!((power(&world), note(&world).exists()), (0b11, false));
        let last = documents(&output).pop().unwrap();
        assert_eq!((&last["event"], &last["put_back"]), (&json!("end"), &json!(["p1"])));
        assert_eq!(last["error"]["kind"], "interrupted");
        assert_eq!(
            last["error"]["message"],
            "interrupted; every node is as it was found, unless another command has switched it"
        );
    }
}

/// Seen: nodes stayed off for as long as it lasted, and no signal ended it.
#[test]
fn an_output_that_nobody_takes_keeps_no_node_off() {
    let world = world();
    let (mut output, _end) = UnixStream::pair().unwrap();
    output.set_nonblocking(true).unwrap();
    while output.write(b"x").is_ok() {}
    output.set_nonblocking(false).unwrap();
    let times = ["--mtbf", "1", "--mttr", "1", "--duration", "100000", "--seed", "1"];
    let mut command = world.command(&[&["chaos", "p1"], &times[..]].concat());
    command.env_remove("CLUSTERHAT_SIM_NOWAIT");
    let mut command = heeding_signals(&command);
    let mut running = Running::spawn(command.stdout(OwnedFd::from(output)).stderr(Stdio::null()));
    until("a fault", || power(&world) == 0b10);
    until("its repair", || power(&world) == 0b11);
    signal(&mut running, Signal::TERM);
    assert_eq!(running.finish().status, 143);
    assert_eq!((power(&world), note(&world).exists()), (0b11, false));
}

/// A reader that goes away, as `head` does, is no reason to leave a node off.
#[test]
fn an_output_that_nobody_reads_puts_everything_back() {
    let world = world();
    let mut command = world.command(&[&["chaos", "p1"], &HOUR[..]].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    child.wait().unwrap();
    assert_eq!((power(&world), note(&world).exists()), (0b11, false));
}

#[test]
fn what_a_kill_has_left_is_told_by_doctor_and_put_back() {
    for next in [&[&["--restore"][..]][..], &[&HOUR, &["p2"]]] {
        let world = world();
        let mut running = until_off(&world, &[&LONG, &["p1"]]);
        let found = world.run(&["doctor", "--json"]).json();
        assert!(!found["findings"].to_string().contains("chaos"), "one that runs has left nothing");
        running.kill();
        let killed = running.finish();
        assert_eq!(killed.status, 128 + 9);
        assert_eq!((power(&world), note(&world).exists()), (0b10, true));
        let found = world.run(&["doctor", "--json"]).json();
        let finding = &found["findings"][0];
        assert_eq!(
            (&finding["kind"], &finding["nodes"]),
            (&json!("chaos"), &json!(["p1"])),
            "{found}"
        );
        assert_eq!(finding["fix"], "`clusterhat chaos --restore`");
        let output = chaos(&world, next);
        assert_eq!(output.status, 0, "{output:?}");
        assert_eq!(documents(&output)[0]["nodes"], json!(["p1"]));
        assert_eq!(events(&output)[0], "put-back");
        assert_eq!((power(&world), note(&world).exists()), (0b11, false));
    }
}

/// Nobody is told that a node is on which is not, and it is not forgotten.
#[test]
fn what_cannot_be_put_back_stays_noted() {
    let world = world();
    let mut running = until_off(&world, &[&LONG, &["p1"]]);
    running.kill();
    drop(running.finish());
    let mut stuck = world.read();
    stuck["chips"]["1"]["stuck"] = json!([0, null, null, null, null, null, null, null]);
    world.write(&stuck);
    for words in [&[&["--restore"][..]][..], &[&HOUR, &["p2"]]] {
        let output = chaos(&world, words);
        assert_eq!(output.status, 1, "{output:?}");
        assert_eq!(output.json()["nodes"], json!([]));
        assert!(note(&world).exists());
    }
    stuck["chips"]["1"]["stuck"] = json!(null);
    world.write(&stuck);
    assert_eq!(chaos(&world, &[&["--restore"]]).status, 0);
    assert_eq!((power(&world), note(&world).exists()), (0b11, false));
}

#[test]
fn a_note_that_cannot_be_used_says_how_to_go_on() {
    let world = world();
    let path = note(&world).display().to_string();
    let message = || {
        let output = chaos(&world, &[&["--restore"]]);
        assert_eq!(output.status, 1, "{output:?}");
        output.json()["error"]["message"].as_str().unwrap().to_owned()
    };
    // Whatever put them there: no HAT has a node 0.
    fs::write(note(&world), "{\"version\":1,\"nodes\":[99,0]}").unwrap();
    let text = format!(
        "not here: p0 p99; connect their board, or remove the file {path}, which names them"
    );
    assert_eq!(message(), text);
    fs::write(note(&world), "{").unwrap();
    let damaged = message();
    assert!(damaged.contains(&path) && damaged.ends_with("correct or remove it"), "{damaged}");
    let found = world.run(&["doctor", "--json"]);
    assert_eq!(found.status, 1, "{found:?}");
    let finding = &found.json()["findings"][0];
    assert_eq!(finding["kind"], "chaos", "{found:?}");
    assert!(finding["what"].as_str().unwrap().contains(&path), "{finding}");
    fs::remove_file(note(&world)).unwrap();
    assert_eq!(chaos(&world, &[&["--restore"]]).status, 0);
}

#[test]
fn one_runs_at_a_time() {
    let world = world();
    let mut running = until_off(&world, &[&LONG, &["p1"]]);
    let id = running.id().to_string();
    for words in [&[&HOUR[..], &["p2"]][..], &[&["--restore"]]] {
        let second = chaos(&world, words);
        assert_eq!(second.status, 3, "{second:?}");
        let message = second.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("already") && message.contains("process "), "{id}: {message}");
    }
    assert_eq!(power(&world), 0b10, "the second one put back what the first one has off");
    signal(&mut running, Signal::TERM);
    assert_eq!(running.finish().status, 143);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_switched() {
    let world = world();
    let before = world.read();
    for words in [
        &["p1", "--mtbf", "0.5", "--mttr", "10", "--duration", "60"][..],
        &["p1", "--mtbf", "60", "--mttr", "0", "--duration", "60"],
        &["p1", "--mtbf", "60", "--mttr", "10", "--duration", "0"],
        &["p1", "--mtbf", "60", "--mttr", "10"],
        &["--mtbf", "60", "--mttr", "10", "--duration", "60"],
        &["p9", "--mtbf", "60", "--mttr", "10", "--duration", "60"],
        // None of them is on.
        &["p3", "p4", "--mtbf", "60", "--mttr", "10", "--duration", "60"],
        &["p1", "--restore"],
    ] {
        assert_eq!(chaos(&world, &[words]).status, 2, "{words:?}");
    }
    assert_eq!((world.read(), note(&world).exists()), (before, false));
}

/// A power loss asks nobody, and nobody desires it.
#[test]
fn no_hook_hears_of_it_and_the_desired_state_stays() {
    let world = world();
    let root = tempfile::tempdir().unwrap();
    let (hooks, heard) = (make_hooks_folder(root.path()), root.path().join("heard"));
    let hook = hooks.join("10-note");
    fs::write(&hook, format!("#!/bin/sh\necho \"$@\" >>{}\n", heard.display())).unwrap();
    fs::set_permissions(&hook, Permissions::from_mode(0o755)).unwrap();
    let below = ["--root", root.path().to_str().unwrap()];
    let desired = || fs::read(world.folder().join(".world.json.desired")).unwrap();
    // The hook is one, and would be heard of.
    assert_eq!(world.run(&[&below[..], &["on", "p2", "p1"]].concat()).status, 0);
    assert_eq!(world.run(&[&below[..], &["cycle", "p2"]].concat()).status, 0);
    fs::remove_file(&heard).unwrap();
    let before = desired();
    let mut running = until_off(&world, &[&LONG, &below, &["p1"]]);
    assert_eq!(desired(), before, "a restart of the controller would leave p1 off");
    signal(&mut running, Signal::TERM);
    assert_eq!(running.finish().status, 143);
    assert_eq!((desired(), heard.exists(), power(&world)), (before, false, 0b11));
}

/// A node's `Left` at the time of its repair or of its fault.
fn is_left(output: &Output, node: &str) -> bool {
    documents(output).iter().any(|one| one["event"] == "left" && one["node"] == node)
}

/// Seen: an `off` in the middle of a fault was undone by its repair, or by the next run after a kill.
#[test]
fn who_switches_a_node_has_the_last_word() {
    for (words, on) in [
        (&["off", "p1"][..], 0b10),
        (&["shutdown", "p1"], 0b10),
        (&["on", "p1"], 0b11),
        (&["cycle", "p1"], 0b11),
    ] {
        let world = world();
        let mut running = until_off(&world, &[&LONG, &["p1"]]);
        assert_eq!(world.run(words).status, 0);
        assert!(!note(&world).exists(), "{words:?}");
        signal(&mut running, Signal::TERM);
        assert_eq!(running.finish().status, 143);
        assert_eq!(power(&world), on, "{words:?}");

        assert_eq!(world.run(&["on", "p1"]).status, 0);
        let mut running = until_off(&world, &[&LONG, &["p1"]]);
        running.kill();
        drop(running.finish());
        assert_eq!(world.run(words).status, 0);
        assert!(!note(&world).exists(), "{words:?}");
        assert_eq!(chaos(&world, &[&["--restore"]]).status, 0);
        assert_eq!(power(&world), on, "{words:?}");
    }
    // What could not be done is nobody's last word.
    let world = world();
    let mut running = until_off(&world, &[&LONG, &["p1"]]);
    running.kill();
    drop(running.finish());
    let mut stuck = world.read();
    stuck["chips"]["1"]["stuck"] = json!([0, null, null, null, null, null, null, null]);
    world.write(&stuck);
    assert_eq!(world.run(&["on", "p1"]).status, 1);
    assert!(note(&world).exists());
}

/// Seen: an `on` that another command's `off` had ended noted the node again, and the next run switched it on.
#[test]
fn a_node_that_another_command_switches_off_during_an_on_is_not_noted_again() {
    let killed = || {
        let world = world();
        let mut running = until_off(&world, &[&LONG, &["p1"]]);
        running.kill();
        drop(running.finish());
        // Whoever comes next waits.
        assert_eq!(world.start(&["on", "p3", "--delay", "10"]).finish().status, 0);
        let mut command = world.command(&["on", "p1", "p4"]);
        command.env_remove("CLUSTERHAT_SIM_NOWAIT");
        let mut command = heeding_signals(&command);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut on = Running::spawn(&mut command);
        until("its turn to wait", || on.has_open("power-on"));
        assert!(!note(&world).exists());
        (world, on)
    };
    let (world, on) = killed();
    assert_eq!(world.run(&["off", "p1"]).status, 0);
    assert_eq!(on.finish().status, 1);
    assert!(!note(&world).exists());
    assert_eq!(chaos(&world, &[&["--restore"]]).status, 0);
    assert_eq!(power(&world), 0b0110);

    // Of one that is stopped by itself, nobody else has decided.
    let (world, mut on) = killed();
    signal(&mut on, Signal::TERM);
    assert_eq!(on.finish().status, 143);
    assert_eq!(chaos(&world, &[&["--restore"]]).status, 0);
    assert_eq!(power(&world), 0b0111);
}

/// Seen: a dry run listed them as nodes that stay off, or said that none is on.
#[test]
fn a_dry_run_counts_nodes_as_on_that_the_run_switches_on_first() {
    for nodes in [&["p1"][..], &["p1", "p2", "p3"]] {
        let world = world();
        let mut running = until_off(&world, &[&LONG, &["p1"]]);
        running.kill();
        drop(running.finish());
        let before = (world.read(), fs::read(note(&world)).unwrap());
        let planned = chaos(&world, &[&HOUR, nodes, &["--dry-run"]]);
        assert_eq!((world.read(), fs::read(note(&world)).unwrap()), before);
        let run = chaos(&world, &[&HOUR, nodes]);
        assert_eq!((planned.status, run.status), (0, 0), "{planned:?}");
        assert_eq!(documents(&planned)[..2], documents(&run)[..2]);
        assert_eq!(documents(&planned)[0]["nodes"], json!(["p1"]));
        assert_eq!(faults(&planned), faults(&run));
    }
    // Where the run could not begin.
    let world = world();
    fs::write(note(&world), "{\"version\":1,\"nodes\":[1,99]}").unwrap();
    let planned = chaos(&world, &[&HOUR, &["p2", "--dry-run"]]);
    let run = chaos(&world, &[&HOUR, &["p2"]]);
    let told =
        |output: &Output| [&output.json()["nodes"], &output.json()["error"]].map(Value::clone);
    assert_eq!((planned.status, told(&planned)), (run.status, told(&run)));
}

/// And it stays so at the time of a repair and of the next faults.
#[test]
fn a_node_that_somebody_switches_off_is_left_off() {
    let world = world();
    let times = ["--mtbf", "1", "--mttr", "1", "--duration", "100000", "--seed", "1"];
    let mut running = until_off(&world, &[&times, &["p1", "p2"]]);
    assert_eq!(world.run(&["off", "p1"]).status, 0);
    std::thread::sleep(std::time::Duration::from_secs(4));
    signal(&mut running, Signal::TERM);
    let output = running.finish();
    assert_eq!((output.status, power(&world)), (143, 0b10), "{output:?}");
    assert!(is_left(&output, "p1") && !is_left(&output, "p2"), "{output:?}");
}

#[test]
fn a_share_of_faults_are_shutdowns_at_the_same_times() {
    let mut value = World::builtin_value("v2.5");
    value["nodes"] = json!({ "p1": { "boots_in": 0 } });
    let world = World::new(&value);
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    let plan = chaos(&world, &[&HOUR, &["p1", "--dry-run"]]);
    let shared = chaos(&world, &[&HOUR, &["p1", "--dry-run", "--graceful-share", "0.5"]]);
    assert_eq!(faults(&plan), faults(&shared));
    let kinds = |output: &Output, kind: &str| {
        documents(output).iter().filter(|one| one["kind"] == kind).count()
    };
    let (cuts, shutdowns) = (kinds(&shared, "cut"), kinds(&shared, "graceful"));
    assert!(cuts > 5 && shutdowns > 5, "{cuts} {shutdowns}");
    assert_eq!(kinds(&plan, "graceful"), 0);

    let few = ["--mtbf", "60", "--mttr", "10", "--duration", "200", "--seed", "42"];
    let output = chaos(&world, &[&few, &["p1", "--graceful-share", "1"]]);
    assert_eq!(output.status, 0, "{output:?}");
    assert!(kinds(&output, "graceful") > 0 && kinds(&output, "cut") == 0, "{output:?}");
    let documents = documents(&output);
    let faults = documents.iter().filter(|one| one["event"] == "fault");
    assert!(faults.into_iter().all(|one| one["actual_s"].is_number()), "{output:?}");
    assert_eq!((power(&world), note(&world).exists()), (0b1, false));
    for share in ["-0.1", "1.5", "NaN"] {
        let refused = chaos(&world, &[&few, &["p1", "--graceful-share", share]]);
        assert_eq!(refused.status, 2, "{refused:?}");
    }
}

/// Until a power cycle, which a kill leaves to the next run.
#[test]
fn nodes_hang_instead_and_run_again_in_the_end() {
    let mut value = World::builtin_value("v2.5");
    value["nodes"] = json!({ "p1": { "boots_in": 0 } });
    let state =
        |world: &World| world.run(&["status", "p1", "--json"]).json()["nodes"][0]["state"].clone();
    for is_killed in [false, true] {
        let world = World::new(&value);
        assert_eq!(world.run(&["on", "p1"]).status, 0);
        let mut command = world.command(&[&["chaos", "p1", "--hang"], &LONG[..]].concat());
        command.env_remove("CLUSTERHAT_SIM_NOWAIT");
        let mut heeding = heeding_signals(&command);
        let mut running = Running::spawn(heeding.stdout(Stdio::piped()).stderr(Stdio::piped()));
        until("p1's silence", || state(&world) == "link");
        assert_eq!(power(&world), 0b1);
        let shutdown = world.run(&["shutdown", "p1", "--timeout", "300ms"]);
        assert_eq!(shutdown.status, 3, "{shutdown:?}");
        if is_killed {
            running.kill();
            drop(running.finish());
            assert!(note(&world).exists());
            assert_eq!(chaos(&world, &[&["--restore"]]).status, 0);
        } else {
            signal(&mut running, Signal::INT);
            let output = running.finish();
            assert_eq!(output.status, 130, "{output:?}");
            assert!(documents(&output).iter().any(|one| one["kind"] == "hang"), "{output:?}");
        }
        until("p1's agent", || state(&world) == "agent");
        assert!(!note(&world).exists());
    }
}

#[test]
fn a_real_node_cannot_be_made_to_hang() {
    let world = world();
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc/clusterhat")).unwrap();
    let board = "[[board]]\nbus = 1\naddress = 0x20\nrevision = \"2.5\"\n";
    fs::write(root.path().join("etc/clusterhat/clusterhat.toml"), board).unwrap();
    fs::create_dir_all(root.path().join("dev")).unwrap();
    let mut command = world.program(command::clusterhat());
    command.arg("--root").arg(root.path()).args(["chaos", "p1", "--hang"]).args(HOUR);
    let output = Output::of(&mut command);
    assert!(output.stdout.contains("only simulated nodes can be made to hang"), "{output:?}");
    assert_eq!(output.status, 2, "{output:?}");
}

/// Whatever lies where drafts might be written is neither waited for nor followed.
#[test]
fn a_pipe_beside_the_note_is_no_obstacle() {
    let world = world();
    for name in ["new", "tmp"] {
        let path = note(&world).with_extension(name);
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    }
    assert_eq!(chaos(&world, &[&HOUR, &["p1"]]).status, 0);
    assert_eq!((power(&world), note(&world).exists()), (0b11, false));
}

/// Seen: such a run told of repairs at its end and succeeded.
#[test]
fn a_fault_that_fails_is_not_repaired_and_fails_the_run() {
    let world = world();
    let mut stuck = world.read();
    stuck["chips"]["1"]["stuck"] = json!([1, null, null, null, null, null, null, null]);
    world.write(&stuck);
    let output = chaos(&world, &[&HOUR, &["p1"]]);
    assert_eq!(output.status, 1, "{output:?}");
    let events = events(&output);
    assert!(events.contains(&"fault".to_owned()), "{output:?}");
    assert!(!events.contains(&"repair".to_owned()), "{output:?}");
    let end = documents(&output).pop().unwrap();
    assert_eq!(end["failed"], faults(&output).len());
    assert_eq!((&end["failed"], &end["put_back"]), (&end["faults"], &json!([])));
    assert_eq!(end["error"]["kind"], "board", "{output:?}");
    assert!(!note(&world).exists());
}
