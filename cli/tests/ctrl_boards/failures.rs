//! Boards that fail, leave or are silent.

use super::*;

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
         ctrl@1-12.2: initialises itself; cannot be used: ClusterCTRL pHAT at USB 1-12.2: cannot read the board's \
         description: nothing acknowledges at this address\n",
    );
    let document = world.run(&["init", "--json"]).json();
    assert_eq!(document.get("error"), None, "{document}");
    let entry = &document["boards"][2];
    assert!(entry["error"].as_str().unwrap().contains("nothing acknowledges"), "{entry}");
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
    // Seen: "no node p8: this controller has p1..p7", which it may well have.
    refused(&world, &["is-on", "p8"], 4, &["1-12.2", "nothing acknowledges"]);
    refused(&world, &["off", "p9"], 1, &["1-12.2", "nothing acknowledges"]);
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
    let told = ["numbering is uncertain", "nothing acknowledges", "switched off: p1 p2 p3 p4"];
    assert!(told.iter().all(|part| output.stderr.contains(part)), "{output:?}");
    refused(
        &world,
        &["network", "setup", "--mode", "nat", "--root", "/", "--dry-run"],
        1,
        &["1-12.2"],
    );
}

/// Without a board that has a place behind it nothing is uncertain, so that nothing but the silent board itself says that it is
/// left out.
#[test]
fn all_nodes_without_those_of_a_silent_board_are_not_all() {
    let mut value = World::builtin_value("mixed");
    value["chips"].as_object_mut().unwrap().remove("12");
    value["chips"]["11"]["busy"] = json!(u32::MAX);
    value["chips"]["11"]["p"] = json!([1, 1, 1]);
    let kept = World::new(&value).run(&["restore"]);
    assert_eq!((kept.status, &*kept.stderr), (0, ""), "what is kept as it is has nothing left out");
    value["clusterhat_toml"] = json!("at-boot = \"off\"\n");
    let world = World::new(&value);
    for args in [
        &["on", "--delay", "0"][..],
        &["cycle", "all", "--off-time", "0.1", "--delay", "0", "--yes"],
        &["on", "--dry-run"],
        &["cycle", "all", "--dry-run"],
        &["off", "--dry-run"],
        &["off", "--graceful", "--dry-run"],
        &["off", "--yes"],
        &["off", "all"],
        &["shutdown", "all"],
    ] {
        let output = world.run(args);
        assert_eq!(output.status, 1, "{args:?}: {output:?}");
        assert!(output.stderr.contains("1-11.1"), "{args:?}: {output:?}");
        assert!(output.stderr.contains("nothing acknowledges"), "{args:?}: {output:?}");
    }
    // At a start, its driver may not be bound yet: no failure of the unit that restores the others.
    for args in [&["restore"][..], &["restore", "--dry-run"]] {
        let output = world.run(args);
        assert!(output.status == 0 && output.stderr.contains("1-11.1"), "{args:?}: {output:?}");
    }
    let document = world.run(&["off", "--json"]).json();
    assert!(document["error"]["message"].as_str().unwrap().contains("1-11.1"), "{document}");
    assert_eq!(document["nodes"].as_array().unwrap().len(), 4, "{document}");
    assert_eq!(board(&world, "11")["p"], json!([1, 1, 1]));
    // Who names the others has them all.
    assert_eq!(world.run(&["on", "p1..p4", "--delay", "0"]).status, 0);
    // What fails on the HAT does not hide it.
    let mut value = world.read();
    value["chips"]["1"]["stuck"] = json!([1, null, null, null, null, null, null, null]);
    world.write(&value);
    let output = world.run(&["off"]);
    let told = ["p1: the pin", "switched off: p2 p3 p4", "1-11.1"];
    assert!(told.iter().all(|part| output.stderr.contains(part)), "{output:?}");
}

/// Whichever node has the number, nobody asks it, and nobody takes its power.
#[test]
fn nodes_of_uncertain_numbers_are_refused_before_anything_is_asked() {
    let mut value = World::builtin_value("mixed");
    value["chips"]["12"]["busy"] = json!(u32::MAX);
    value["chips"]["11"]["p"] = json!([1, 0, 0]);
    let world = World::new(&value);
    assert_eq!(world.run(&["on", "p1", "--delay", "0"]).status, 0);
    let parts = ["p5: the numbering is uncertain", "1-12.2"];
    for args in [
        &["shutdown", "p5"][..],
        &["off", "p5", "--graceful"],
        &["off", "p5", "--graceful", "--force"],
        &["reboot", "p5"],
        &["cycle", "p5", "--off-time", "0.1"],
    ] {
        refused(&world, args, 1, &parts);
    }
    for node in ["p5", "p6"] {
        refused(&world, &["is-on", node], 4, &[&parts[0].replace("p5", node), parts[1]]);
    }
    let document = world.run(&["is-on", "p5", "--json"]).json();
    assert_eq!(document.get("on"), None, "{document}");
    refused(&world, &["is-on", "all"], 4, &["p5 p6 p7: the numbering", "nothing acknowledges"]);
    assert_eq!(world.run(&["is-on", "p1"]).status, 0);
    // The others are shut down all the same.
    let output = world.run(&["shutdown", "p1", "p5"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(parts.iter().all(|part| output.stderr.contains(part)), "{output:?}");
    let document = world.run(&["shutdown", "p1", "p5", "--json"]).json();
    assert_eq!(document["nodes"][0]["result"], "already-off", "{document}");
    assert_eq!(document["nodes"][1]["result"], "unknown", "{document}");
    assert!(document["nodes"][1]["error"].as_str().unwrap().contains(parts[0]), "{document}");
    assert_eq!(board(&world, "11")["p"], json!([1, 0, 0]));
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

/// A transfer that was made again is a retry, on this bus too.
#[test]
fn a_passing_fault_is_counted_as_a_retry() {
    let mut value = World::builtin_value("triple");
    value["faults"] = json!([{"transfer": 3, "kind": "io"}]);
    let document = World::new(&value).run(&["on", "p1", "--json"]).json();
    assert!(document.get("error").is_none(), "{document}");
    assert_eq!(document["bus"]["retries"], 1, "{document}");
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
    // Nor are they taken for switched off by somebody else, after a pause.
    for delay in ["0", "0.05"] {
        world.write(&value);
        let output = world.run(&["on", "--delay", delay]);
        assert_eq!(output.status, 1, "{output:?}");
        let told = ["p2 p4: ", "nodes 2 4 of the board do not follow", "switched on: p1 p3 p5"];
        assert!(told.iter().all(|part| output.stderr.contains(part)), "{output:?}");
        assert!(!output.stdout.contains("another process"), "{output:?}");
        let ons = output.stdout.lines().filter(|line| line.ends_with(" on")).count();
        assert_eq!(ons, 3, "{output:?}");
    }
    let output = world.run(&["cycle", "p1", "p2", "p3"]);
    assert_eq!(output.status, 1, "{output:?}");
    let told = ["p2: ", "node 2 of the board does not follow", "switched on: p1 p3"];
    assert!(told.iter().all(|part| output.stderr.contains(part)), "{output:?}");
    value["chips"]["11"]["stuck"] = json!([1, null, null, null, 1]);
    world.write(&value);
    let output = world.run(&["off"]);
    assert!(output.stderr.contains("p1 p5: "), "{output:?}");
}

/// The pins of a HAT, likewise.
#[test]
fn all_pins_that_do_not_follow_are_named_after_pauses_too() {
    let mut value = World::builtin_value("v2.5");
    value["chips"]["1"]["stuck"] = json!([null, 0, 0, null, null, null, null, null]);
    let world = World::new(&value);
    let output = world.run(&["on", "--delay", "0.05"]);
    assert_eq!(output.status, 1, "{output:?}");
    let told = ["p2 p3: ", "switched on: p1 p4"];
    assert!(told.iter().all(|part| output.stderr.contains(part)), "{output:?}");
    assert!(!output.stdout.contains("another process"), "{output:?}");
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
        "p4    ctrl20  -          absent  absent",
        "p5    ctrl20  off        off     off",
        "p6    ctrl20  off        off     off",
    ];
    assert_eq!((status.status, &lines[..]), (0, &expected[..]), "{status:?}");
    let document = world.run(&["status", "p4", "p5", "--json"]).json();
    assert_eq!(
        document["nodes"],
        json!([
            {"node": "p4", "name": null, "board": "ctrl20", "commanded": null, "seen": null,
             "absent": true, "state": "absent", "since": null},
            {"node": "p5", "name": null, "board": "ctrl20", "commanded": false, "seen": false,
             "state": "off", "since": null},
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
