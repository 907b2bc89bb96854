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
pub(crate) fn registers(system: &System) -> [u8; 4] {
    let chip = &system.expanders().chips[&ADDRESS];
    [chip.latch, chip.polarity, chip.direction, chip.pull_up]
}

#[test]
fn a_reboot_changes_nothing_on_the_board() {
    let mut system = system();
    sh(&system, "clusterhat on p1; touch /var/lib/was-here");
    await_node(&system, 1, &NCM);
    // It would go down if it was asked to.
    sh(&system, AGENT);
    await_agent(&system);
    let before = registers(&system);
    let on = system.plane().unwrap().on().unwrap();
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
    assert_eq!(system.plane().unwrap().on().unwrap(), on);
    sh(&system, NO_AGENT);
}
