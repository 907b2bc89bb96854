//! Cluster HATs alone.

use super::*;

#[test]
fn v1_0_switches_lines() {
    // The recording machine pulled no line up.
    let mut value = World::builtin_value("v1.0");
    value["gpio_pulled"] = json!({});
    let tool = Tool::new(&value);
    let status = |alert, on: &[u8]| {
        head("1", "False", 4) + &hat(1, 0) + &format!("hat_alert:{alert}\n") + &nodes(1, on)
    };
    tool.says(&["status"], &status(0, &ALL_OFF), 0);
    tool.does(&["on", "p2"]);
    assert_eq!(tool.world.read()["gpio"], json!({"13": 1}));
    tool.does(&["on"]);
    tool.does(&["alert", "on"]);
    tool.says(&["status"], &status(1, &ALL_ON), 0);
    for state in ["on", "off"] {
        tool.says(&["hub", state], "ERROR: hub control not supported on Cluster HAT v1.x\n\n", 0);
    }
    for words in [["hub", "reset"], ["led", "off"], ["wp", "off"]] {
        tool.does(&words);
    }
    tool.says(&["status"], &status(1, &ALL_ON), 0);
}

#[test]
fn the_hub_s_pin_is_the_other_way_round_on_v2_0() {
    // The level of pin 5 with the hub on. v3.0: as its initialisation has it (defect 4).
    for (major, minor, level) in [(2, 0, 1), (2, 1, 0), (2, 6, 0), (3, 0, 0), (3, 1, 0)] {
        let tool = Tool::new(&World::builtin_value(&format!("v{major}.{minor}")));
        let status = |hub, led, on: &[u8]| {
            head("1", "False", 4) + &hat(major, minor) + &outputs(major, hub, led, on)
        };
        tool.says(&["status"], &status(1, 1, &ALL_OFF), 0);
        // Write protection on, ALERT off, all nodes off.
        assert_eq!(tool.latch() & 0xef, 0x80 | level << 5, "v{major}.{minor}");
        tool.does(&["hub", "off"]);
        assert_eq!(tool.latch() & 0xef, 0x80 | (1 - level) << 5, "v{major}.{minor}");
        tool.does(&["on", "p1", "p4"]);
        tool.does(&["led", "off"]);
        tool.says(&["status"], &status(0, 0, &[1, 0, 0, 1]), 0);
        tool.does(&["hub", "reset"]);
        tool.says(&["status"], &status(1, 0, &[1, 0, 0, 1]), 0);
        tool.does(&["off"]);
        tool.says(&["status"], &status(1, 0, &ALL_OFF), 0);
    }
}

#[test]
fn nodes_that_the_jumper_powers_stay_on() {
    for (kind, link, chip) in [("xra", "0", "True"), ("pca", "-1", "False")] {
        let mut world = v2_5();
        world["chips"]["1"]["kind"] = json!(kind);
        world["chips"]["1"]["ext"] = json!([1, 1, 1, 1, null, null, null, 0]);
        let tool = Tool::new(&world);
        let outputs = format!(
            "hat_alert:0\nhat_hub:1\nhat_wp:1\nhat_led:1\nhat_wplink:{link}\nhat_xra1200p:{chip}\n"
        );
        let status = head("1", "False", 4) + &hat(2, 5) + &outputs + &nodes(1, &ALL_ON);
        tool.says(&["status"], &status, 0);
        assert_eq!(tool.board("1")["r"].as_array().unwrap()[1..4], [0x9f, 0, 0], "{kind}");
        tool.does(&["init"]);
        assert_eq!(tool.latch(), 0x9f, "{kind}: a second init changes nothing");
    }
    let mut world = v2_5();
    world["chips"]["1"]["ext"] = json!([1, 1, 1, 0, null, null, null, 0]);
    let tool = Tool::new(&world);
    tool.does(&["init"]);
    // The tool knows all or none, and cuts what three of four nodes have: no initialisation does here.
    assert_eq!(tool.latch(), 0x97, "each node keeps what its pin shows");
}

#[test]
fn a_soldered_link_keeps_the_write_protection() {
    let mut world = v2_5();
    world["chips"]["1"]["ext"][7] = json!(1);
    let tool = Tool::new(&world);
    let outputs = "hat_alert:0\nhat_hub:1\nhat_wp:1\nhat_led:1\nhat_wplink:1\nhat_xra1200p:True\n";
    let status = head("1", "False", 4) + &hat(2, 5) + outputs + &nodes(1, &ALL_OFF);
    tool.says(&["status"], &status, 0);
    tool.says(&["wp", "off"], "Unable to disable EEPROM WP (Solder link set)\n", 0);
    tool.says(&["status"], &status, 0);
    tool.does(&["wp", "on"]);
}

#[test]
fn a_forced_version_stands_for_an_eeprom() {
    let mut world = configured("TYPE=c\nCLUSTERHAT_FORCE=2.5\n");
    world.as_object_mut().unwrap().remove("hat");
    let tool = Tool::new(&world);
    let hat = "hat_version:2.5\nhat_version_major:2\nhat_version_minor:5\nhat_size:4\nhat_uuid:NA\n\
               hat_vendor:NA\nhat_pid:NA\nhat_force:2.5\nis_pi5:False\n";
    tool.does(&["on", "p3"]);
    let status = head("2.5", "False", 4) + hat + &outputs(2, 1, 1, &[0, 0, 1, 0]);
    tool.says(&["status"], &status, 0);
}

/// Defect 1: the tool dies after the first node and leaves ALERT lit.
#[test]
fn a_configured_delay_is_a_number() {
    let tool = Tool::new(&configured("TYPE=c\nCLUSTERCTRL_DELAY=0.5\n"));
    tool.does(&["on"]);
    assert_eq!(tool.latch(), 0x9f, "all nodes on, ALERT off");
    tool.does(&["off"]);
    assert_eq!(tool.latch(), 0x90);
    // The waits are there: three between four nodes.
    let mut command = tool.command(&["on"]);
    command.env_remove("CLUSTERHAT_SIM_NOWAIT");
    let start = std::time::Instant::now();
    assert_eq!(Output::of(&mut command).status, 0);
    assert!(start.elapsed().as_secs_f64() >= 1.5, "{:?}", start.elapsed());
}

/// Defect 3: the tool powers P4 too.
#[test]
fn nodes_beyond_the_configured_size_are_left_alone() {
    let tool = Tool::new(&configured("TYPE=c\nCLUSTERHAT_SIZE=3\n"));
    tool.does(&["on", "p1"]);
    tool.does(&["on"]);
    assert_eq!(tool.latch(), 0x97);
    tool.says(&["on", "p4"], "ERROR: Valid options are p1-p3\n", 1);
    tool.says(&["maxpi"], "3\n", 0);
}

/// What another program has configured in part switches off what is an output, as `off` of one node does, though
/// ALERT cannot be lit meanwhile.
#[test]
fn a_partly_configured_expander_switches_off() {
    let partly = || {
        let mut world = v2_5();
        world["chips"]["1"]["r"] = json!([241, 255, 0, 254, 255]);
        Tool::new(&world)
    };
    for words in [&["off"][..], &["off", "p1"]] {
        let tool = partly();
        tool.does(words);
        assert_eq!(tool.latch(), 0xfe, "{words:?}");
    }
    let tool = partly();
    let (stdout, status) = tool.run(&["on"]);
    assert!(stdout.starts_with("ERROR: ") && stdout.contains("0xfe"), "{stdout}");
    assert_eq!((status, tool.latch()), (1, 0xff), "{stdout}");
}
