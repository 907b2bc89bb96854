//! The shipped rules, as a real systemd-udevd carries them out for a board that is plugged in.

use std::{
    io,
    sync::{Arc, Mutex},
};

use clusterhat_tests::{
    chips::{CtrlBoard, Expanders},
    running::until,
    vm::Vm,
};

use crate::{
    ctrl::{A_PLUS_6, Board, PHAT, TRIPLE, exists, link},
    hat::Hat,
    udev_vm,
};

/// Where the shipped rules lie in the guest.
pub(crate) const RULES: &str = "/usr/lib/udev/rules.d/60-clusterhat.rules";

const UDEVD: &str = "/usr/lib/systemd/systemd-udevd";

/// As on a machine that no board was ever plugged into.
fn without_drivers(vm: &Vm) -> io::Result<()> {
    for module in ["i2c_tiny_usb", "i2c_dev"] {
        vm.run(&["rmmod", module])?;
        assert!(!exists(vm, &format!("/sys/module/{module}")), "{module} is in use");
    }
    Ok(())
}

/// What a link leads to, and the group and the mode of the node.
fn node(vm: &Vm, path: &str) -> io::Result<String> {
    let target = vm.run(&["readlink", path])?.stdout;
    let stat = vm.run(&["stat", "-L", "-c", "%g %a", path])?.stdout;
    Ok(format!("{} {}", target.trim(), stat.trim()))
}

/// The same as it has to be for a board's bus.
fn expected(vm: &Vm, bus: u8) -> io::Result<String> {
    let groups = vm.read_file("/etc/group")?;
    let line = groups.lines().find_map(|line| line.strip_prefix("i2c:x:")).unwrap_or_default();
    Ok(format!("i2c-{bus} {} 660", line.trim_end_matches(':')))
}

fn any_link(vm: &Vm) -> bool {
    vm.run(&["sh", "-c", "ls /dev/ClusterCTRL-*"]).is_ok_and(|list| list.status == 0)
}

/// What udev keeps of a bus (character device 89:N) once it has carried out the rules for it.
fn record(bus: u8) -> String {
    format!("/run/udev/data/c89:{bus}")
}

/// A signal arrives. `udevadm control --exit` may not, and says nothing of it: udevd drops a message that
/// is sent after it has accepted the connection and before it has asked for the senders' credentials.
fn end_udev(vm: &Vm) -> io::Result<()> {
    vm.sh("kill $(pidof systemd-udevd)")?;
    until("udev's end", || vm.run(&["pidof", "systemd-udevd"]).is_ok_and(|pid| pid.status != 0));
    Ok(())
}

/// What the driver was told.
fn new_ids(vm: &Vm) -> io::Result<String> {
    vm.read_file("/sys/bus/usb/drivers/i2c-tiny-usb/new_id")
}

#[test]
fn any_board_on_a_machine_that_never_had_one_gets_its_driver_its_bus_and_its_name() {
    let vm = udev_vm();
    for product in 0x0011..=0x0016 {
        without_drivers(&vm).unwrap();
        let board = Board::plug(&vm, CtrlBoard::new(product, 20)).unwrap();
        assert_eq!(node(&vm, &link(board.bus)).unwrap(), expected(&vm, board.bus).unwrap());
        assert_eq!(new_ids(&vm).unwrap(), format!("3171 {product:04x}\n"));
        let link = link(board.bus);
        drop(board);
        until("the link's removal", || !exists(&vm, &link));
    }
}

#[test]
fn a_board_plugged_in_again_and_a_second_one_have_their_names_and_the_driver_is_told_once() {
    let vm = udev_vm();
    without_drivers(&vm).unwrap();
    let triple = Board::plug(&vm, CtrlBoard::new(TRIPLE, 20)).unwrap();
    drop(triple);
    let triple = Board::plug(&vm, CtrlBoard::new(TRIPLE, 20)).unwrap();
    assert_eq!(new_ids(&vm).unwrap(), "3171 0014\n");
    let phat = Board::plug(&vm, CtrlBoard::new(PHAT, 30)).unwrap();
    let another = Board::plug(&vm, CtrlBoard::new(TRIPLE, 40)).unwrap();
    assert_eq!(new_ids(&vm).unwrap(), "3171 0014\n3171 0012\n");
    for board in [&triple, &phat, &another] {
        assert_eq!(node(&vm, &link(board.bus)).unwrap(), expected(&vm, board.bus).unwrap());
    }
}

#[test]
fn another_adapter_gets_neither_name_nor_group() {
    let vm = udev_vm();
    let triple = Board::plug(&vm, CtrlBoard::new(TRIPLE, 20)).unwrap();
    let hat = Hat::plug(&vm, Expanders::running(0)).unwrap();
    until("udev's record of the other adapter", || exists(&vm, &record(hat.bus)));
    let links = vm.run(&["sh", "-c", "cd /dev; echo ClusterCTRL-*"]).unwrap().stdout;
    assert_eq!(links, format!("ClusterCTRL-{}\n", triple.bus));
    let stat = vm.run(&["stat", "-c", "%g %a", &hat.plugged.path()]).unwrap().stdout;
    assert_eq!(stat, "0 600\n");
}

/// As at a start of the machine: the kernel's own announcements came before udev was there.
#[test]
fn a_board_that_was_there_before_udev_is_found_when_the_events_are_repeated() {
    let vm = udev_vm();
    without_drivers(&vm).unwrap();
    until("the removal of earlier boards' links", || !any_link(&vm));
    end_udev(&vm).unwrap();
    let board = CtrlBoard::new(A_PLUS_6, 20);
    let device = vm.plug_device(board.descriptor(), Arc::new(Mutex::new(board))).unwrap();
    let started = vm.run(&[UDEVD, "--daemon"]).unwrap();
    assert_eq!(started.status, 0, "{started:?}");
    // The guest's own network keeps its name.
    let repeat = ["udevadm", "trigger", "--type=all", "--action=add", "--subsystem-nomatch=net"];
    assert_eq!(vm.run(&repeat).unwrap().status, 0);
    until("the board's link", || any_link(&vm));
    let bus = device.bus().unwrap();
    assert_eq!(node(&vm, &link(bus)).unwrap(), expected(&vm, bus).unwrap());
}

/// `udevadm verify` came with systemd 254; on an older one its own words for a rule that it cannot
/// read are looked for.
#[test]
fn udev_has_nothing_to_complain_of_in_the_rules() {
    let vm = udev_vm();
    let board = Board::plug(&vm, CtrlBoard::new(TRIPLE, 20)).unwrap();
    let device = format!("/sys/bus/usb/devices/{}", board.usb());
    let test = vm.run(&["udevadm", "test", "--action=add", &device]).unwrap();
    let said = test.stdout + &test.stderr;
    let of_rules: Vec<_> =
        said.lines().filter(|line| line.contains(&format!("{RULES}:"))).collect();
    assert!(
        matches!(of_rules[..], [line] if line.contains(" RUN 'kmod load i2c-tiny-usb i2c-dev'")),
        "{said}"
    );
    let verify = vm.run(&["udevadm", "verify", RULES]).unwrap();
    let absent = verify.stderr.contains("Unknown command verb");
    assert!(verify.status == 0 || absent, "{verify:?}");
}
