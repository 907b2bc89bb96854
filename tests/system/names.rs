//! Names hold, and nothing that a device says of itself gets into one unless it is a node's number.

use crate::{
    guest::{sh, until},
    power::{NCM, await_node},
    system,
};

/// Node 4's gadget with another serial number, plugged in until both its drivers have what they make
/// and udev has dealt with it; then the names, and out again.
fn names(serial: &str) -> String {
    let mut system = system();
    sh(&system, "clusterhat off");
    // Nobody is making one any more.
    system.plane().unwrap().on().unwrap();
    sh(&system, "guest-node make 4");
    until(&system, "! grep -qs 3171 /sys/bus/usb/devices/*/idVendor");
    let plug_in = "cd /sys/kernel/config/usb_gadget/node4; echo dummy_udc.3 >UDC";
    let quoted = serial.replace('\'', "'\\''");
    let serial_file = "$(echo /sys/kernel/config/usb_gadget/node4/strings/*/serialnumber)";
    sh(&system, &format!("printf %s '{quoted}' >\"{serial_file}\"; {plug_in}"));
    until(
        &system,
        "set -- /sys/bus/usb/devices/*-1:1.0/net/*; [ -d $1 ] && \
         udevadm info -q property $1 | grep -q ID_NET_DRIVER && \
         [ \"$(udevadm info -q property /dev/ttyACM0 /dev/ttyACM1 | grep -c ID_SERIAL=)\" = 2 ]",
    );
    let found = sh(
        &system,
        "udevadm settle; ls /sys/bus/usb/devices/*-1:1.0/net; cd /dev; find . -name 'tty*pi*' | sort",
    );
    sh(
        &system,
        &format!("cd /sys/kernel/config/usb_gadget/node4; echo >UDC; printf 4 >\"{serial_file}\""),
    );
    found.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn made_up_serial_numbers_get_no_name() {
    for serial in ["0", "01", "253", "1a", "1/../../x", "$(id)"] {
        let found = names(serial);
        assert!(!found.contains("pi"), "{serial}: {found}");
    }
}

#[test]
fn the_last_number_has_its_names() {
    assert_eq!(names("252"), "ethpi252 ./ttypi252 ./ttypi252a");
}

#[test]
fn names_outlive_repeated_events() {
    let system = system();
    sh(&system, "clusterhat on p1");
    await_node(&system, 1, &NCM);
    for action in ["add", "change", "move"] {
        sh(
            &system,
            &format!(
                "udevadm trigger --settle --action={action} --subsystem-match=net --subsystem-match=tty"
            ),
        );
        await_node(&system, 1, &NCM);
    }
    let property = "udevadm info -q property /sys/class/net/ethpi1 | grep ^ID_MM";
    assert_eq!(sh(&system, property), "ID_MM_DEVICE_IGNORE=1");
    sh(&system, "clusterhat off");
}
