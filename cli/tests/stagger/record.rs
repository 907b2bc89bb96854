//! What the last node asked for is waited out by whoever comes next.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clusterhat_tests::command::{Output, World};
use serde_json::json;

use super::{ready, rests, run, trace, traced, went_on};
use crate::command::{Run as _, clusterhat};

fn record(world: &World) -> PathBuf {
    world.folder().join(".world.json.lock.record")
}

fn first_wait(world: &World) -> f64 {
    let mut command = world.command(&["on", "p2", "--dry-run", "--json"]);
    command.env_remove("CLUSTERHAT_SIM_NOWAIT");
    Output::of(&mut command).json()["steps"][0]["wait_s"].as_f64().unwrap()
}

#[test]
fn four_calls_at_once_keep_their_delay() {
    let world = ready("v2.5");
    let on = |node: &str| world.start(&["on", node, "--delay", "0.5"]);
    let running = ["p1", "p2", "p3", "p4"].map(on);
    for running in running {
        let output = running.finish();
        assert_eq!(output.status, 0, "{output:?}");
    }
    let rests = rests(&world);
    assert_eq!(rests.len(), 3);
    assert!(rests.iter().all(|rest| *rest >= Duration::from_millis(500)), "{rests:?}");
}

/// Each waits for what the one before it asked for, whatever it asks for itself.
#[test]
fn one_call_after_the_other_keeps_the_delay_of_the_one_before() {
    let world = ready("two-hats");
    assert_eq!(run(&world, &["on", "p1", "--delay", "0.7"]).status, 0);
    // On the other board.
    assert_eq!(run(&world, &["on", "p5", "--delay", "0.2"]).status, 0);
    assert_eq!(run(&world, &["on", "p2", "--delay", "30"]).status, 0);
    let seen = rests(&world);
    assert!(
        seen[0] >= Duration::from_millis(700) && seen[1] >= Duration::from_millis(200),
        "{seen:?}"
    );
    // Nothing has to go on, so nothing has to be waited for; an `off` never waits.
    let start = Instant::now();
    assert_eq!(run(&world, &["on", "p1"]).status, 0);
    assert_eq!(run(&world, &["off", "p1"]).status, 0);
    let plan = first_wait_of(&world, "p3");
    assert!((10.0..=30.0).contains(&plan), "{plan}");
    // Who asks for no delay does not wait.
    assert_eq!(run(&world, &["on", "p3", "--delay", "0"]).status, 0);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(went_on(&world), [0, 4, 1, 2]);
    // What p2 asked for holds for those who do ask.
    let left = first_wait_of(&world, "p4");
    assert!((5.0..=plan).contains(&left), "{left} of {plan}");
}

fn first_wait_of(world: &World, node: &str) -> f64 {
    let output = run(world, &["on", node, "--dry-run", "--json"]);
    output.json()["steps"][0]["wait_s"].as_f64().unwrap()
}

#[test]
fn the_drop_in_and_cycle_wait_as_well() {
    let world = ready("v2.5");
    assert_eq!(run(&world, &["on", "p1", "--delay", "0.5"]).status, 0);
    let link = world.folder().join("clusterctrl");
    std::os::unix::fs::symlink(clusterhat(), &link).unwrap();
    let mut command = world.program(&link);
    command.env("CLUSTERHAT_SIM", world.path()).env("CLUSTERHAT_DELAY", "0.5").args(["on", "p2"]);
    assert_eq!(Output::of(&mut command).status, 0);
    let cycle = ["cycle", "p1", "--off-time", "0.1", "--delay", "0.1"];
    assert_eq!(run(&world, &cycle).status, 0);
    let seen = rests(&world);
    assert_eq!(went_on(&world), [0, 1, 0]);
    assert!(seen.iter().all(|rest| *rest >= Duration::from_millis(500)), "{seen:?}");
}

/// A call that is killed at any of its transfers leaves a node on or off, and whoever comes next
/// waits where it is on.
#[test]
fn a_kill_at_any_step_leaves_the_delay_to_the_next_call() {
    let delay = Duration::from_millis(400);
    let mut killed_on = 0;
    for transfer in 1..=4 {
        for kind in ["kill-before", "kill-after"] {
            let world = ready("v2.5");
            let mut value = world.read();
            value["faults"] = json!([{"transfer": transfer, "kind": kind}]);
            world.write(&value);
            assert_eq!(run(&world, &["on", "p1", "--delay", "0.4"]).status, 128 + 9);
            let mut left = world.read();
            left.as_object_mut().unwrap().remove("faults");
            world.write(&left);
            assert_eq!(run(&world, &["on", "p2", "--delay", "0.1"]).status, 0);
            let rests = rests(&world);
            assert!(rests.iter().all(|rest| *rest >= delay), "{kind} {transfer}: {rests:?}");
            killed_on += rests.len();
        }
    }
    assert!(killed_on >= 3, "p1 was on after {killed_on} kills only");
}

/// A record of another boot, a spoilt one and none make nobody wait.
#[test]
fn a_record_that_is_not_ours_makes_nobody_wait() {
    let world = ready("v2.5");
    assert_eq!(run(&world, &["on", "p1", "--delay", "100"]).status, 0);
    let text = fs::read_to_string(record(&world)).unwrap();
    assert!(first_wait(&world) > 60.0, "{text}");
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let other = text.replace(boot.trim(), "00000000-0000-0000-0000-000000000000");
    for spoilt in [&other, &text[..text.len() / 2], "", "\u{0}\u{0}\u{0}", "{}"] {
        fs::write(record(&world), spoilt).unwrap();
        assert!(first_wait(&world) <= 0.0, "{spoilt:?}");
    }
    // Nobody waits for longer than any delay may be.
    fs::write(record(&world), text.replace("100000000000\n", "99999999999999\n")).unwrap();
    assert!(first_wait(&world) <= 300.0);
    fs::remove_file(record(&world)).unwrap();
    assert!(first_wait(&world) <= 0.0);
    assert_eq!(run(&world, &["on", "p2", "--delay", "100"]).status, 0);
    assert!(first_wait_of(&world, "p3") > 60.0, "the record was made again");
}

/// Who cannot leave word of the delay waits it out himself, with the lock held.
#[test]
fn without_a_record_the_caller_keeps_the_delay_himself() {
    let world = ready("v2.5");
    let link = record(&world);
    let _ = fs::remove_file(&link);
    fs::create_dir(&link).unwrap();
    fs::set_permissions(&link, fs::Permissions::from_mode(0o755)).unwrap();
    let on = |node: &str| world.start(&["on", node, "--delay", "0.5"]);
    for running in ["p1", "p2"].map(on) {
        let output = running.finish();
        assert_eq!(output.status, 0, "{output:?}");
    }
    let rests = rests(&world);
    assert!(rests.len() == 1 && rests[0] >= Duration::from_millis(500), "{rests:?}");
    assert_eq!(run(&world, &["off"]).status, 0);
    assert!(link.is_dir(), "it was not ours to take away");
}

/// The record lies beside the world: another runtime folder is no way around it.
#[test]
fn another_runtime_folder_has_the_same_record() {
    let world = ready("v2.5");
    assert_eq!(run(&world, &["on", "p1", "--delay", "0.5"]).status, 0);
    let other = world.folder().join("other");
    fs::create_dir(&other).unwrap();
    let mut command = world.command(&["on", "p2"]);
    command.env("XDG_RUNTIME_DIR", &other).env_remove("CLUSTERHAT_SIM_NOWAIT");
    assert_eq!(Output::of(&mut command).status, 0);
    assert!(rests(&world)[0] >= Duration::from_millis(500), "{:?}", trace(&world));
}

/// Where waits take no time, nobody waits for others either.
#[test]
fn a_world_without_waits_has_none() {
    let world = traced("v2.5", |_| {});
    let start = Instant::now();
    for node in ["p1", "p2", "p3"] {
        assert_eq!(world.run(&["on", node, "--delay", "100"]).status, 0);
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert_eq!(went_on(&world), [0, 1, 2]);
}

/// What keeps others from hearing of it is told, and what to do; a plan leaves no word anyway.
#[test]
fn a_record_that_cannot_be_used_is_told() {
    let world = ready("v2.5");
    let path = record(&world);
    let spoil: [&dyn Fn(); 2] = [&|| fs::create_dir(&path).unwrap(), &|| {
        std::os::unix::fs::symlink("/dev/null", &path).unwrap()
    }];
    for (spoil, cause) in spoil.iter().zip(["not a regular file", "symbolic link"]) {
        let _ = fs::remove_file(&path);
        spoil();
        for args in [["on", "p1"], ["off", "p1"], ["cycle", "p1"]] {
            let output = world.run(&args);
            assert_eq!(output.status, 0, "{output:?}");
            let warning = format!("clusterhat: warning: cannot use the record {}", path.display());
            assert!(output.stderr.contains(&warning), "{output:?}");
            assert!(output.stderr.contains(cause), "{output:?}");
            let document = world.run(&[&args[..], &["--json"]].concat()).json();
            assert_eq!(document["warnings"].as_array().map(Vec::len), Some(1), "{document}");
        }
        let plan = world.run(&["on", "p2", "--dry-run", "--json"]).json();
        assert!(plan["warnings"].is_null(), "{plan}");
        let _ = fs::remove_dir(&path);
    }
    let _ = fs::remove_file(&path);
    assert!(world.run(&["on", "p1", "--json"]).json()["warnings"].is_null());
}

/// Seen: it was written over without a word.
#[test]
fn a_damaged_record_is_told_once() {
    let world = ready("v2.5");
    let warning = format!("the record {} was damaged and is begun anew", record(&world).display());
    // Cut off, and spoilt in the middle.
    for text in ["clusterhat 2\nasked i2c", "clusterhat 2\nasked i2c 1\n.\n"] {
        fs::write(record(&world), text).unwrap();
        let output = world.run(&["on", "p1"]);
        assert_eq!(output.status, 0, "{output:?}");
        assert!(output.stderr.contains(&warning), "{output:?}");
        assert!(world.run(&["on", "p1", "--json"]).json()["warnings"].is_null());
    }
}
