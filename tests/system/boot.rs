//! `clusterhat-init.service`, and a reboot of the controller.

use clusterhat_tests::{chips::ADDRESS, vm::system::System};

use crate::{
    agent::{AGENT, NO_AGENT, await_agent},
    guest::{sh, until},
    power::{NCM, await_node},
    system,
};

/// The bus may come after the unit's first turn at boot; then it has another.
const INITIALISED: &str = "journalctl -b --no-pager -u clusterhat-init | grep -q Finished";

/// The output latch, polarity, direction and pull-ups.
fn registers(system: &System) -> [u8; 4] {
    let chip = &system.expanders().chips[&ADDRESS];
    [chip.latch, chip.polarity, chip.direction, chip.pull_up]
}

#[test]
fn a_reboot_of_the_controller_changes_nothing_on_the_board() {
    let mut system = system();
    sh(&system, "clusterhat off; clusterhat on p1; touch /var/lib/was-here");
    await_node(&system, 1, &NCM);
    // It would go down if it was asked to.
    sh(&system, AGENT);
    await_agent(&system);
    let before = registers(&system);
    let writes = system.expanders().register_writes;
    system.reboot().unwrap();
    until(&system, INITIALISED);
    assert_eq!(system.expanders().register_writes, writes);
    assert_eq!(registers(&system), before);
    let said = sh(&system, "journalctl -b --no-pager -u clusterhat-init");
    assert!(said.contains("hat1: already initialised; nothing written"), "{said}");
    // The machine's own disk is as it was, and the node comes back by its name.
    sh(&system, "[ -e /var/lib/was-here ]");
    await_node(&system, 1, &NCM);
    assert_eq!(system.plane().unwrap().on().unwrap(), 0b0001);
    sh(&system, NO_AGENT);
}

/// As after a power cut: the chip comes up as its datasheet says, and the bus comes when it comes.
#[test]
fn a_board_that_lost_its_power_is_initialised_at_boot() {
    let mut system = system();
    sh(&system, "clusterhat off");
    for chip in system.expanders().chips.values_mut() {
        (chip.latch, chip.direction, chip.pull_up) = (0xff, 0xff, 0xff);
    }
    system.reboot().unwrap();
    until(&system, INITIALISED);
    assert_eq!(registers(&system), [0x90, 0x00, 0x00, 0x7f]);
    let said = sh(&system, "journalctl -b --no-pager -u clusterhat-init");
    assert!(said.contains("hat1: initialised; no node was on"), "{said}");
}
