//! A Pi Zero as the controller: ARMv6, so that an instruction of a later one ends the program.

use clusterhat_tests::pi::{Model, Setup};

use crate::{
    V2_5, boot,
    command::{clusterhat, fails, succeeds},
};

const ZERO: Setup<'_> =
    Setup { model: Model::Zero, hat: V2_5, expander: true, nodes: false, parameters: "" };

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn the_package_s_program_runs_on_armv6_and_drives_the_chip() {
    let mut pi = boot(ZERO);
    let cpu = pi.sh("grep -c ARMv6 /proc/cpuinfo").unwrap();
    assert_eq!(cpu.stdout, "1\n");
    let said = succeeds(&mut pi, "off");
    assert!(said.contains("hat1: initialised first"), "{said}");
    assert_eq!(pi.pins().unwrap(), 0x90);
    for (words, pins) in [
        ("on p1..p4 --delay 0.1", 0x9f),
        ("off p2 p3", 0x99),
        ("cycle p1 --off-time 0.1", 0x99),
        ("alert on", 0xd9),
        ("hub off", 0xf9),
        ("hub on", 0xd9),
        ("alert off", 0x99),
        ("off", 0x90),
    ] {
        succeeds(&mut pi, words);
        assert_eq!(pi.pins().unwrap(), pins, "{words}");
    }
    let status = succeeds(&mut pi, "status");
    assert!(status.contains("v2.5 at i2c-1 0x20"), "{status}");
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn a_hat_whose_chip_does_not_answer_is_told_with_its_place() {
    let mut pi = boot(Setup { expander: false, ..ZERO });
    for words in ["status", "on p1", "off", "init"] {
        let error = fails(&mut pi, words, 1);
        assert!(error.contains("board hat1 (v2.5, i2c-1 0x20)"), "{words}: {error}");
        assert!(error.contains("nothing acknowledges at this address"), "{words}: {error}");
    }
    let probed = clusterhat(&mut pi, "boards --probe");
    assert!(!probed.stdout.contains("0x21"), "{probed:?}");
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn a_pi_without_a_hat_has_no_board() {
    let mut pi = boot(Setup { hat: None, expander: false, ..ZERO });
    let output = clusterhat(&mut pi, "status");
    assert_eq!(output.status, 4, "{output:?}");
    assert!(output.stderr.contains("looked at /proc/device-tree/hat"), "{output:?}");
}
