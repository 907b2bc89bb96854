//! A v1.x HAT, whose nodes hang on the Pi's own GPIO lines. A line has to keep its level after the
//! process that set it: what a kernel does with one that is let go is another matter on each.

use clusterhat_tests::pi::{Model, Pi, Setup};

use crate::{
    V1_3, boot,
    command::{fails, succeeds},
};

/// BCM numbers of P1 to P4, and of the ALERT LED.
const NODES: [u32; 4] = [6, 13, 19, 26];
const ALERT: u32 = 5;

/// The kernel leaves released lines as they are.
const PERSISTENT: &str = "pinctrl_bcm2835.persist_gpio_outputs=y";

/// The kernel lets root at the registers.
const REGISTERS: &str = "iomem=relaxed";

const PI_3: Setup<'_> =
    Setup { model: Model::Pi3, hat: V1_3, expander: false, nodes: false, parameters: "" };

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn a_kernel_that_would_cut_the_power_is_refused_and_its_cure_named() {
    let mut pi = boot(PI_3);
    let before = pi.lines().unwrap();
    for words in ["status", "on p1", "off", "init", "alert on"] {
        let error = fails(&mut pi, words, 1);
        assert!(error.contains("hat1 (v1.3, GPIO)"), "{words}: {error}");
        assert!(error.contains("would cut the nodes' power"), "{words}: {error}");
        assert!(error.contains(PERSISTENT), "{words}: {error}");
    }
    assert_eq!(pi.lines().unwrap(), before);
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn lines_outlive_the_process_through_the_character_device() {
    let pi = boot(Setup { parameters: PERSISTENT, ..PI_3 });
    switch_all(pi);
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn lines_outlive_the_process_through_the_registers() {
    let pi = boot(Setup { parameters: REGISTERS, ..PI_3 });
    switch_all(pi);
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn lines_outlive_the_process_on_armv6() {
    let pi = boot(Setup { model: Model::Zero, parameters: PERSISTENT, ..PI_3 });
    switch_all(pi);
}

/// Every command, its lines seen from outside after its process has ended, and by the next one.
#[track_caller]
fn switch_all(mut pi: Pi) {
    succeeds(&mut pi, "status");
    assert_eq!((levels(&mut pi), outputs(&mut pi)), ([false; 5], [false; 5]), "a question");
    for (words, nodes, alert) in [
        ("on p1", [true, false, false, false], false),
        ("init", [true, false, false, false], false),
        ("on p3 p4 --delay 0.1", [true, false, true, true], false),
        ("alert on", [true, false, true, true], true),
        ("off p3", [true, false, false, true], true),
        ("cycle p4 --off-time 0.1", [true, false, false, true], true),
        ("init", [true, false, false, true], true),
        ("alert off", [true, false, false, true], false),
    ] {
        succeeds(&mut pi, words);
        let [p1, p2, p3, p4] = nodes;
        assert_eq!(levels(&mut pi), [p1, p2, p3, p4, alert], "{words}");
        // A Pi pulls BCM 5 and 6 up at its start, which lights ALERT and feeds P1: what is not driven is not switched.
        let driven = outputs(&mut pi);
        assert!((0..4).all(|node| driven[node] || !nodes[node]), "{words}: {driven:?}");
        assert!(driven[4] || words != "init" && !alert, "{words}: {driven:?}");
        let status = succeeds(&mut pi, "status");
        for (node, on) in (1..).zip(nodes) {
            let word = if on { "on" } else { "off" };
            let expected = [&format!("p{node}"), "hat1", word, word];
            assert!(status.lines().any(|line| line.split_whitespace().eq(expected)), "{status}");
        }
        assert_eq!(levels(&mut pi), [p1, p2, p3, p4, alert], "status after {words}");
    }
    succeeds(&mut pi, "off");
    assert_eq!(levels(&mut pi), [false; 5]);
}

/// P1 to P4 and ALERT from outside.
fn levels(pi: &mut Pi) -> [bool; 5] {
    let levels = pi.lines().unwrap();
    let [p1, p2, p3, p4] = NODES;
    [p1, p2, p3, p4, ALERT].map(|line| levels >> line & 1 == 1)
}

/// The same lines: which of them the Pi drives.
fn outputs(pi: &mut Pi) -> [bool; 5] {
    let [p1, p2, p3, p4] = NODES;
    [p1, p2, p3, p4, ALERT].map(|line| pi.is_output(line).unwrap())
}
