//! What the project installs, judged by systemd's own programs.

use crate::{
    guest::{run, sh},
    system,
};

#[test]
fn nothing_has_failed_at_boot() {
    let system = system();
    let failed = sh(&system, "systemctl --no-legend --plain --failed list-units");
    assert_eq!(failed, "", "{}", system.console());
}

#[test]
fn udevadm_finds_no_fault_in_the_rules() {
    let system = system();
    let verified = run(&system, "udevadm verify /usr/lib/udev/rules.d/*clusterhat*.rules 2>&1");
    assert_eq!(verified.status, 0, "{}", verified.stdout);
}

#[test]
fn systemd_finds_no_fault_in_the_units() {
    let system = system();
    // The manual pages are another package's.
    let verified = run(
        &system,
        "systemd-analyze --man=no verify clusterhat-init.service clusterhat-restore.service clusterhat-shutdown.service clusterhat-node.service \
         clusterhat-node-agent.service clusterhat-fan.service clusterhatd.socket clusterhatd.service 2>&1",
    );
    assert_eq!((verified.status, &*verified.stdout), (0, ""));
}

/// 2.0 is where systemd begins to call a unit's exposure more than "OK".
#[test]
fn the_units_are_closed() {
    let system = system();
    for unit in [
        "clusterhat-init",
        "clusterhat-restore",
        "clusterhat-shutdown",
        "clusterhat-node",
        "clusterhat-node-agent",
        "clusterhat-fan",
        "clusterhatd",
    ] {
        let security = format!("systemd-analyze --no-pager --threshold=20 security {unit}.service");
        let output = run(&system, &security);
        assert_eq!(output.status, 0, "{}", output.stdout);
    }
}

#[test]
fn groups_and_run_time_files_come_as_the_files_say() {
    let system = system();
    let again = "systemd-sysusers --dry-run /usr/lib/sysusers.d/clusterhat.conf 2>&1
        systemd-tmpfiles --dry-run --create /usr/lib/tmpfiles.d/clusterhat.conf 2>&1";
    let said = sh(&system, again);
    assert!(!said.contains("Would create group"), "{said}");
    let locks = sh(&system, "cd /run/lock; stat -c '%n %U:%G %a' clusterhat-*");
    assert_eq!(
        locks,
        "clusterhat-lines.lock root:gpio 640\nclusterhat-power-on.lock root:i2c 640\n\
         clusterhat-power.record root:i2c 660"
    );
}

/// Each by the groups that may switch with it, and by nobody else.
#[test]
fn locks_are_for_those_who_may_switch() {
    let system = system();
    let may_read = |lock: &str, groups: &str| {
        let script = format!(
            "setpriv --reuid nobody --regid nogroup {groups} cat /run/lock/clusterhat-{lock}.lock"
        );
        run(&system, &script).status == 0
    };
    let may_write = |groups: &str| {
        let script = format!(
            "setpriv --reuid nobody --regid nogroup {groups} sh -c ': >>/run/lock/clusterhat-power.record'"
        );
        run(&system, &script).status == 0
    };
    assert!(may_write("--groups gpio") && may_write("--groups i2c"));
    assert!(!may_write("--clear-groups"));
    for (lock, i2c) in [("power-on", true), ("lines", false)] {
        assert!(may_read(lock, "--groups gpio"), "{lock}");
        assert_eq!(may_read(lock, "--groups i2c"), i2c, "{lock}");
        assert!(!may_read(lock, "--clear-groups"), "{lock}");
    }
}
