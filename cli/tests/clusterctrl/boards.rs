//! ClusterCTRL boards beside a HAT.

use super::*;

/// Five nodes that choose how they boot.
fn six() -> Value {
    let mut world = World::builtin_value("a+6");
    let board = &mut world["chips"]["11"];
    (board["adc"], board["temp"]) = (json!([[1, 778]]), Value::Null);
    (board["u"], board["eeprom"]["u"]) = (json!([1, 1, 1, 1, 1]), json!([1, 1, 1, 1, 1]));
    world
}

#[test]
fn boards_follow_the_hat_by_their_order() {
    let ctrl = |order: u8, text: &str| format!("ctrl{order}:FW:1.8 ADC1:5014mV FAN:{text}\n");
    let status = |bus: &str,
                  triple: (u8, usize),
                  phat: (u8, usize),
                  on: [&[u8]; 2],
                  hat_on: &[u8]| {
        let (triple_lines, phat_lines) = (
            ctrl(triple.0, "00000000") + &nodes(triple.1, on[0]),
            ctrl(phat.0, "00000000") + &nodes(phat.1, on[1]),
        );
        let ctrls =
            if triple.0 < phat.0 { triple_lines + &phat_lines } else { phat_lines + &triple_lines };
        head("1", "2", 9) + bus + &hat(2, 5) + &outputs(2, 1, 1, hat_on) + &ctrls
    };
    let tool = Tool::new(&mixed());
    tool.does(&["on", "p4", "p5", "p9"]);
    let expected = status(
        "ctrl_bus:20:11:3 30:12:2 \n",
        (20, 5),
        (30, 8),
        [&[1, 0, 0], &[0, 1]],
        &[0, 0, 0, 1],
    );
    tool.says(&["status"], &expected, 0);
    // The order rules, not the bus.
    tool.does(&["setorder", "20", "40"]);
    let expected = status(
        "ctrl_bus:30:12:2 40:11:3 \n",
        (40, 7),
        (30, 5),
        [&[1, 0, 0], &[0, 1]],
        &[0, 0, 0, 1],
    );
    tool.says(&["status"], &expected, 0);
    tool.does(&["off", "p6"]);
    assert_eq!(tool.board("12")["p"], json!([0, 0]));
    tool.says(&["on", "p10"], "ERROR: Valid options are p1-p9\n", 1);
    let duplicate = tool.run(&["setorder", "30", "40"]);
    assert!(duplicate.0.starts_with("ERROR: ") && duplicate.1 == 1, "{duplicate:?}");
    assert_eq!(tool.board("12")["order"], 30);
}

#[test]
fn an_alert_is_that_of_the_node_s_board() {
    let tool = Tool::new(&mixed());
    let alerts = || [tool.board("11")["alert"].clone(), tool.board("12")["alert"].clone()];
    tool.does(&["alert", "on", "p8"]);
    assert_eq!((alerts(), tool.latch()), ([json!(0), json!(1)], 0x90));
    tool.does(&["alert", "on"]);
    assert_eq!((alerts(), tool.latch()), ([json!(1), json!(1)], 0xd0));
    tool.does(&["alert", "off", "p1", "p5"]);
    assert_eq!((alerts(), tool.latch()), ([json!(0), json!(1)], 0x90));
}

#[test]
fn all_nodes_of_all_boards_go_on_and_off() {
    let tool = Tool::new(&mixed());
    tool.does(&["on"]);
    assert_eq!(tool.latch(), 0x9f);
    assert_eq!(
        (&tool.board("11")["p"], &tool.board("12")["p"]),
        (&json!([1, 1, 1]), &json!([1, 1]))
    );
    assert_eq!((&tool.board("11")["alert"], &tool.board("12")["alert"]), (&json!(0), &json!(0)));
    // LEDs of a pHAT: its own command for all at once would power its nodes.
    tool.does(&["off"]);
    for state in ["off", "on"] {
        tool.does(&["led", state]);
        assert_eq!(tool.board("12")["p"], json!([0, 0]), "led {state}");
    }
}

#[test]
fn one_order_on_two_boards_stops_every_command() {
    let mut world = mixed();
    world["chips"]["12"]["order"] = json!(20);
    let tool = Tool::new(&world);
    let text = "ERROR: Duplicate ClusterCTRL 'order' found\nI2C Bus: 11 Order: 20\nI2C Bus: 12 Order: 20\n";
    for words in [&["status"][..], &["on"], &["off", "p1"], &["maxpi"], &["save", "20"]] {
        tool.says(words, text, 1);
    }
    assert_eq!(tool.board("11")["p"], json!([0, 0, 0]));
    assert_eq!(tool.latch(), 0x90, "initialised: the HAT is not in doubt");
}

/// What is left out comes first: scripts read the last lines.
#[test]
fn a_board_that_cannot_be_opened_leaves_the_others_to_work() {
    let mut world = mixed();
    world["chips"]["12"]["busy"] = json!(u32::MAX);
    let tool = Tool::new(&world);
    tool.does(&["init"]);
    tool.does(&["on", "p1", "p4"]);
    let (text, status) = tool.run(&["status"]);
    let (error, rest) = text.split_once('\n').unwrap();
    assert!(error.starts_with("ERROR: ") && error.contains("pHAT"), "{text}");
    assert!(rest.contains("clusterctrl:1\nmaxpi:7\n"), "{text}");
    assert!(rest.contains("p1:1\np2:0\np3:0\np4:1\nctrl20:") && !rest.contains("p5:"), "{text}");
    assert_eq!(status, 1);
    let (text, status) = tool.run(&["on", "p5"]);
    assert!(text.starts_with("ERROR: p5: the numbering is uncertain") && status == 1, "{text}");
    let (text, status) = tool.run(&["off"]);
    assert!(text.starts_with("ERROR: ") && status == 1, "{text}");
    assert_eq!(tool.latch(), 0x90);
    assert_eq!(tool.board("11")["alert"], json!(0));
}

#[test]
fn each_board_that_cannot_be_opened_is_told() {
    let mut world = mixed();
    for bus in ["11", "12"] {
        world["chips"][bus]["busy"] = json!(u32::MAX);
    }
    let tool = Tool::new(&world);
    for words in [&["act", "on"][..], &["led", "off"], &["alert", "on"], &["hub", "on"], &["on"]] {
        let (text, status) = tool.run(words);
        assert!(text.contains("1-11.1") && text.contains("1-12.2"), "{words:?}: {text}");
        assert_eq!(status, 1, "{words:?}: {text}");
    }
}

#[test]
fn usb_boot_lines_stand_between_the_nodes() {
    let tool = Tool::new(&six());
    let status = |p: [u8; 5], u: [u8; 5]| {
        let lines = (0..5).map(|n| format!("p{}:{}\nu{}:{}\n", n + 1, p[n], n + 1, u[n]));
        head("False", "1", 5)
            + "ctrl_bus:20:11:5 \nctrl20:FW:1.8 ADC1:5014mV FAN:00000000\n"
            + &lines.collect::<String>()
    };
    tool.says(&["status"], &status([0; 5], [1; 5]), 0);
    tool.does(&["usbboot", "off", "p2", "p5"]);
    tool.does(&["on", "p5"]);
    tool.says(&["status"], &status([0, 0, 0, 0, 1], [1, 0, 1, 1, 0]), 0);
    tool.does(&["usbboot", "on", "p2"]);
    tool.says(&["status"], &status([0, 0, 0, 0, 1], [1, 1, 1, 1, 0]), 0);
    for words in [&["usbboot", "on"][..], &["usbboot"], &["usbboot", "p1"]] {
        tool.says(words, "Error: Missing arguments\n", 0);
    }
    tool.says(&["saveusbboot", "20"], "saved\n", 0);
    tool.says(&["reset", "20"], "reset\n", 0);
    tool.says(&["status"], &status([0; 5], [1, 1, 1, 1, 0]), 0);
    tool.says(&["savedefaults", "20"], "saved\n", 0);
    tool.says(&["reset", "20"], "reset\n", 0);
    tool.says(&["status"], &status([0; 5], [1; 5]), 0);
}

/// Defect 7: the tool walks on to later boards with node numbers of 0 and less.
#[test]
fn usb_boot_touches_the_node_s_board_alone() {
    let (mut world, six) = (mixed(), six()["chips"]["11"].clone());
    let mut later = six.clone();
    later["order"] = json!(99);
    world["chips"]["13"] = six;
    world["chips"]["13"]["order"] = json!(50);
    world["chips"]["14"] = later;
    let tool = Tool::new(&world);
    // p1 is on the HAT, p5 on the Triple: neither can choose.
    tool.does(&["usbboot", "off", "p1", "p5"]);
    tool.does(&["usbboot", "off", "p11"]);
    assert_eq!(tool.board("13")["u"], json!([1, 0, 1, 1, 1]));
    assert_eq!(tool.board("14")["u"], json!([1, 1, 1, 1, 1]));
}

/// Defect 10: 1.10 is no 1.1, and firmware other than 1.6 has a fan too.
#[test]
fn firmware_1_10_is_told_whole() {
    let mut world = World::builtin_value("triple");
    world["chips"]["11"]["fw"] = json!([1, 10]);
    world["chips"]["11"]["temp"] = json!([2, 270]);
    world["chips"]["11"]["adc"] = json!([[1, 778], [2, 360]]);
    let tool = Tool::new(&world);
    tool.does(&["fan", "on", "20"]);
    let (text, _) = tool.run(&["status"]);
    let line = text.lines().find(|line| line.starts_with("ctrl20:"));
    assert_eq!(line, Some("ctrl20:FW:1.10 ADC1:5014mV ADC2:12002mV T1:18.85C FAN:00000001"));
    assert_eq!(text.lines().last(), Some("u3:1"), "nothing behind the last node");
}
