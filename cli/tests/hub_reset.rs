//! A reset of the hub is never left half done: not by a signal, not by another process, and not without
//! saying so by a board that fails.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::os::unix::fs::symlink;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clusterhat_tests::command::{World, status};
use clusterhat_tests::process;
use command::{Run as _, clusterhat, heeding_signals};
use hat_driver::linux::lock::FileLock;
use rustix::process::Signal;
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(60);

/// On a v2.5 board the pin is high where the hub is off.
fn is_off(world: &World) -> bool {
    world.read()["chips"]["1"]["r"][1].as_u64().unwrap() & 0x20 != 0
}

fn v2_5() -> World {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    world
}

/// The command with real waits, once it has switched the hub off and given its bus back.
fn half_done(world: &World, mut command: Command) -> Child {
    command.env_remove("CLUSTERHAT_SIM_NOWAIT");
    let mut command = heeding_signals(&command);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while !is_off(world) || !world.held_locks().is_empty() {
        assert!(start.elapsed() < PATIENCE, "the hub does not go off");
        sleep(Duration::from_millis(2));
    }
    child
}

fn kill(child: &Child, signal: Signal) {
    assert!(process::signal(child.id(), signal));
}

fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_signal_is_obeyed_once_the_hub_is_on_again() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let world = v2_5();
        let child = half_done(&world, world.command(&["hub", "reset"]));
        kill(&child, signal);
        let output = child.wait_with_output().unwrap();
        assert!(!is_off(&world), "{signal:?}: {output:?}");
        assert_eq!(status(output.status), 128 + signal.as_raw(), "{signal:?}: {output:?}");
        let (stdout, stderr) = text(&output);
        assert_eq!(stdout, "hat1: USB hub reset\n", "{signal:?}: {stderr}");
        assert!(
            stderr.ends_with("clusterhat: interrupted; no USB hub was left switched off\n"),
            "{stderr}"
        );
    }
    let world = v2_5();
    let child = half_done(&world, world.command(&["hub", "reset", "--json"]));
    kill(&child, Signal::TERM);
    let output = child.wait_with_output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["error"]["kind"], "interrupted", "{document}");
    assert_eq!(document["boards"][0]["result"], "switched", "{document}");
}

/// Boards whose turn has not come are left alone.
#[test]
fn a_signal_ends_it_before_the_next_hub() {
    let world = World::builtin("two-hats");
    assert_eq!(world.run(&["init"]).status, 0);
    let child = half_done(&world, world.command(&["hub", "reset"]));
    kill(&child, Signal::INT);
    let output = child.wait_with_output().unwrap();
    assert_eq!(status(output.status), 130, "{output:?}");
    let (stdout, _) = text(&output);
    assert!(stdout.starts_with("lower: USB hub reset\nupper: USB hub not reset\n"), "{stdout}");
    let chips = &world.read()["chips"];
    assert_eq!([&chips["1"]["r"][1], &chips["1:0x23"]["r"][1]], [0x90, 0x90]);
}

#[test]
fn the_drop_in_ends_by_the_signal_once_the_hub_is_on_again() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let world = v2_5();
        let link = world.folder().join("clusterctrl");
        symlink(clusterhat(), &link).unwrap();
        let mut command = world.program(&link);
        command.env("CLUSTERHAT_SIM", world.path()).args(["hub", "reset"]);
        let child = half_done(&world, command);
        kill(&child, signal);
        let output = child.wait_with_output().unwrap();
        assert!(!is_off(&world), "{signal:?}: {output:?}");
        assert_eq!(status(output.status), 128 + signal.as_raw(), "{signal:?}: {output:?}");
    }
}

/// Nothing is put right that was not begun.
#[test]
fn a_first_half_that_did_not_begin_is_followed_by_no_second() {
    let world = v2_5();
    assert_eq!(world.run(&["hub", "off"]).status, 0);
    let mut lock = FileLock::open(&world.lock("i2c-1")).unwrap();
    lock.acquire(PATIENCE).unwrap();
    let output = world.run(&["hub", "reset", "--lock-limit", "0", "--json"]);
    assert_eq!(output.json()["error"]["kind"], "locked", "{output:?}");
    assert!(is_off(&world) && !output.stderr.contains("may be off"), "{output:?}");
}

/// Another process may hold the bus for longer than anybody wants to wait; the hub does not stay off
/// for that.
#[test]
fn the_second_half_waits_for_other_processes() {
    let world = v2_5();
    let mut lock = FileLock::open(&world.lock("i2c-1")).unwrap();
    let child = half_done(&world, world.command(&["hub", "reset", "--lock-limit", "0"]));
    lock.acquire(PATIENCE).unwrap();
    // Longer than the pause.
    sleep(Duration::from_millis(1500));
    assert!(is_off(&world));
    lock.release();
    let output = child.wait_with_output().unwrap();
    assert_eq!((status(output.status), is_off(&world)), (0, false), "{output:?}");
}

#[test]
fn a_second_half_that_fails_says_that_the_hub_is_off() {
    let told = [
        "could not be switched on again, so it may still be off",
        "; switch it on with `clusterhat hub on`",
    ];
    let mut faulty = v2_5().read();
    // Direction, latch, the write with its reading back, and the pins; then the board is silent.
    faulty["faults"] = json!([{"transfer": 5, "kind": "io", "lasting": true}]);
    let world = World::new(&faulty);
    let output = world.run(&["hub", "reset"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(is_off(&world), "{output:?}");
    assert!(
        output.stderr.contains("board hat1")
            && told.iter().all(|part| output.stderr.contains(part)),
        "{output:?}"
    );
    assert!(!output.stderr.contains("unchanged"), "{output:?}");
    let world = World::new(&faulty);
    let link = world.folder().join("clusterctrl");
    symlink(clusterhat(), &link).unwrap();
    let mut command = world.program(&link);
    let output = command
        .env("CLUSTERHAT_SIM", world.path())
        .env("CLUSTERHAT_SIM_NOWAIT", "1")
        .args(["hub", "reset"])
        .output()
        .unwrap();
    let (stdout, _) = text(&output);
    assert_eq!(status(output.status), 1, "{output:?}");
    assert!(
        stdout.starts_with("ERROR: ") && told.iter().all(|part| stdout.contains(part)),
        "{output:?}"
    );
}

/// The hub is off, and the pin could not be read back: it is switched on all the same.
#[test]
fn a_first_half_of_unknown_outcome_is_followed_by_the_second() {
    for transfer in 3..=4 {
        let mut faulty = v2_5().read();
        let faults: Vec<_> = (transfer..transfer + 3)
            .map(|transfer| json!({"transfer": transfer, "kind": "io-after"}))
            .collect();
        faulty["faults"] = json!(faults);
        let world = World::new(&faulty);
        let output = world.run(&["hub", "reset"]);
        assert_eq!((output.status, is_off(&world)), (1, false), "{transfer}: {output:?}");
    }
}

#[test]
fn while_a_board_is_away_others_nodes_do_not_get_its_numbers() {
    for kill in [false, true] {
        // p5 is the first node of the Triple, p8 that of the pHAT behind it.
        let world = World::builtin("mixed");
        assert_eq!(world.run(&["on", "p5", "p8"]).status, 0);
        let mut command = world.command(&["hub", "reset"]);
        command.env_remove("CLUSTERHAT_SIM_NOWAIT");
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        while world.read()["chips"]["11"]["away"].as_u64().unwrap_or(0) == 0 {
            assert!(start.elapsed() < PATIENCE, "the board does not leave the USB");
            sleep(Duration::from_millis(1));
        }
        if kill {
            child.kill().unwrap();
        }
        let mut off = world.command(&["off", "p5"]);
        off.env_remove("CLUSTERHAT_SIM_NOWAIT");
        let output = off.output().unwrap();
        child.wait().unwrap();
        assert_eq!(status(output.status), 0, "{output:?}");
        let chips = &world.read()["chips"];
        let powered = |bus: &str| chips[bus]["p"][0].as_u64().unwrap();
        assert_eq!([powered("11"), powered("12")], [0, 1], "killed: {kill}; {output:?}");
    }
}
