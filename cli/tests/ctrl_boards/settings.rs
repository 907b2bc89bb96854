//! What a board keeps, and what is asked before it is changed.

use super::*;

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
        assert_eq!(output.status, if goes_on { 0 } else { 1 }, "{typed:?}: {output:?}");
        let expected = if goes_on { json!(["reset"]) } else { Value::Null };
        assert_eq!(board(&world, "12")["saved"], expected, "{typed:?}");
    }
    let world = mixed();
    let output = on_terminal(&world, "board reset 30 --yes", "");
    assert!(!output.stdout.contains("[y/N]") && output.status == 0, "{output:?}");
}

/// The factory's order is 20: where another board has it, a reset would stop every command.
#[test]
fn defaults_do_not_make_two_boards_of_one_order() {
    let args = ["board", "save", "30", "--what", "defaults", "--yes"];
    let told = ["another ClusterCTRL board has the order 20, the factory default"];
    refused(&mixed(), &args, 2, &told);
}

/// Seen: each of these was told as done, and from then on every command failed.
#[test]
fn an_order_that_comes_back_with_a_reset_is_told() {
    let twins = "the ClusterCTRL boards on i2c-11 and i2c-12 have the same order, 20";
    // No board has it yet.
    let mut value = mixed_value();
    let triple = &mut value["chips"]["11"];
    (triple["order"], triple["eeprom"]["order"]) = (json!(40), json!(40));
    let world = World::new(&value);
    for order in ["30", "40"] {
        let saved = world.run(&["board", "save", order, "--what", "defaults", "--yes"]);
        let told = format!(
            "clusterhat: warning: from its next reset, the order of ctrl{order} is 20: reset it before the defaults \
             of another board are saved\n"
        );
        assert_eq!((saved.status, saved.stderr), (0, told));
    }
    done(&world, &["board", "reset", "30", "--yes"], "ctrl20: restarted and back on USB\n");
    let reset = world.run(&["board", "reset", "40", "--yes"]);
    assert_ne!(reset.status, 0, "{reset:?}");
    assert!(reset.stderr.contains(twins) && reset.stdout.contains("restarted"), "{reset:?}");

    // The one that has it saved has another one for now.
    let world = mixed();
    for args in [["20", "50"], ["30", "20"]] {
        assert_eq!(world.run(&[&["board", "order"], &args[..]].concat()).status, 0);
    }
    let reset = world.run(&["--json", "board", "reset", "50", "--yes"]);
    let document = reset.json();
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains(twins) && message.contains("unplug all but one"), "{message}");
    assert_eq!(document["action"], "reset", "{document}");
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
    // Nor is it told that no board has the one that the silent one has.
    for args in [
        &["fan", "on", "30"][..],
        &["act", "on", "30"],
        &["board", "save", "30"],
        &["board", "reset", "30", "--yes"],
    ] {
        refused(&world, args, 2, &["ctrl@1-12", "may have the order 30"]);
    }
    assert_eq!(world.run(&["board", "order", "20", "20"]).status, 0, "its own");
}
