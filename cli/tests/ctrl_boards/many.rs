//! Many nodes, many processes, every kind of board.

use super::*;

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
