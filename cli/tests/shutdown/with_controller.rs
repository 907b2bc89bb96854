//! `shutdown --when-powering-off`, as clusterhat-shutdown.service runs it, and what is on after the controller's next start.

use clusterhat_tests::command::{Output, World};
use serde_json::{Value, json};

use super::{Programs, is_on, world};
use crate::command::Run as _;

/// systemd's jobs while it powers the controller off.
const POWERING_OFF: &str =
    "11 clusterhat-shutdown.service stop running\n12 poweroff.target start waiting";

/// systemd stops the unit, and has these jobs.
fn stop_unit(world: &World, programs: &Programs, jobs: &str) {
    programs.script("bin/systemctl", &format!("echo '{jobs}'"));
    let args = ["shutdown", "all", "--when-powering-off"];
    let output = Output::of(&mut programs.command(world, &args));
    assert_eq!(output.status, 0, "{output:?}");
}

/// What the units do when the controller starts. The board has kept its power.
fn start_controller(world: &World) {
    for command in ["init", "restore"] {
        let output = world.run(&[command]);
        assert_eq!(output.status, 0, "{output:?}");
    }
}

fn nodes_on(world: &World) -> Vec<Value> {
    let status = world.run(&["status", "--json"]).json();
    let nodes = status["nodes"].as_array().expect("nodes").iter();
    nodes.filter(|node| node["commanded"] == true).map(|node| node["node"].clone()).collect()
}

#[test]
fn the_unit_shuts_nodes_down_with_a_machine_that_is_powered_off_and_with_nothing_else() {
    let (world, programs) = (world(|_| {}), Programs::new(1));
    let systemd = |jobs: &str| {
        stop_unit(&world, &programs, jobs);
        is_on(&world)
    };
    assert!(systemd(""), "the unit alone is stopped");
    assert!(systemd("12 reboot.target start waiting"));
    assert!(systemd("12 kexec.target start waiting"));
    assert!(!systemd(POWERING_OFF));
}

/// Seen: a board that did not answer kept all nodes behind it from being asked, and they ran when the power went.
#[test]
fn a_node_of_an_uncertain_number_is_asked_to_halt_with_the_controller_and_not_cut() {
    let mut value = World::builtin_value("mixed");
    value["chips"]["12"]["busy"] = json!(u32::MAX);
    value["chips"]["11"]["p"] = json!([1, 0, 0]);
    value["nodes"] = json!({ "p5": { "boots_in": 0 } });
    let (world, programs) = (World::new(&value), Programs::new(1));
    programs.script("bin/systemctl", &format!("echo '{POWERING_OFF}'"));
    let args = ["shutdown", "all", "--when-powering-off", "--json"];
    let document = Output::of(&mut programs.command(&world, &args)).json();
    let nodes = document["nodes"].as_array().expect("nodes");
    let p5 = nodes.iter().find(|node| node["node"] == "p5").expect("p5");
    assert_eq!((&p5["transport"], &p5["result"]), (&json!("serial"), &json!("still-on")), "{p5}");
    let why = p5["error"].as_str().expect("why");
    assert!(why.contains("has halted") && why.contains("the numbering is uncertain"), "{why}");
    assert_eq!(world.read()["chips"]["11"]["p"], json!([1, 0, 0]));
}

/// Seen: nothing to shut down, and success.
#[test]
fn where_systemd_cannot_be_asked_nobody_knows_whether_to_shut_down() {
    let (world, programs) = (world(|_| {}), Programs::new(1));
    let no_systemd = "echo 'System has not been booted with systemd' >&2; exit 1";
    for (script, why) in [(Some(no_systemd), "System has not been booted"), (None, "No such file")]
    {
        match script {
            Some(script) => programs.script("bin/systemctl", script),
            None => std::fs::remove_file(programs.path("bin/systemctl")).expect("it is there"),
        }
        let args = ["--json", "shutdown", "all", "--when-powering-off"];
        let mut command = programs.command(&world, &args);
        let output = Output::of(command.env("PATH", programs.path("bin")));
        let error = &output.json()["error"];
        assert_eq!((output.status, &error["kind"]), (1, &json!("not-shut-down")), "{error}");
        let text = format!(
            "cannot tell whether this machine is powering off, so no node was shut down: systemctl: {why}"
        );
        assert!(error["message"].as_str().is_some_and(|said| said.starts_with(&text)), "{error}");
        assert!(is_on(&world));
    }
}

/// The board cannot show that anything is to be restored: it did not lose its power.
#[test]
fn on_a_board_that_kept_its_power_nodes_that_went_down_with_the_controller_are_on_after_its_next_start()
 {
    for (at_boot, back) in [
        ("last", vec!["p1", "p2"]),
        // Nobody has restored the others since the board's power-up.
        ("on", vec!["p1", "p2", "p3", "p4"]),
        ("off", vec![]),
        ("keep", vec![]),
    ] {
        let config = format!("at-boot = \"{at_boot}\"\n");
        let world = world(|value| value["clusterhat_toml"] = json!(config));
        let programs = Programs::new(1);
        stop_unit(&world, &programs, POWERING_OFF);
        assert_eq!(nodes_on(&world), [""; 0], "{at_boot}");
        start_controller(&world);
        assert_eq!(nodes_on(&world), back, "{at_boot}");
        // Once: what is switched off afterwards stays off.
        assert_eq!(world.run(&["off", "p1"]).status, 0);
        start_controller(&world);
        assert!(!is_on(&world), "{at_boot}");
    }
}

/// Nor is a node restored that was off before.
#[test]
fn a_node_that_was_off_before_the_controller_went_down_stays_off() {
    let world = world(|value| value["clusterhat_toml"] = json!("at-boot = \"last\"\n"));
    assert_eq!(world.run(&["off", "p2"]).status, 0);
    stop_unit(&world, &Programs::new(1), POWERING_OFF);
    start_controller(&world);
    assert_eq!(nodes_on(&world), ["p1"]);
}
