//! `--json`: one document with schema 1 for every call, whatever goes wrong, and a documented status.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use clusterhat_tests::command::{Output, World};
use command::Run as _;
use hat_driver::linux::lock::FileLock;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What each status is for, by `error.kind`.
const KINDS: [(i32, &[&str]); 4] = [
    (1, &["board", "under-voltage", "no-such-output", "output"]),
    (2, &["usage", "nodes", "configuration", "simulation"]),
    (3, &["locked"]),
    (4, &["no-board", "not-controller"]),
];

/// The document, once it is the one that is promised.
fn checked(output: &Output, context: &str) -> Value {
    let context = format!("{context}: {output:?}");
    assert!(output.stdout.ends_with("}\n"), "{context}");
    assert_eq!(output.stdout.lines().count(), 1, "{context}");
    assert_eq!(output.stderr, "", "{context}");
    let document = output.json();
    assert_eq!(document["schema"], 1, "{context}");
    assert!(document["command"].is_string(), "{context}");
    assert!(document["simulated"].is_string(), "{context}");
    let error = &document["error"];
    if output.status == 0 {
        assert!(error.is_null(), "{context}");
        return document;
    }
    assert_eq!(error["exit_status"], output.status, "{context}");
    let message = error["message"].as_str().unwrap();
    assert!(!message.is_empty() && !message.contains('\x1b'), "{context}");
    let kind = error["kind"].as_str().unwrap();
    let (_, kinds) = KINDS.iter().find(|(status, _)| *status == output.status).unwrap();
    assert!(kinds.contains(&kind), "{context}");
    document
}

/// Runs with the flag at both places where it may stand.
fn expect(world: &World, args: &[&str], status: i32) -> Value {
    let state = world.read();
    let before = world.run(&[&["--json"], args].concat());
    let document = checked(&before, &format!("--json {args:?}"));
    assert_eq!(before.status, status, "{args:?}: {before:?}");
    if args.contains(&"--") {
        return document;
    }
    world.write(&state);
    let behind = world.run(&[args, &["--json"]].concat());
    let mut same = checked(&behind, &format!("{args:?} --json"));
    // A usage line shows the flags that were given before the mistake.
    if document["error"]["kind"] == "usage" {
        same["error"]["message"] = document["error"]["message"].clone();
    }
    assert_eq!(same, document, "{args:?}: the place of --json makes a difference");
    assert_eq!(behind.status, status, "{args:?} --json");
    document
}

#[test]
fn every_command_answers() {
    for name in ["v2.5", "v3.1", "v1.3", "two-hats"] {
        let world = World::builtin(name);
        let has_hub = name != "v1.3";
        let has_led = has_hub && name != "v3.1";
        let missing = |has: bool| if has { 0 } else { 1 };
        for (args, status, command, key) in [
            (&["status"][..], 0, "status", "nodes"),
            (&["init"], 0, "init", "boards"),
            (&["init"], 0, "init", "boards"),
            (&["on", "p1"], 0, "on", "nodes"),
            (&["on", "--dry-run"], 0, "on", "steps"),
            (&["on"], 0, "on", "nodes"),
            (&["status", "p1..p2"], 0, "status", "nodes"),
            (&["cycle", "p1"], 0, "cycle", "nodes"),
            (&["cycle", "p1", "--dry-run"], 0, "cycle", "steps"),
            (&["off", "--dry-run"], 0, "off", "steps"),
            (&["off"], 0, "off", "nodes"),
            (&["alert", "on"], 0, "alert", "output"),
            (&["led", "off"], missing(has_led), "led", "output"),
            (&["hub", "off"], missing(has_hub), "hub", "output"),
            (&["hub", "reset"], missing(has_hub), "hub", "output"),
            (&["wp", "off"], missing(has_hub), "wp", "output"),
            (&["fan", "on"], 0, "fan", "output"),
            (&["boards"], 0, "boards", "boards"),
            (&["boards", "--probe"], 0, "boards", "probed"),
            (&["maxpi"], 0, "maxpi", "maxpi"),
        ] {
            let document = expect(&world, args, status);
            assert_eq!(document["command"], command, "{name} {args:?}");
            assert!(!document[key].is_null(), "{name} {args:?}: no {key}: {document}");
        }
    }
}

#[test]
fn what_the_caller_gets_wrong_is_status_2() {
    let world = World::builtin("v2.5");
    for args in [
        &["on", "p9"][..],
        &["on", "p0"],
        &["on", "p[1-4"],
        &["on", ""],
        &["on", "p4..p1"],
        &["off", "p1", "nowhere"],
        &["status", "p1,,p2"],
        &["cycle"],
        &["led"],
        &["led", "maybe"],
        &["hub", "toggle"],
        &["frobnicate"],
        &["--frobnicate"],
        &["on", "--frobnicate"],
        &["on", "--delay", "soon"],
        &["on", "--delay", "-1"],
        &["on", "--delay", "nan"],
        &["on", "--delay", "1e999"],
        &["on", "--delay", "301"],
        &["status", "--watch=never"],
        &["init", "p1"],
        &["--lock-limit", "x", "status"],
        &["--sim", "v9.9", "status"],
        &["--config", "/nonexistent", "status"],
        &["on", "--", "--json"],
        &[],
    ] {
        let document = expect(&world, args, 2);
        assert_ne!(document["error"]["message"], "", "{args:?}");
    }
    assert_eq!(world.read(), World::builtin_value("v2.5"), "something was switched");
}

#[test]
fn a_usage_error_names_its_command() {
    let world = World::builtin("v2.5");
    for (args, command) in [
        (&["on", "p1", "--frob"][..], "on"),
        (&["cycle"], "cycle"),
        (&["led", "maybe"], "led"),
        (&["getpath", "--frob"], "path"),
        (&["setorder", "1"], "board"),
        (&["network", "setup"], "network"),
        (&["--lock-limit", "x", "status"], "status"),
        (&["frobnicate"], ""),
        (&[], ""),
    ] {
        assert_eq!(expect(&world, args, 2)["command"], command, "{args:?}");
    }
}

#[test]
fn a_wrong_configuration_or_world_is_status_2() {
    let mut value = World::builtin_value("v2.5");
    for text in ["delay = \"soon\"", "[[board]\n", "first = 0", "[[board]]\nbus = 7\n"] {
        value["clusterhat_toml"] = json!(text);
        let document = expect(&World::new(&value), &["on", "p1"], 2);
        assert_eq!(document["error"]["kind"], "configuration", "{text}");
    }
    for value in [json!([]), json!({"chips": 3}), json!({"chips": {"1": {"kind": "mcp"}}})] {
        let document = expect(&World::new(&value), &["status"], 2);
        assert_eq!(document["error"]["kind"], "simulation", "{value}");
    }
}

#[test]
fn no_board_is_status_4() {
    for world in [json!({}), json!({"hat": {"product": "Another HAT", "product_ver": "0x0001"}})] {
        for args in [&["status"][..], &["on"], &["off", "p1"], &["init"], &["boards"], &["maxpi"]] {
            let document = expect(&World::new(&world), args, 4);
            assert_eq!(document["error"]["kind"], "no-board", "{args:?}");
            assert!(!document["error"]["searched"].as_array().unwrap().is_empty());
        }
        let document = expect(&World::new(&world), &["boards", "--probe"], 4);
        assert_eq!(document["probed"], json!([]));
    }
}

#[test]
fn a_node_is_no_controller() {
    let mut value = World::builtin_value("v2.5");
    value["config"] = json!("TYPE=node\n");
    let document = expect(&World::new(&value), &["status"], 4);
    assert_eq!(document["error"]["kind"], "not-controller");
}

#[test]
fn a_lock_is_status_3() {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    for (name, args) in [("power-on", &["on", "p2"][..]), ("i2c-1", &["off", "p1"])] {
        let mut lock = FileLock::open(&world.lock(name)).unwrap();
        lock.acquire(std::time::Duration::ZERO).unwrap();
        let document = expect(&world, &[args, &["--lock-limit", "0.05"]].concat(), 3);
        let message = document["error"]["message"].as_str().unwrap();
        assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
        let node = args[1];
        let switched = json!([{"node": node, "power": args[0], "stands": "old"}]);
        assert_eq!(document["error"]["switched"], switched);
    }
}

#[test]
fn a_board_that_fails_is_status_1() {
    for kind in ["nak", "io", "timeout", "io-after"] {
        for transfer in 1..=4 {
            let mut value = World::builtin_value("v2.5");
            value["faults"] = json!([{"transfer": transfer, "kind": kind, "lasting": true}]);
            for args in [&["on", "p1"][..], &["alert", "on"], &["init"]] {
                let document = expect(&World::new(&value), args, 1);
                assert_eq!(document["error"]["kind"], "board", "{args:?}");
            }
            if transfer < 4 {
                let document = expect(&World::new(&value), &["status"], 1);
                assert_eq!(document["boards"][0]["board"], "hat1");
                assert!(document["boards"][0]["error"].is_string());
            }
        }
    }
    let mut value = World::builtin_value("v2.5");
    value["throttled"] = json!(1);
    let document = expect(&World::new(&value), &["on", "p1"], 1);
    assert_eq!(document["error"]["kind"], "under-voltage");
}

/// A healthy board with a PCA9554 gives no sign of trouble.
#[test]
fn a_pca9554_is_no_reason_for_a_warning() {
    let mut value = World::builtin_value("v2.5");
    value["chips"]["1"]["kind"] = json!("pca");
    let world = World::new(&value);
    for args in [["init"], ["status"], ["boards"]] {
        let document = expect(&world, &args, 0);
        assert_eq!(document["bus"]["retries"], 0, "{args:?}");
        let text = world.run(&args);
        assert_eq!(text.stderr, "", "{args:?}");
    }
}

/// Help is for people, and no error.
#[test]
fn help_and_version_stay_text() {
    let world = World::builtin("v2.5");
    for args in [["--json", "--help"], ["--json", "--version"], ["--json", "-h"]] {
        let output = world.run(&args);
        assert_eq!((output.status, &*output.stderr), (0, ""), "{args:?}");
        assert!(output.stdout.starts_with("clusterhat") || output.stdout.contains("Usage:"));
    }
}

/// Whoever reads the output may stop reading: what was asked for is done.
#[test]
fn a_closed_pipe_is_no_error() {
    let world = World::builtin("v2.5");
    let mut child = world
        .command(&["on", "p1", "--json"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(world.read()["chips"]["1"]["r"][1], 0x91);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_words_get_one_document(
        command in prop::sample::select(vec!["on", "off", "cycle", "status"]),
        words in prop::collection::vec("[p0-9,.\\[\\]&!^ n\u{e9}-]{0,8}|[ -~]{0,6}", 0..4),
    ) {
        let world = World::builtin("v2.5");
        let words: Vec<_> = words.iter().map(|word| word.replace('\0', "")).collect();
        let mut args = vec!["--json", command];
        // What looks like an option is one: only words are asked about here.
        args.push("--");
        args.extend(words.iter().map(String::as_str));
        let output = world.run(&args);
        checked(&output, &format!("{args:?}"));
        prop_assert!([0, 2].contains(&output.status), "{:?}: {:?}", args, output);
        if output.status == 2 {
            prop_assert_eq!(world.read(), World::builtin_value("v2.5"));
        }
    }
}
