//! The closed loop: a command, a pin, a node on the USB.

use std::{
    thread,
    time::{Duration, Instant},
};

use clusterhat_tests::pi::Pi;

use crate::{
    command::{fails, succeeds},
    pi,
};

/// Enumeration takes a second or two in the emulated Pi; this is for a machine that has much else
/// to do.
const LIMIT: Duration = Duration::from_secs(90);

/// Where v2.5's nodes are below the hub: port 5-n carries Pn.
const PATHS: [&str; 4] = ["1-1.4", "1-1.3", "1-1.2", "1-1.1"];

/// QEMU's hub has not the IDs of the HAT's, by which its place would be told.
const CONFIGURATION: &str = "[nodes.p1]\nusb-path = \"1-1.4\"\n[nodes.p2]\nusb-path = \"1-1.3\"\n\
    [nodes.p3]\nusb-path = \"1-1.2\"\n[nodes.p4]\nusb-path = \"1-1.1\"\n";

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn nodes_come_to_the_usb_and_go_with_their_pins() {
    let mut pi = pi();
    await_nodes(&mut pi, &[]);
    succeeds(&mut pi, "on p1..p4 --delay 0.2");
    await_nodes(&mut pi, &[1, 2, 3, 4]);
    succeeds(&mut pi, "off p2");
    await_nodes(&mut pi, &[1, 3, 4]);
    succeeds(&mut pi, "on p2");
    await_nodes(&mut pi, &[1, 2, 3, 4]);
    succeeds(&mut pi, "off");
    await_nodes(&mut pi, &[]);
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn path_leads_to_the_node() {
    let mut pi = pi();
    // The hub is none that a HAT can have: no guess is made.
    let error = fails(&mut pi, "path p1", 1);
    assert!(error.contains("set usb-path in [nodes.pN]"), "{error}");
    pi.sh(&format!("printf '{CONFIGURATION}' >/etc/clusterhat/clusterhat.toml")).unwrap();
    succeeds(&mut pi, "on p3");
    await_nodes(&mut pi, &[3]);
    let said = succeeds(&mut pi, "path");
    let found: Vec<_> =
        said.lines().skip(1).filter_map(|line| line.split_whitespace().last()).collect();
    assert_eq!(found, PATHS);
    let serial = pi.sh(&format!("cat /sys/bus/usb/devices/{}/serial", found[2])).unwrap();
    assert_eq!(serial.stdout, "3\n");
}

/// Waits until exactly these nodes are on the USB, each at its port.
#[track_caller]
fn await_nodes(pi: &mut Pi, expected: &[usize]) {
    let expected: Vec<_> =
        expected.iter().map(|node| format!("{} 0403:6001 {node}", PATHS[node - 1])).collect();
    let script = "
        cd /sys/bus/usb/devices
        for device in 1-1.[1-4]; do
            [ -e $device/$device:1.0 ] || continue
            echo $device $(cat $device/idVendor):$(cat $device/idProduct) $(cat $device/serial)
        done";
    let limit = Instant::now() + LIMIT;
    loop {
        let output = pi.sh(script).unwrap();
        let mut found: Vec<_> = output.stdout.lines().map(str::to_owned).collect();
        // The last port has the first node.
        found.reverse();
        if found == expected {
            return;
        }
        assert!(Instant::now() < limit, "{expected:?} wanted, {found:?} on the USB");
        thread::sleep(Duration::from_millis(50));
    }
}
