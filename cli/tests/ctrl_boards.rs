//! `clusterhat` on ClusterCTRL boards: what they alone can do, what is asked before it is done, and what
//! is said where a board lacks it.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

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
fn an_order_lasts_until_the_reset() {
    let world = mixed();
    let output = world.run(&["board", "order", "20", "40"]);
    assert_eq!(output.status, 0, "{output:?}");
    assert!(output.stdout.contains("40") && output.stdout.contains("reset"), "{output:?}");
    assert_eq!(both(&world, "order"), [40, 30]);
    // The nodes follow: p5 is now the pHAT's.
    assert_eq!(world.run(&["on", "p5"]).status, 0);
    assert_eq!(both(&world, "p"), [json!([0, 0, 0]), json!([1, 0])]);
    assert_eq!(world.run(&["board", "save", "40", "--what", "order"]).status, 0);
    assert_eq!(world.run(&["board", "order", "40", "50"]).status, 0);
    assert_eq!(world.run(&["board", "reset", "50", "--yes"]).status, 0);
    assert_eq!(both(&world, "order"), [40, 30]);
}

#[test]
fn an_order_that_is_taken_or_unknown_is_refused() {
    let world = mixed();
    refused(&world, &["board", "order", "20", "30"], 2, &["30", "another ClusterCTRL board"]);
    for args in [
        &["board", "order", "21", "5"][..],
        &["board", "save", "21"],
        &["board", "save", "21", "--what", "defaults", "--yes"],
        &["board", "reset", "21", "--yes"],
        &["act", "on", "21"],
        &["fan", "on", "21"],
        &["setorder", "21", "5"],
        &["reset", "21", "--yes"],
    ] {
        refused(&world, args, 2, &["no ClusterCTRL board has the order 21", "20, 30"]);
        let error = world.run(&[args, &["--json"]].concat()).json()["error"].clone();
        assert_eq!((&error["kind"], &error["exit_status"]), (&json!("no-such-order"), &json!(2)));
    }
    refused(&World::builtin("v2.5"), &["board", "save", "20"], 2, &["none is connected"]);
    for order in ["0", "256", "-1", "x", "", "1.5"] {
        for args in [
            &["board", "order", order, "5"][..],
            &["board", "order", "20", order],
            &["board", "save", order],
            &["board", "reset", order, "--yes"],
            &["act", "on", order],
        ] {
            let before = world.read();
            assert_eq!(world.run(args).status, 2, "{args:?}");
            assert_eq!(world.read(), before, "{args:?}");
        }
    }
}

#[test]
fn each_setting_is_saved_by_its_name() {
    for (what, code) in [
        (None, "0xf0"),
        (Some("all"), "0xf0"),
        (Some("order"), "0xf3"),
        (Some("usbboot"), "0xf4"),
        (Some("power"), "0xf5"),
        (Some("led"), "0xf6"),
    ] {
        let world = mixed();
        let mut args = vec!["--json", "board", "save", "30"];
        args.extend(what.into_iter().flat_map(|what| ["--what", what]));
        let document = world.run(&args).json();
        assert_eq!((&document["command"], &document["board"]), (&json!("board"), &json!("ctrl30")));
        let expected = what.unwrap_or("all");
        assert_eq!((&document["action"], &document["what"]), (&json!("save"), &json!(expected)));
        assert_eq!(both(&world, "saved"), [Value::Null, json!([code])], "{what:?}");
    }
    assert_eq!(mixed().run(&["board", "save", "30", "--what", "nothing"]).status, 2);
}

/// What needs a word first, and what the board was told once it is given. The factory's order is 20,
/// so only the board of that order can go back to it while both are connected.
const DANGEROUS: [(&[&str], [Option<&str>; 2]); 4] = [
    (&["board", "save", "20", "--what", "defaults"], [Some("0xf1"), None]),
    (&["board", "reset", "30"], [None, Some("reset")]),
    (&["savedefaults", "20"], [Some("0xf1"), None]),
    (&["reset", "30"], [None, Some("reset")]),
];

#[test]
fn without_a_terminal_danger_needs_yes() {
    for (args, codes) in DANGEROUS {
        let world = mixed();
        assert_eq!(world.run(&["on", "p9"]).status, 0);
        refused(&world, args, 2, &["--yes", "nothing was done"]);
        let document = world.run(&[args, &["--json"]].concat()).json();
        assert_eq!(document["error"]["kind"], "not-confirmed", "{args:?}");
        // Opening asks each of the two boards for its description, and nothing else is sent.
        assert_eq!(document["bus"]["transfers"], 2, "{args:?}");
        // A yes on a pipe is none: a script has to say it on the command line.
        let mut command = world.command(args);
        let child =
            command.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        // It may have ended already, without reading.
        let _ = child.stdin.take().unwrap().write_all(b"y\n");
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(2), "{args:?}");
        assert_eq!(both(&world, "saved"), [Value::Null, Value::Null], "{args:?}");
        let output = world.run(&[args, &["--yes"]].concat());
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{args:?}: {output:?}");
        let saved = codes.map(|code| code.map_or(Value::Null, |code| json!([code])));
        assert_eq!(both(&world, "saved"), saved, "{args:?}");
    }
}

/// What the command does on a terminal where this is typed.
fn on_terminal(world: &World, args: &str, typed: &str) -> Output {
    let mut command = world.program(Path::new("script"));
    command.env("CLUSTERHAT_SIM", world.path()).env("CLUSTERHAT_SIM_NOWAIT", "1");
    command.args(["-qefc", &format!("{} {args}", clusterhat().display()), "/dev/null"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("script of Debian's package bsdutils");
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    let output = child.wait_with_output().unwrap();
    Output {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn on_a_terminal_it_is_asked() {
    for (typed, goes_on) in
        [("y\n", true), ("yes\n", true), ("n\n", false), ("\n", false), ("q\n", false)]
    {
        let world = mixed();
        let output = on_terminal(&world, "board reset 30", typed);
        assert!(output.stdout.contains("[y/N]"), "{typed:?}: {output:?}");
        assert_eq!(output.status, if goes_on { 0 } else { 2 }, "{typed:?}: {output:?}");
        let expected = if goes_on { json!(["reset"]) } else { Value::Null };
        assert_eq!(board(&world, "12")["saved"], expected, "{typed:?}");
    }
    let world = mixed();
    let output = on_terminal(&world, "board reset 30 --yes", "");
    assert!(!output.stdout.contains("[y/N]") && output.status == 0, "{output:?}");
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

#[test]
fn one_order_on_two_boards_names_their_buses_and_the_way_out() {
    let mut value = World::builtin_value("mixed");
    value["chips"]["12"]["order"] = json!(20);
    let world = World::new(&value);
    for args in [
        &["status"][..],
        &["on", "p5"],
        &["off", "p8"],
        &["boards"],
        &["board", "order", "20", "21"],
    ] {
        let parts = ["i2c-11 and i2c-12", "unplug", "board order 20", "board save", "--what order"];
        refused(&world, args, 1, &parts);
    }
    assert_eq!(world.run(&["status", "--json"]).json()["error"]["kind"], "configuration");
    // The HAT is not in doubt.
    assert_eq!(world.run(&["init"]).status, 0);
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    let output = world.run(&["off"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert_eq!(world.read()["chips"]["1"]["r"][1], 0x90, "switched off all the same");
}

/// A pHAT that never answers: everything else works, and what is left out is told.
#[test]
fn a_board_that_does_not_answer_takes_no_other_away() {
    let mut value = World::builtin_value("mixed");
    value["chips"]["12"]["busy"] = json!(u32::MAX);
    let world = World::new(&value);
    done(
        &world,
        &["init"],
        "hat1: initialised; no node was on\nctrl20: initialises itself\n\
         ctrl@1-12.2: initialises itself\n",
    );
    assert_eq!(world.run(&["on", "p1..p4"]).status, 0);
    refused(&world, &["on", "p5"], 1, &["p5: the numbering is uncertain", "pHAT", "1-12.2"]);
    for args in
        [&["status"][..], &["boards"], &["maxpi"], &["path"], &["inventory", "--format", "hosts"]]
    {
        let output = world.run(args);
        assert_eq!(output.status, 1, "{args:?}: {output:?}");
        assert!(output.stderr.contains("1-12.2"), "{args:?}: {output:?}");
        assert!(!output.stdout.is_empty(), "{args:?}: {output:?}");
    }
    let status = world.run(&["status", "--json"]).json();
    let uncertain: Vec<_> =
        status["nodes"].as_array().unwrap().iter().map(|n| &n["uncertain"]).collect();
    assert_eq!(uncertain[4..], [true, true, true]);
    assert_eq!(uncertain[0], &Value::Null);
    assert!(status["boards"][2]["error"].as_str().unwrap().contains("nothing acknowledges"));
    let boards = world.run(&["boards", "--json"]).json();
    assert_eq!(boards["boards"][2]["clusterctrl"]["order"], Value::Null);
    assert!(boards["boards"][2]["error"].as_str().unwrap().contains("nothing acknowledges"));
    // Without nodes: what is certain.
    let plan = world.run(&["off", "--dry-run"]);
    assert_eq!((plan.status, &*plan.stdout), (1, "would switch off p1 p2 p3 p4\n"), "{plan:?}");
    let output = world.run(&["off"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("switched off: p1 p2 p3 p4"), "{output:?}");
    refused(
        &world,
        &["network", "setup", "--mode", "nat", "--root", "/", "--dry-run"],
        1,
        &["1-12.2"],
    );
}

/// `status --watch` follows a board to another bus, without being started anew.
#[test]
fn a_board_that_is_plugged_in_elsewhere_is_watched_on() {
    let mut value = World::builtin_value("mixed");
    let world = World::new(&value);
    let mut command = world.command(&["status", "--watch=0.1"]);
    let mut watching = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (sender, lines) = std::sync::mpsc::channel();
    let stdout = std::io::BufReader::new(watching.stdout.take().unwrap());
    thread::spawn(move || {
        let read = std::io::BufRead::lines(stdout);
        read.map_while(Result::ok).take_while(|line| sender.send(line.clone()).is_ok()).count()
    });
    let shown = |part: &str| {
        let wait = || lines.recv_timeout(std::time::Duration::from_secs(60)).ok();
        std::iter::from_fn(wait).any(|line| line.contains(part))
    };
    assert!(shown("ctrl30: ClusterCTRL pHAT at i2c-12 0x20; order 30"));
    let phat = value["chips"].as_object_mut().unwrap().remove("12").unwrap();
    value["chips"]["4"] = phat;
    world.write(&value);
    assert!(shown("ctrl30: ClusterCTRL pHAT at i2c-4 0x20; order 30"));
    watching.kill().unwrap();
    watching.wait().unwrap();
}

/// The factory's order is 20: where another board has it, a reset would stop every command.
#[test]
fn defaults_do_not_make_two_boards_of_one_order() {
    let world = mixed();
    let saved = world.run(&["board", "save", "30", "--what", "defaults", "--yes"]);
    let told = saved.status != 0 || saved.stderr.contains("order 20");
    assert!(told, "the Triple has the order 20 already, and nothing is said: {saved:?}");
}

/// A transfer that was made again is a retry, on this bus too.
#[test]
fn a_passing_fault_is_counted_as_a_retry() {
    let mut value = World::builtin_value("triple");
    value["faults"] = json!([{"transfer": 3, "kind": "io"}]);
    let document = World::new(&value).run(&["on", "p1", "--json"]).json();
    assert!(document.get("error").is_none(), "{document}");
    assert_eq!(document["bus"]["retries"], 1, "{document}");
}

#[test]
fn each_board_counts_its_nodes_on() {
    let world = mixed();
    let document = world.run(&["--json", "on", "p4..p5", "p9"]).json();
    let nodes: Vec<_> = document["nodes"].as_array().unwrap().iter().map(|n| &n["node"]).collect();
    assert_eq!(nodes, ["p4", "p5", "p9"]);
    assert_eq!(both(&world, "p"), [json!([1, 0, 0]), json!([0, 1])]);
    assert_eq!(world.read()["chips"]["1"]["r"][1], 0x98);
    assert_eq!(world.run(&["off"]).status, 0);
    assert_eq!(both(&world, "p"), [json!([0, 0, 0]), json!([0, 0])]);
    assert_eq!(world.run(&["maxpi"]).stdout, "9\n");
    // The boards' outputs that go together.
    done(
        &world,
        &["alert", "on"],
        "hat1: ALERT LED on\nctrl20: ALERT LED on\nctrl30: ALERT LED on\n",
    );
    assert_eq!(both(&world, "alert"), [1, 1]);
    assert_eq!(world.run(&["led", "off"]).status, 0);
    assert_eq!(world.run(&["led", "on"]).status, 0);
    assert_eq!(both(&world, "p"), [json!([0, 0, 0]), json!([0, 0])], "LEDs switch no node");
    assert_eq!(world.run(&["hub", "reset"]).status, 0);
}

#[test]
fn a_plan_with_boards_of_both_kinds_writes_nothing() {
    let world = mixed();
    let before = world.read();
    done(
        &world,
        &["on", "p4", "p5", "p9", "--dry-run"],
        "would initialise hat1\nwould switch on p4\nwould wait 1 s\nwould switch on p5\n\
         would wait 1 s\nwould switch on p9\n",
    );
    unchanged(&before, &world.read(), &["--dry-run"]);
}

/// Processes at once, each with a node of its own: none gets another's answer.
#[test]
fn processes_at_once_get_their_own_answers() {
    let world = World::builtin("da");
    thread::scope(|scope| {
        for node in 1..=6 {
            let world = &world;
            scope.spawn(move || {
                let name = format!("p{node}");
                for round in 0..8 {
                    let power = if round % 2 == 0 { "on" } else { "off" };
                    let document =
                        world.run(&["--json", "--lock-limit", "60", power, &name]).json();
                    let changed =
                        json!([{"node": name, "name": null, "power": power, "changed": true}]);
                    assert_eq!(document["nodes"], changed, "{document}");
                    let document =
                        world.run(&["--json", "--lock-limit", "60", "status", &name]).json();
                    assert_eq!(document["nodes"][0]["seen"], power == "on", "{document}");
                    assert_eq!(document["boards"][0]["firmware"], "1.8", "{document}");
                    assert_eq!(document["boards"][0]["voltages_mv"], json!([]), "{document}");
                }
            });
        }
    });
    assert_eq!(board(&world, "11")["p"], json!(vec![0; 32]));
}

#[test]
fn thirty_two_nodes_of_a_da() {
    let world = World::builtin("da");
    assert_eq!(world.run(&["maxpi"]).stdout, "32\n");
    assert_eq!(world.run(&["on", "p1", "p32"]).status, 0);
    let powered = |world: &World| -> u64 {
        board(world, "11")["p"].as_array().unwrap().iter().map(|p| p.as_u64().unwrap()).sum()
    };
    assert_eq!(powered(&world), 2);
    assert_eq!(board(&world, "11")["p"][31], 1);
    refused(&world, &["on", "p33"], 2, &["p32"]);
    assert_eq!(world.run(&["on"]).status, 0);
    assert_eq!(powered(&world), 32);
    assert_eq!(world.run(&["off", "p2..p32"]).status, 0);
    assert_eq!(powered(&world), 1);
}

/// What each kind of board tells of itself: the firmware's own table.
#[test]
fn built_in_boards_have_what_the_real_ones_have() {
    for (name, millivolts, has_temperature, has_fan, has_act, chooses_boot, has_hub) in [
        ("da", json!([]), true, false, false, false, false),
        ("phat", json!([]), false, false, false, false, true),
        ("a+6", json!([5014, 5014]), true, true, true, false, true),
        ("triple", json!([5014]), true, true, false, true, true),
        ("single", json!([]), false, false, false, true, true),
        ("stack", json!([5014, 12002]), true, true, false, false, false),
    ] {
        let world = World::builtin(name);
        let board = world.run(&["--json", "status"]).json()["boards"][0].clone();
        assert_eq!(board["voltages_mv"], millivolts, "{name}");
        assert_eq!(board["temperature_c"].is_number(), has_temperature, "{name}");
        assert_eq!(board["fan"].is_number(), has_fan, "{name}");
        assert_eq!(board["usb_boot"].is_array(), chooses_boot, "{name}");
        for (args, has) in [
            (&["act", "on"][..], has_act),
            (&["fan", "on", "20"], has_fan),
            (&["usbboot", "off", "p1"], chooses_boot),
            (&["hub", "reset"], has_hub),
            (&["path", "p1"], name != "stack"),
        ] {
            let output = world.run(args);
            assert_eq!(output.status, i32::from(!has), "{name} {args:?}: {output:?}");
        }
    }
}

/// Both take a board off the USB, and are done once it is back.
#[test]
fn a_board_that_leaves_the_usb_is_waited_for() {
    for args in [&["hub", "reset"][..], &["board", "reset", "30", "--yes"]] {
        let world = mixed();
        assert_eq!(world.run(&["on", "p1", "p5", "p8"]).status, 0);
        let text = if args[0] == "hub" {
            "hat1: USB hub reset\nctrl20: USB hub reset\nctrl30: USB hub reset\n"
        } else {
            "ctrl30: restarted and back on USB\n"
        };
        done(&world, args, text);
        let phat = board(&world, "12");
        assert_eq!((&phat["returns"], &phat["away"]), (&json!(1), &Value::Null), "{args:?}");
        // A hub's cycle is no restart.
        let power = if args[0] == "hub" { [1, 0] } else { [0, 0] };
        assert_eq!(phat["p"], json!(power), "{args:?}");
        assert_eq!(world.run(&["status"]).status, 0, "{args:?}");
    }
}

/// Where it does not come back, or never leaves, that is said.
#[test]
fn a_board_that_does_not_come_back_is_named() {
    for args in [&["hub", "reset"][..], &["board", "reset", "20", "--yes"]] {
        let mut value = World::builtin_value("triple");
        value["chips"]["11"]["lost"] = json!(true);
        let world = World::new(&value);
        let output = world.run(args);
        assert_eq!(output.status, 1, "{args:?}: {output:?}");
        let told = "the board has left the USB and did not come back within 2";
        assert!(output.stderr.contains("ctrl20") && output.stderr.contains(told), "{output:?}");
        // The command never arrives.
        let mut value = World::builtin_value("triple");
        value["faults"] = json!([{"transfer": 2, "kind": "io"}]);
        let world = World::new(&value);
        let output = world.run(args);
        assert_eq!(output.status, 1, "{args:?}: {output:?}");
        let told = "the board has not left the USB within 5 s";
        assert!(output.stderr.contains(told), "{args:?}: {output:?}");
        assert_eq!(world.run(&["status"]).status, 0, "{args:?}");
    }
}

/// One node's command is spoilt for good: the others are switched off all the same, and told.
#[test]
fn off_goes_on_after_a_node_that_fails() {
    let world = World::builtin("a+6");
    assert_eq!(world.run(&["on"]).status, 0);
    let mut value = world.read();
    // The description and the power of five nodes take 11; p1 takes 2, then p2 is told, three times.
    value["faults"] = json!([{"transfer": 14, "kind": "io"}, {"transfer": 15, "kind": "io"},
        {"transfer": 16, "kind": "io"}]);
    world.write(&value);
    let output = world.run(&["off"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(!output.stdout.contains("p2"), "{output:?}");
    assert_eq!(board(&world, "11")["p"], json!([0, 1, 0, 0, 0]));
    let told = ["p2: cannot run command 0x04 (Off)", "the state is unchanged", "off: p1 p3 p4 p5"];
    assert!(told.iter().all(|part| output.stderr.contains(part)), "{output:?}");
    // The same where its power cannot be asked for.
    value["faults"] = json!([{"transfer": 4, "kind": "io"}, {"transfer": 5, "kind": "io"},
        {"transfer": 6, "kind": "io"}]);
    world.write(&value);
    assert_eq!(world.run(&["off"]).status, 0);
    assert_eq!(board(&world, "11")["p"], json!([0, 0, 0, 0, 0]));
}

#[test]
fn all_nodes_that_do_not_follow_are_named() {
    let mut value = World::builtin_value("a+6");
    value["chips"]["11"]["stuck"] = json!([null, 0, null, 0, null]);
    let world = World::new(&value);
    // In one step: after a pause they would be taken for switched off by somebody else.
    let output = world.run(&["on", "--delay", "0"]);
    assert_eq!(output.status, 1, "{output:?}");
    let told = ["p2 p4: ", "nodes 2 4 of the board do not follow", "switched on: p1 p3 p5"];
    assert!(told.iter().all(|part| output.stderr.contains(part)), "{output:?}");
    value["chips"]["11"]["stuck"] = json!([1, null, null, null, 1]);
    world.write(&value);
    let output = world.run(&["off"]);
    assert!(output.stderr.contains("p1 p5: "), "{output:?}");
}

/// A DA with its second and its eighth HAT alone.
fn da() -> World {
    let mut value = World::builtin_value("da");
    value["chips"]["11"]["hats"] = json!([0, 1, 0, 0, 0, 0, 0, 1]);
    World::new(&value)
}

#[test]
fn nodes_of_a_hat_that_is_not_there_are_absent_and_not_off() {
    let world = da();
    let status = world.run(&["status", "p4..p6"]);
    let lines: Vec<_> = status.stdout.lines().skip(1).take(3).collect();
    let expected = [
        "p4    ctrl20  -          absent",
        "p5    ctrl20  off        off",
        "p6    ctrl20  off        off",
    ];
    assert_eq!((status.status, &lines[..]), (0, &expected[..]), "{status:?}");
    let document = world.run(&["status", "p4", "p5", "--json"]).json();
    assert_eq!(
        document["nodes"],
        json!([
            {"node": "p4", "name": null, "board": "ctrl20", "commanded": null, "seen": null,
             "absent": true},
            {"node": "p5", "name": null, "board": "ctrl20", "commanded": false, "seen": false},
        ])
    );
    // All nodes are those that are there.
    let on = world.run(&["on", "--json"]).json();
    let names: Vec<_> = on["nodes"].as_array().unwrap().iter().map(|node| &node["node"]).collect();
    let there = ["p5", "p6", "p7", "p8", "p29", "p30", "p31", "p32"];
    assert_eq!(names, there, "{on}");
    assert_eq!(board(&world, "11")["p"].as_array().unwrap().iter().filter(|p| **p == 1).count(), 8);
    let off = world.run(&["off"]);
    assert_eq!((off.status, off.stdout.lines().count()), (0, 9), "{off:?}");
    // Who names one is told so, and the others are switched.
    for (args, power) in [(&["on", "p4", "p5"][..], 1), (&["off", "p4", "p5"], 0)] {
        let output = world.run(args);
        assert_eq!(output.status, 1, "{output:?}");
        let told = "clusterhat: absent, because their HAT is not connected: p4\n";
        assert_eq!(output.stderr, told, "{args:?}");
        assert!(!output.stdout.contains("p4"), "{args:?}: {output:?}");
        assert_eq!(board(&world, "11")["p"][4], power, "{args:?}");
    }
    let output = world.run(&["cycle", "p1", "p32", "--dry-run"]);
    assert_eq!((output.status, &*output.stdout), (1, "would switch on p32\n"), "{output:?}");
}

/// A board that does not answer may have any order: giving that to another would make two of one.
#[test]
fn no_board_gets_an_order_that_a_silent_one_may_have() {
    let mut value = World::builtin_value("mixed");
    // What answers there is no ClusterCTRL board.
    value["chips"]["12"]["busy"] = json!(1_000_000);
    let world = World::new(&value);
    let expected = ["ctrl@1-12", "may have the order"];
    refused(&world, &["board", "order", "20", "21"], 2, &expected);
    refused(&world, &["board", "save", "20", "--what", "defaults", "--yes"], 2, &expected);
    assert_eq!(world.run(&["board", "order", "20", "20"]).status, 0, "its own");
}
