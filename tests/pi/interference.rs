//! Others that use the chip while the command does.

use crate::{command::succeeds, pi};

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn what_another_program_switched_is_seen_and_left_alone() {
    let mut pi = pi();
    // Behind the command's back, past every lock.
    pi.set_pin(2, true).unwrap();
    let status = succeeds(&mut pi, "status");
    assert!(
        status.lines().any(|line| line.split_whitespace().eq(["p3", "hat1", "on", "on"])),
        "{status}"
    );
    succeeds(&mut pi, "on p1");
    assert_eq!(pi.pins().unwrap(), 0x95);
    let other = pi.sh("i2cset -y 1 0x20 1 0x9d").unwrap();
    assert_eq!(other.status, 0, "{other:?}");
    succeeds(&mut pi, "off p1");
    assert_eq!(pi.pins().unwrap(), 0x9c);
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn another_program_in_the_pause_between_two_nodes_loses_nothing() {
    let mut pi = pi();
    // The other one waits until p1 is on, and then adds p4; p2 comes seconds later.
    let script = "
        clusterhat on p1 p2 --delay 3 >/tmp/on 2>&1 &
        while latch=$(i2cget -y 1 0x20 1); [ $((latch & 1)) = 0 ]; do :; done
        i2cset -y 1 0x20 1 $((latch | 8))
        wait $!";
    let output = pi.sh(script).unwrap();
    assert_eq!(output.status, 0, "{output:?}");
    assert_eq!(pi.pins().unwrap(), 0x9b, "p1, p2 and the other's p4");
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn two_at_once_lose_nothing_of_each_other() {
    let mut pi = pi();
    let script = "
        for node in p1 p2 p3 p4; do clusterhat on $node --delay 0 & done
        wait";
    let output = pi.sh(script).unwrap();
    assert_eq!((output.status, pi.pins().unwrap()), (0, 0x9f), "{output:?}");
}
