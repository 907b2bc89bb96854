//! `off` and `cycle` of nodes that run: what is asked first, and where `off` shuts down.

use std::path::Path;

use clusterhat_tests::command::{Output, World};

use crate::command::{Run as _, clusterhat};
use crate::{is_on, json, world};

/// On a terminal where somebody types this.
fn on_terminal(world: &World, args: &str, typed: &str) -> Output {
    let mut shell = world.program(Path::new("sh"));
    let pipe = format!("printf '{typed}' | script -qec \"$PROGRAM {args}\" /dev/null");
    shell.args(["-c", &pipe]).env("PROGRAM", clusterhat()).env("TERM", "dumb");
    shell.env("CLUSTERHAT_SIM", world.path()).env("CLUSTERHAT_SIM_NOWAIT", "1");
    Output::of(&mut shell)
}

#[test]
fn off_asks_on_a_terminal_where_a_node_is_running() {
    let world = world(|_| {});
    let no = on_terminal(&world, "off p1 p2 p3", "n\\n");
    let question = "p[1-2] are running, and may lose data; `clusterhat shutdown p[1-2]` shuts down first. Continue? [y/N]";
    assert!(no.stdout.contains(question), "{no:?}");
    assert!(no.stdout.contains("not confirmed; nothing was done") && is_on(&world), "{no:?}");
    let noise = on_terminal(&world, "off p1", "\\377\\n");
    assert!(noise.stdout.contains("nothing was done") && is_on(&world), "{noise:?}");
    assert_eq!((noise.status, no.status), (1, 1), "{noise:?}");
    for elsewhere in ["2>/dev/null", ">/dev/null"] {
        let no = on_terminal(&world, &format!("off p1 p2 p3 {elsewhere}"), "n\\n");
        assert!(no.stdout.contains(question) && is_on(&world), "{elsewhere}: {no:?}");
    }
    let yes = on_terminal(&world, "off p1", "y\\n");
    assert!(yes.stdout.contains("p1 is running") && !is_on(&world), "{yes:?}");
    let none = on_terminal(&world, "off p1 p3", "");
    assert!(!none.stdout.contains("running"), "nothing to lose: {none:?}");
    // Seen: nothing was asked of nodes whose hub was off.
    assert_eq!(world.run(&["hub", "off"]).status, 0);
    let hidden = on_terminal(&world, "off p2", "n\\n");
    let question = "p2 may be running, as a USB hub that is off hides that, and may lose data; after `clusterhat hub on`, \
                    `clusterhat shutdown p2` shuts down first. Continue? [y/N]";
    assert!(hidden.stdout.contains(question), "{hidden:?}");
    let is_p2_on = |world: &World| world.run(&["is-on", "p2"]).status == 0;
    assert!(hidden.status == 1 && is_p2_on(&world), "{hidden:?}");
    assert_eq!(world.run(&["hub", "on"]).status, 0);
    let sure = on_terminal(&world, "off p2 --yes", "");
    assert!(!sure.stdout.contains("running") && sure.stdout.contains("off"), "{sure:?}");
}

/// Seen: they lost their power without a word before, even with --graceful.
#[test]
fn off_of_all_asks_on_a_terminal_where_places_beyond_the_configured_size_have_power() {
    let world = world(|value| {
        value["config"] = json!("TYPE=c\nCLUSTERHAT_SIZE=2\n");
        value["chips"]["1"]["r"] = json!([0x9c, 0x9c, 0, 0, 0x7f]);
    });
    let latch = || world.read()["chips"]["1"]["r"][1].as_u64().unwrap() & 0xf;
    let beyond = "what has power at hat1:P3 hat1:P4, beyond the configured size, cannot be asked to shut down, and may lose data. \
                  Continue? [y/N]";
    for args in ["off --graceful", "off"] {
        let no = on_terminal(&world, args, "n\\n");
        assert!(no.status == 1 && no.stdout.contains(beyond), "{args}: {no:?}");
        assert_eq!(no.stdout.contains("p[1-2] are running"), args == "off", "{no:?}");
        assert_eq!(latch(), 0xf, "{args}");
    }
    // These leave them alone.
    let named = on_terminal(&world, "off --graceful p1", "");
    assert!(!named.stdout.contains("beyond") && latch() == 0xe, "{named:?}");
    let yes = on_terminal(&world, "off --graceful", "y\\n");
    assert!(yes.status == 0 && latch() == 0, "{yes:?}");
    let none = on_terminal(&world, "off", "");
    assert!(none.status == 0 && !none.stdout.contains("Continue"), "{none:?}");
}

#[test]
fn off_is_a_cut_for_a_script_unless_it_is_graceful() {
    let world = world(|_| {});
    let graceful = world.run(&["off", "p2", "--graceful"]);
    assert!(graceful.stdout.contains("shut down"), "{graceful:?}");
    let cut = world.run(&["off", "p1"]);
    assert_eq!((cut.status, cut.stdout.contains("shut down")), (0, false), "{cut:?}");
    assert!(!is_on(&world));
    let limit = world.run(&["off", "p1", "--timeout", "5"]);
    assert_eq!(limit.status, 2);
    assert!(limit.stderr.contains("add --graceful"), "{limit:?}");
}

#[test]
fn the_configuration_makes_off_graceful() {
    let world = world(|value| value["clusterhat_toml"] = json!("graceful-off = true\n"));
    let graceful = world.run(&["off", "p1"]);
    assert!(graceful.stdout.contains("shut down") && !is_on(&world), "{graceful:?}");
    let cut = world.run(&["off", "p2", "--immediate"]);
    assert!(!cut.stdout.contains("shut down"), "{cut:?}");
}

/// Seen: places beyond the configured size kept their power, with exit status 0. No node there can be asked.
#[test]
fn a_graceful_off_of_all_takes_the_places_beyond_the_configured_size() {
    let world = world(|value| {
        value["config"] = json!("TYPE=c\nCLUSTERHAT_SIZE=2\n");
        value["chips"]["1"]["r"] = json!([0x9c, 0x9c, 0, 0, 0x7f]);
    });
    let latch = || world.read()["chips"]["1"]["r"][1].as_u64().unwrap() & 0xf;
    assert_eq!(latch(), 0xf);
    let plan = world.run(&["off", "--graceful", "--dry-run"]);
    let text = "would shut down p1 p2; each goes off once it has halted\nwould switch off hat1:P3 hat1:P4\n";
    assert_eq!((plan.status, &*plan.stdout), (0, text), "{plan:?}");
    // These name nodes, or cut nothing that cannot be asked.
    assert_eq!(world.run(&["off", "p1", "p2", "--graceful"]).status, 0);
    assert_eq!(world.run(&["shutdown", "all"]).status, 0);
    assert_eq!(latch(), 0xc);
    let (status, document) = json(&world, &["off", "--graceful"]);
    assert_eq!(status, 0, "{document}");
    assert_eq!(document["beyond_size"], json!([{ "board": "hat1", "places": ["P3", "P4"] }]));
    assert_eq!(latch(), 0);
}

/// A dry run that speaks of a cut would have somebody look for another command.
#[test]
fn a_dry_run_says_that_nodes_would_be_shut_down() {
    let world = world(|_| {});
    let plan = world.run(&["off", "--dry-run", "--graceful"]);
    let text = "would shut down p1 p2; each goes off once it has halted\n";
    assert_eq!((plan.status, &*plan.stdout), (0, text), "{plan:?}");
    let (_, document) = json(&world, &["off", "p1", "p3", "--dry-run", "--graceful"]);
    let step = json!({ "wait_s": 0.0, "action": "off", "nodes": ["p1"], "shut_down": true });
    assert_eq!(document["steps"], json!([step]), "{document}");
    let cut = world.run(&["off", "p1", "--dry-run"]);
    assert_eq!(cut.stdout, "would switch off p1\n");
    let none = world.run(&["off", "p3", "--dry-run", "--graceful"]);
    assert_eq!(none.stdout, "no change\n");
    assert!(is_on(&world));

    let mut value = world.read();
    value["clusterhat_toml"] = json!("graceful-off = true\n");
    world.write(&value);
    assert_eq!(world.run(&["off", "--dry-run"]).stdout, text);
    assert_eq!(world.run(&["off", "p1", "--dry-run", "--immediate"]).stdout, cut.stdout);
}

#[test]
fn cycle_asks_on_a_terminal_where_a_node_is_running() {
    let world = world(|_| {});
    let before = world.read()["lives"].clone();
    let no = on_terminal(&world, "cycle p1 p3", "n\\n");
    let question = "p1 is running, and may lose data; `clusterhat reboot p1` restarts without a power cut. Continue? [y/N]";
    assert!(no.stdout.contains(question), "{no:?}");
    assert!(no.stdout.contains("not confirmed; nothing was done"), "{no:?}");
    assert_eq!((no.status, world.read()["lives"].clone()), (1, before.clone()));
    let sure = on_terminal(&world, "cycle p1 --yes", "");
    assert!(!sure.stdout.contains("running") && sure.stdout.contains("power cycled"), "{sure:?}");
    assert_ne!(world.read()["lives"], before);
    let none = on_terminal(&world, "cycle p3", "");
    assert!(!none.stdout.contains("running"), "nothing to lose: {none:?}");
}
