//! `clusterhat` on ClusterCTRL boards: what they alone can do, what is asked before it is done, and what
//! is said where a board lacks it.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

#[path = "../command/mod.rs"]
mod command;
mod failures;
mod many;
mod settings;

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::thread;

use clusterhat_tests::command::{Output, World};
use command::{Run as _, clusterhat};
use serde_json::{Value, json};

/// A HAT, and a Triple and a pHAT that have what only other boards have: ACT LEDs, and a fan each.
fn mixed() -> World {
    World::new(&mixed_value())
}

fn mixed_value() -> Value {
    let mut world = World::builtin_value("mixed");
    for bus in ["11", "12"] {
        let board = &mut world["chips"][bus];
        (board["act"], board["fan"], board["eeprom"]["act"]) = (json!(1), json!(0), json!(1));
    }
    world
}

fn board(world: &World, bus: &str) -> Value {
    world.read()["chips"][bus].clone()
}

/// A setting of the Triple (bus 11, order 20) and of the pHAT (bus 12, order 30).
fn both(world: &World, key: &str) -> [Value; 2] {
    ["11", "12"].map(|bus| board(world, bus)[key].clone())
}

/// Done, with these lines.
#[track_caller]
fn done(world: &World, args: &[&str], stdout: &str) {
    let output = world.run(args);
    let expected = Output { status: 0, stdout: stdout.to_owned(), stderr: String::new() };
    assert_eq!(output, expected, "{args:?}");
}

/// Refused with this status, one line that holds these parts, and no change to any board.
#[track_caller]
fn refused(world: &World, args: &[&str], status: i32, parts: &[&str]) {
    let before = world.read();
    let output = world.run(args);
    assert_eq!(output.status, status, "{args:?}: {output:?}");
    assert!(output.stderr.starts_with("clusterhat: "), "{args:?}: {output:?}");
    for part in parts {
        assert!(output.stderr.contains(part), "{args:?}: no {part:?} in {output:?}");
    }
    unchanged(&before, &world.read(), args);
}

/// Data and status registers apart, which hold what was asked last, and writes that were refused.
#[track_caller]
fn unchanged(before: &Value, after: &Value, context: &[&str]) {
    let settings = |world: &Value| {
        let mut world = world.clone();
        for (_, chip) in world["chips"].as_object_mut().unwrap() {
            for register in ["data", "status", "busy"] {
                chip.as_object_mut().unwrap().remove(register);
            }
        }
        world
    };
    assert_eq!(settings(after), settings(before), "{context:?}");
}

#[test]
fn act_is_for_all_boards_or_one() {
    let world = mixed();
    done(&world, &["act", "off"], "ctrl20: ACT LED off\nctrl30: ACT LED off\n");
    assert_eq!(both(&world, "act"), [0, 0]);
    done(&world, &["act", "on", "30"], "ctrl30: ACT LED on\n");
    assert_eq!(both(&world, "act"), [0, 1]);
    let document = world.run(&["act", "off", "30", "--json"]).json();
    assert_eq!(document["command"], "act");
    assert_eq!(document["output"], "act");
    assert_eq!(document["state"], "off");
    assert_eq!(document["boards"], json!([{"board": "ctrl30", "result": "switched"}]));
}

#[test]
fn a_fan_is_the_controller_s_or_a_board_s() {
    let mut value = mixed_value();
    value["config"] = json!("TYPE=c\nFANGPIO=17\n");
    let world = World::new(&value);
    let fans = || {
        let [triple, phat] = both(&world, "fan").map(|fan| fan.as_u64().unwrap());
        let line = world.read().get("gpio").map_or(0, |lines| lines["17"].as_u64().unwrap());
        [line, triple, phat]
    };
    done(&world, &["fan", "on", "c"], "GPIO 17: fan on\n");
    assert_eq!(fans(), [1, 0, 0]);
    done(&world, &["fan", "on", "c"], "GPIO 17: fan on, no change\n");
    done(&world, &["fan", "on", "30"], "ctrl30: fan on\n");
    assert_eq!(fans(), [1, 0, 1]);
    done(&world, &["fan", "off"], "GPIO 17: fan off\nctrl20: fan off\nctrl30: fan off\n");
    assert_eq!(fans(), [0, 0, 0]);
    refused(&world, &["fan", "on", "31"], 2, &["order 31", "20, 30"]);

    value["config"] = json!("TYPE=c\n");
    let world = World::new(&value);
    refused(&world, &["fan", "on", "c"], 2, &["no fan of the controller", "FANGPIO"]);
    done(&world, &["fan", "on"], "ctrl20: fan on\nctrl30: fan on\n");
    for target in ["0", "256", "x", "C", ""] {
        let output = world.run(&["fan", "on", target]);
        assert_eq!(output.status, 2, "{target:?}: {output:?}");
        assert!(output.stderr.contains("an order is 1 to 255; or c, the controller"), "{output:?}");
    }
}

#[test]
fn usb_boot_is_chosen_node_by_node() {
    let world = World::builtin("triple");
    let lines = "p2: USB boot off\np3: USB boot off\n";
    done(&world, &["usbboot", "off", "p2", "p3"], lines);
    assert_eq!(board(&world, "11")["u"], json!([1, 0, 0]));
    done(&world, &["usbboot", "off", "p1..p2"], "p1: USB boot off\np2: USB boot off, no change\n");
    let document = world.run(&["--json", "usbboot", "on", "all"]).json();
    assert_eq!(document["state"], "on");
    let results: Vec<_> =
        document["nodes"].as_array().unwrap().iter().map(|n| &n["result"]).collect();
    assert_eq!(results, ["switched", "switched", "switched"]);
    assert_eq!(board(&world, "11")["u"], json!([1, 1, 1]));
    let status = world.run(&["--json", "status"]).json();
    assert_eq!(status["boards"][0]["usb_boot"], json!(["p1", "p2", "p3"]));
    done(&world, &["usbboot", "on", "p1"], "p1: USB boot on, no change\n");
    assert_eq!(world.run(&["usbboot", "on"]).status, 2, "nodes have to be named");
    refused(&world, &["usbboot", "on", "p4"], 2, &["p4"]);
}

#[test]
fn what_no_board_can_is_a_failure_and_what_some_can_is_told() {
    let (hat, six) = (World::builtin("v2.5"), World::builtin("a+6"));
    for (world, args, output) in [
        (&hat, &["act", "on"][..], "ACT LED"),
        (&hat, &["usbboot", "on", "p1"], "USB boot setting"),
        (&mixed(), &["usbboot", "off", "p1", "p8"], "USB boot setting"),
        (&six, &["wp", "off"], "EEPROM write protection"),
    ] {
        refused(world, args, 1, &[output]);
        let error = world.run(&[args, &["--json"]].concat()).json()["error"].clone();
        assert_eq!(error["kind"], "no-such-output", "{args:?}");
    }
    let world = mixed();
    done(
        &world,
        &["wp", "off"],
        "hat1: initialised first\nhat1: EEPROM write protection off\n\
         ctrl20: cannot switch its EEPROM write protection\n\
         ctrl30: cannot switch its EEPROM write protection\n",
    );
    // Boards of a firmware that knows no fan and no ACT LED.
    let mut old = World::builtin_value("triple");
    for key in ["fan", "act"] {
        old["chips"]["11"][key] = Value::Null;
    }
    let old = World::new(&old);
    refused(&old, &["act", "on", "20"], 1, &["ACT LED"]);
    refused(&old, &["fan", "on", "20"], 1, &["fan"]);
}

#[test]
fn paths_are_told_where_they_are_known() {
    let world = mixed();
    let output = world.run(&["path"]);
    assert_eq!(output.status, 1, "a HAT's nodes are unknown as long as no hub shows: {output:?}");
    assert!(output.stderr.contains("p1") && output.stderr.contains("usb-path"), "{output:?}");
    assert!(output.stdout.contains("p5    1-11.4\n"), "{output:?}");
    done(&world, &["path", "p5..p6"], "NODE  USB PATH\np5    1-11.4\np6    1-11.3\n");
    done(&world, &["getpath", "p9"], "NODE  USB PATH\np9    1-12.3\n");
    let document = world.run(&["--json", "path", "p1", "p8"]).json();
    let nodes = json!([{"node": "p1", "path": null}, {"node": "p8", "path": "1-12.4"}]);
    assert_eq!((&document["command"], &document["nodes"]), (&json!("path"), &nodes));
    assert_eq!(document["error"]["kind"], "no-path");
    // A configured path stands before what a board says.
    let mut value = World::builtin_value("mixed");
    value["clusterhat_toml"] =
        json!("[nodes.p1]\nusb-path = \"1-1.4\"\n[nodes.p5]\nusb-path = \"3-2\"\n");
    let world = World::new(&value);
    done(&world, &["path", "p1", "p5"], "NODE  USB PATH\np1    1-1.4\np5    3-2\n");
    // Nodes that are on no hub.
    let output = World::builtin("stack").run(&["path", "p1"]);
    assert_eq!(output.status, 1, "{output:?}");
    let da = World::builtin("da");
    done(&da, &["path", "p1", "p32"], "NODE  USB PATH\np1    1-11.2.4.4\np32   1-11.1.4.1\n");
}

#[test]
fn the_vendor_s_words_are_hidden_aliases() {
    for (alias, ours) in [
        (&["setorder", "30", "31"][..], &["board", "order", "30", "31"][..]),
        (&["save", "30"], &["board", "save", "30"]),
        (&["saveorder", "30"], &["board", "save", "30", "--what", "order"]),
        (&["saveusbboot", "30"], &["board", "save", "30", "--what", "usbboot"]),
        (&["savepos", "30"], &["board", "save", "30", "--what", "power"]),
        (&["savedefaults", "20", "--yes"], &["board", "save", "20", "--what", "defaults", "--yes"]),
        (&["reset", "30", "--yes"], &["board", "reset", "30", "--yes"]),
        (&["getpath", "p9"], &["path", "p9"]),
    ] {
        let run = |args: &[&str]| {
            let world = mixed();
            let text = world.run(args);
            let other = mixed();
            let mut json = other.run(&[args, &["--json"]].concat()).json();
            json["simulated"].take();
            assert_eq!(world.read(), other.read(), "{args:?}");
            (text, json, world.read())
        };
        assert_eq!(run(alias), run(ours), "{alias:?}");
        assert_eq!(run(alias).0.status, 0, "{alias:?}");
    }
    let help = mixed().run(&["--help"]).stdout;
    for word in [
        "setorder",
        "save",
        "saveorder",
        "saveusbboot",
        "savepos",
        "savedefaults",
        "reset",
        "getpath",
    ] {
        assert!(
            !help.lines().any(|line| line.trim_start().starts_with(&format!("{word} "))),
            "{word}"
        );
    }
}
