//! `clusterhat-init.service`, and a reboot of the controller.

use clusterhat_tests::{
    chips::{ADDRESS, Expanders},
    vm::system::System,
};
use hat_driver::expander::Chip;

use crate::{
    agent::{AGENT, NO_AGENT, await_agent},
    guest::{run, sh, until},
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

/// Named by the configuration before the HAT's: of an adapter that nobody has plugged in, or of a board that was sold.
#[test]
fn a_bus_that_is_missing_keeps_no_hat_from_being_initialised() {
    let system = system();
    sh(&system, "clusterhat off");
    // It has lost its power, and the controller has not.
    system.expanders().chips = Expanders::new(Chip::Xra1200p, &[ADDRESS]).chips;
    sh(
        &system,
        "cd /etc/clusterhat; cp clusterhat.toml before
         { printf '[[board]]\nbus = 77\nrevision = \"2.5\"\n'; cat before; } >clusterhat.toml",
    );
    let started = run(&system, "systemctl restart clusterhat-init");
    let said = sh(&system, "journalctl -b --no-pager -n 8 --output=cat -u clusterhat-init");
    sh(
        &system,
        "mv /etc/clusterhat/before /etc/clusterhat/clusterhat.toml; systemctl reset-failed",
    );
    assert_eq!(registers(&system), [0x90, 0x00, 0x00, 0x7f], "{said}");
    // What is wrong with the other one is told.
    assert_eq!(started.status, 1, "{said}");
    for part in
        ["hat1: not initialised\nhat2: initialised; no node was on\n", "cannot open /dev/i2c-77"]
    {
        assert!(said.contains(part), "{said}");
    }
}
