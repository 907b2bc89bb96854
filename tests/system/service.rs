//! `clusterhat-node.service` on a machine that is a node, too: the login on its serial port comes and
//! goes with the gadget.

use clusterhat_tests::vm::{Vm, system::System};

use crate::{
    guest::{run, sh, until},
    system,
};

const UNIT: &str = "clusterhat-node.service";
const GETTY: &str = "serial-getty@ttyGS0.service";

/// The login runs and has the terminal open.
const LOGIN: &str = "systemctl -q is-active serial-getty@ttyGS0.service && \
    ls -l /proc/*/fd 2>/dev/null | grep -q /dev/ttyGS0";

/// What its end takes longer by.
const SLOW: &str = "/run/systemd/system/serial-getty@ttyGS0.service.d";

const RELOADED: &str = "[ $(systemctl show -P ActiveState clusterhat-node.service) = active ]";

/// As `clusterhat-node setup` leaves a node, whose other ports are unplugged.
fn prepare(system: &mut System) {
    sh(system, "clusterhat off");
    // By who may just be making one.
    system.remake_nodes(&[]).unwrap();
    sh(
        system,
        "printf 'id = 7\\nudc = \"dummy_udc.0\"\\n' >/etc/clusterhat/node.toml
         ln -sf /usr/lib/systemd/system/serial-getty@.service \
             /etc/systemd/system/getty.target.wants/serial-getty@ttyGS0.service
         systemctl daemon-reload",
    );
}

fn clean_up(vm: &Vm) {
    sh(
        vm,
        "systemctl stop clusterhat-node.service serial-getty@ttyGS0.service
         rm -f /etc/clusterhat/node.toml /etc/systemd/system/getty.target.wants/serial-getty@ttyGS0.service
         systemctl daemon-reload",
    );
}

fn is_there(vm: &Vm, number: u8) {
    until(vm, &format!("[ -d /sys/class/net/ethpi{number} ] && [ -c /dev/ttypi{number} ]"));
    assert_eq!(run(vm, "clusterhat-node status").status, 0);
}

fn device_number(vm: &Vm) -> String {
    sh(vm, "cat $(dirname $(grep -l 3171 /sys/bus/usb/devices/*/idVendor))/devnum")
}

#[test]
fn the_node_s_unit_starts_reloads_restarts_and_stops() {
    let mut system = system();
    prepare(&mut system);
    let vm = &**system;
    sh(vm, &format!("systemctl start {UNIT}"));
    is_there(vm, 7);
    until(vm, LOGIN);
    assert_eq!(sh(vm, &format!("systemctl is-active {UNIT}")), "active");

    let number = device_number(vm);
    sh(vm, &format!("systemctl reload {UNIT}"));
    assert_eq!(device_number(vm), number, "nothing had changed");
    // udev is slow to tell systemd that the old terminal has gone and that a new one is there, and a login takes its time to
    // end.
    sh(
        vm,
        &format!(
            "mkdir -p {SLOW}; printf '[Service]\\nExecStop=sleep 2\\n' >{SLOW}/slow.conf; systemctl daemon-reload
             udevadm control --stop-exec-queue
             sed -i 's/id = 7/id = 8/' /etc/clusterhat/node.toml; systemctl reload --no-block {UNIT}"
        ),
    );
    until(vm, "grep -qx 8 /sys/bus/usb/devices/*/serial");
    sh(vm, "udevadm control --start-exec-queue");
    is_there(vm, 8);
    until(vm, RELOADED);
    until(vm, LOGIN);
    // As long as a login that was started too early would take to end.
    sh(vm, &format!("sleep 4; {LOGIN}; rm -r {SLOW}; systemctl daemon-reload"));

    sh(vm, &format!("systemctl restart {UNIT}"));
    is_there(vm, 8);
    until(vm, LOGIN);

    sh(vm, &format!("systemctl stop {UNIT}"));
    assert_eq!(
        sh(vm, &format!("systemctl is-active {UNIT} {GETTY} || true")),
        "inactive\ninactive"
    );
    sh(vm, "[ ! -e /sys/kernel/config/usb_gadget/clusterhat ]");
    until(vm, "[ ! -e /sys/class/net/ethpi8 ] && [ ! -e /dev/ttypi8 ]");
    assert_eq!(sh(vm, "systemctl --no-legend --plain --failed list-units"), "");
    clean_up(vm);
}

/// The first try fails, as somebody else has the controller; nobody starts it again.
#[test]
fn the_node_s_unit_tries_again_by_itself() {
    let mut system = system();
    prepare(&mut system);
    let vm = &**system;
    let other = "/sys/kernel/config/usb_gadget/other";
    sh(
        vm,
        &format!(
            "modprobe libcomposite; mkdir {other} {other}/functions/acm.x {other}/configs/c.1
             ln -s {other}/functions/acm.x {other}/configs/c.1; echo dummy_udc.0 >{other}/UDC"
        ),
    );
    assert_ne!(run(vm, &format!("systemctl start {UNIT}")).status, 0);
    until(vm, &format!("[ $(systemctl show -P SubState {UNIT}) = auto-restart ]"));
    sh(
        vm,
        &format!(
            "echo >{other}/UDC; rm {other}/configs/c.1/acm.x
             rmdir {other}/configs/c.1 {other}/functions/acm.x {other}"
        ),
    );
    until(vm, &format!("systemctl -q is-active {UNIT}"));
    is_there(vm, 7);

    // A configuration that has to be edited first is not tried again.
    sh(vm, &format!("systemctl stop {UNIT}; echo 'id = 0' >/etc/clusterhat/node.toml"));
    assert_ne!(run(vm, &format!("systemctl start {UNIT}")).status, 0);
    assert_eq!(sh(vm, &format!("systemctl show -P SubState {UNIT}")), "failed");
    sh(vm, &format!("systemctl reset-failed {UNIT}"));
    clean_up(vm);
}

#[test]
fn a_machine_that_is_no_node_does_not_start_it() {
    let system = system();
    sh(&system, &format!("systemctl start {UNIT}"));
    let condition = sh(&system, &format!("systemctl show -P ConditionResult {UNIT}"));
    assert_eq!(condition, "no");
}

/// The network's programs find `usb0` there.
#[test]
fn the_units_come_before_the_network() {
    let system = system();
    for unit in [UNIT, "clusterhat-init.service"] {
        let before = sh(&system, &format!("systemctl show -P Before {unit}"));
        assert!(before.split_whitespace().any(|unit| unit == "network-pre.target"), "{before}");
    }
}
