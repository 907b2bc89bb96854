//! The closed loop: the command writes the expander, its pins feed the nodes, and what is on the
//! USB then has the nodes' names.

use clusterhat_tests::vm::Vm;

use crate::{
    guest::{run, sh, until},
    system,
};

/// What a node's end looks like on the controller.
pub(crate) struct Names {
    network: &'static str,
    driver: &'static str,
}

/// Of a node that boots from its card.
pub(crate) const NCM: Names = Names { network: "ethpi", driver: "cdc_ncm" };

/// Waits until all of a node's names are there.
pub(crate) fn await_node(vm: &Vm, number: u8, names: &Names) {
    let network = names.network;
    until(
        vm,
        &format!(
            "[ -d /sys/class/net/{network}{number} ] && [ -c /dev/ttypi{number} ] && [ -c /dev/ttypi{number}a ]"
        ),
    );
    let driver = format!("readlink /sys/class/net/{network}{number}/device/driver");
    assert_eq!(sh(vm, &driver).rsplit('/').next(), Some(names.driver));
    for (port, interface) in [("", "02"), ("a", "04")] {
        let tty = format!("/dev/ttypi{number}{port}");
        assert_eq!(sh(vm, &format!("stat -L -c '%U:%G %a' {tty}")), "root:clusterhat 660");
        let properties = sh(vm, &format!("udevadm info --query=property {tty}"));
        for expected in [
            "ID_MM_DEVICE_IGNORE=1".to_owned(),
            format!("ID_USB_INTERFACE_NUM={interface}"),
            format!("ID_USB_SERIAL_SHORT={number}"),
        ] {
            assert!(properties.lines().any(|line| line == expected), "{expected}: {properties}");
        }
    }
}

/// Nothing on the USB is a node's, and no name is left.
fn await_nothing(vm: &Vm) {
    until(
        vm,
        "! grep -qs 3171 /sys/bus/usb/devices/*/idVendor && ! ls /dev/ttypi* /dev/ttyACM* 2>/dev/null \
         && ! ls -d /sys/class/net/ethpi* /sys/class/net/ethupi* 2>/dev/null",
    );
}

fn loop_of(words: &[&str], names: &Names) {
    let mut system = system();
    sh(&system, "clusterhat off");
    if !words.is_empty() {
        system.remake_nodes(words).unwrap();
    }
    await_nothing(&system);
    sh(&system, "clusterhat on p1 p3");
    await_node(&system, 1, names);
    await_node(&system, 3, names);
    assert_eq!(system.plane().unwrap().on().unwrap(), 0b0101);
    assert_eq!(run(&system, "ls -d /dev/ttypi2* /dev/ttypi4*").stdout, "");
    sh(&system, "clusterhat off p1");
    until(&system, &format!("[ ! -e /dev/ttypi1 ] && [ ! -e /sys/class/net/{}1 ]", names.network));
    await_node(&system, 3, names);
    // The controller's end of a link may have the name of the node's own for a moment.
    sh(&system, "[ -e /sys/class/net/usb0 ] || ip link add usb0 type bridge; clusterhat on p1");
    await_node(&system, 1, names);
    assert_eq!(system.plane().unwrap().on().unwrap(), 0b0101);
    sh(&system, "! ip -d link show usb0 | grep -qw bridge || ip link delete usb0; clusterhat off");
    await_nothing(&system);
    if !words.is_empty() {
        system.remake_nodes(&[]).unwrap();
    }
}

#[test]
fn ncm_nodes_come_and_go_with_their_power() {
    loop_of(&[], &NCM);
}

#[test]
#[ignore = "2 minutes: tests/long system"]
fn ecm_nodes_are_those_that_boot_over_usb() {
    loop_of(&["--boot", "usbboot"], &Names { network: "ethupi", driver: "cdc_ether" });
}

#[test]
#[ignore = "2 minutes: tests/long system"]
fn rndis_nodes_are_those_of_old_images() {
    loop_of(&["--ethernet", "rndis"], &Names { network: "ethpi", driver: "rndis_host" });
}
