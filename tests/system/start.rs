//! Losses of power of the whole cluster, and the staggered start after them: `clusterhat-restore.service`.

use clusterhat_tests::{
    chips::{ADDRESS, Expanders},
    vm::system::System,
};

use crate::{
    boot::registers,
    guest::{run, sh, until},
    system,
};

const CONFIGURATION: &str = "/etc/clusterhat/clusterhat.toml";
const DESIRED: &str = "/var/lib/clusterhat/power/desired.json";
const JOURNAL: &str = "journalctl -b --no-pager --output=cat -u clusterhat-restore";

/// Between the first node and the second there is time for whatever comes between.
const DELAY: &str = "delay = 10\\nat-boot = \"last\"";

/// The nodes' power as the pins have it: bit n is node n + 1.
fn on(expanders: &Expanders) -> u8 {
    let chip = &expanders.chips[&ADDRESS];
    if chip.direction == 0 { chip.pins() & 0x0f } else { 0 }
}

pub(crate) fn nodes(system: &System) -> u8 {
    on(&system.expanders())
}

/// The file that says what is wanted of the nodes, but for how often that was requested.
pub(crate) fn desired(system: &System) -> String {
    sh(system, &format!("sed -E 's/,\"requests\":[0-9]+//g' {DESIRED}"))
}

/// Nodes 1 and 3 on, and the others off, as somebody has asked for; what is to come back after a loss of power. What the
/// command writes is not synced by anybody else.
pub(crate) fn ask(system: &System) -> String {
    sh(
        system,
        &format!(
            "cp {CONFIGURATION} /etc/clusterhat/before
             sed -i '1i {DELAY}' {CONFIGURATION}
             sync
             clusterhat off; clusterhat on p1 p3 --delay 0"
        ),
    );
    assert_eq!(nodes(system), 0b0101);
    desired(system)
}

pub(crate) fn clean_up(system: &System) {
    sh(system, &format!("clusterhat off; mv /etc/clusterhat/before {CONFIGURATION}"));
}

/// The bus may come after the system has started all; gives what the unit has said.
pub(crate) fn await_restored(system: &System) -> String {
    until(system, &format!("{JOURNAL} | grep -q -e ^Finished -e ^Failed"));
    sh(system, JOURNAL)
}

/// The machine loses its power as soon as it has switched the first node on, and not the second yet.
fn brown_out(system: &mut System) {
    system.start_until(|expanders| on(expanders) == 0b0001).unwrap();
    system.lose_power().unwrap();
}

/// A reboot in the middle of the start takes nothing away, and the start goes on afterwards.
#[test]
fn nodes_come_back_one_after_the_other_and_a_reboot_meanwhile_takes_none_away() {
    let mut system = system();
    let before = ask(&system);
    system.lose_power().unwrap();
    system.start_until(|expanders| on(expanders) == 0b0001).unwrap();
    // The chip came up as its datasheet says.
    assert_eq!(registers(&system), [0x91, 0x00, 0x00, 0x7f]);
    system.reboot().unwrap();
    let said = await_restored(&system);
    assert_eq!(nodes(&system), 0b0101, "{said}");
    // Only the second one was still to be switched on.
    assert!(said.contains("p3") && said.contains("as last requested"), "{said}");
    assert_eq!(desired(&system), before);
    clean_up(&system);
}

#[test]
#[ignore = "several minutes: tests/long system"]
fn two_starts_in_a_row_that_are_cut_short_are_the_last() {
    let mut system = system();
    let before = ask(&system);
    system.lose_power().unwrap();
    brown_out(&mut system);
    brown_out(&mut system);
    system.start().unwrap();
    let said = await_restored(&system);
    assert_eq!(run(&system, "systemctl is-failed clusterhat-restore").stdout.trim(), "failed");
    assert_eq!(nodes(&system), 0, "{said}");
    assert!(said.contains("the last two starts were cut short"), "{said}");
    assert!(said.contains("clusterhat restore --again"), "{said}");
    // What was asked for is still known.
    sh(&system, "clusterhat restore --again --delay 0; systemctl reset-failed");
    assert_eq!(nodes(&system), 0b0101);
    assert_eq!(desired(&system), before);
    clean_up(&system);
}
