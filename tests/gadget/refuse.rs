//! What cannot be, and what the command says of it.

use clusterhat_tests::vm::Vm;

use crate::{
    guest::{UDCS, configfs, document, fails, find, node, sh},
    vm,
};

/// Fails without having touched anything.
fn refused(vm: &Vm, words: &str, status: i32) -> String {
    let before = configfs(vm);
    let error = fails(vm, words, status);
    assert_eq!(configfs(vm), before, "{words}");
    error
}

#[test]
fn a_virtual_controller_is_not_taken_by_itself() {
    let vm = vm();
    let error = refused(&vm, "up --id 3 --wait 0.3", 3);
    let expected = "clusterhat-node: /sys/class/udc has no USB device controller after 300ms, but dummy_udc.0 \
                    (virtual: taken only when named) and dummy_udc.1 (virtual: taken only when named): ";
    assert!(error.starts_with(expected), "{error}");
    assert!(error.contains("dtoverlay=dwc2,dr_mode=peripheral"), "{error}");
    let error = refused(&vm, "up --id 3 --wait 0 --udc 20980000.usb", 3);
    assert!(error.contains("has no 20980000.usb after 0ns"), "{error}");
}

#[test]
fn somebody_s_gadget_is_named_and_left_alone() {
    let vm = vm();
    let make = format!(
        "cd /sys/kernel/config/usb_gadget; mkdir g1; cd g1; echo 0x1d6b >idVendor; echo 0x0104 >idProduct
         mkdir functions/acm.a configs/c.1; ln -s functions/acm.a configs/c.1/; echo {} >UDC",
        UDCS[1]
    );
    sh(&vm, &make);
    let error = refused(&vm, &format!("up --id 3 --udc {}", UDCS[1]), 1);
    let expected = "clusterhat-node: /sys/class/udc/dummy_udc.1 is used by the gadget g1: ";
    assert!(error.starts_with(expected), "{error}");
    let others = &document_of_status(&vm)["others"];
    assert_eq!(others[0]["udc"], UDCS[1]);
    // Beside it there is room.
    assert_eq!(document(&vm, &format!("up --id 3 --udc {}", UDCS[0]))["action"], "made");
    find(&vm, "3");
    document(&vm, "down");
    assert_eq!(sh(&vm, "cat /sys/kernel/config/usb_gadget/g1/UDC"), UDCS[1]);
}

/// The kernel has eight serial ports for all gadgets. Nothing is left of ours, and with one port less it comes up.
#[test]
fn a_second_serial_port_that_others_have_taken_is_named() {
    let vm = vm();
    let others = "cd /sys/kernel/config/usb_gadget; mkdir g1
        for port in 1 2 3 4 5 6 7; do mkdir g1/functions/acm.$port; done";
    sh(&vm, others);
    let error = refused(&vm, &format!("up --id 3 --udc {}", UDCS[0]), 1);
    let expected = "clusterhat-node: cannot make /sys/kernel/config/usb_gadget/clusterhat/functions/acm.clusterhat-2: \
                    Device or resource busy";
    assert!(error.starts_with(expected), "{error}");
    let report = document(&vm, &format!("up --id 3 --serial-ports 1 --udc {}", UDCS[0]));
    assert_eq!(report["ttys"], serde_json::json!(["/dev/ttyGS7"]));
}

/// What `rpi-usb-gadget` loads.
#[test]
fn g_ether_is_named_with_who_loads_it() {
    let vm = vm();
    sh(&vm, "modprobe usb_f_ecm; modprobe g_ether");
    let taken = sh(&vm, "cd /sys/class/udc; grep -l g_ether */function");
    let udc = taken.trim_end_matches("/function");
    let error = refused(&vm, &format!("up --id 3 --udc {udc}"), 1);
    assert!(error.contains("is used by the gadget driver g_ether: "), "{error}");
    assert!(error.contains("rpi-usb-gadget off"), "{error}");
    sh(&vm, "rmmod g_ether");
    document(&vm, &format!("up --id 3 --udc {udc}"));
}

#[test]
fn a_function_that_the_kernel_lacks_is_named() {
    let vm = vm();
    sh(&vm, "rmmod g_ether 2>/dev/null || true; rmmod usb_f_ecm 2>/dev/null || true");
    let error = refused(&vm, &format!("up --id 3 --ethernet ecm --udc {}", UDCS[0]), 1);
    let expected = "cannot make /sys/kernel/config/usb_gadget/clusterhat/functions/ecm.clusterhat-0: \
                    the kernel lacks CONFIG_USB_CONFIGFS_ECM (module usb_f_ecm): ";
    assert!(error.contains(expected), "{error}");
    let error = node(&vm, &format!("--json up --id 3 --ethernet ecm --udc {}", UDCS[0]));
    assert!(error.stdout.contains("\"exit_status\":1"), "{error:?}");
}

#[test]
fn without_configfs_the_mount_is_named() {
    let vm = vm();
    sh(&vm, "umount /sys/kernel/config");
    let error = fails(&vm, &format!("up --id 3 --udc {}", UDCS[0]), 1);
    sh(&vm, "mount -t configfs none /sys/kernel/config");
    assert!(error.contains("/sys/kernel/config/usb_gadget does not exist: "), "{error}");
    assert!(error.contains("CONFIG_USB_CONFIGFS (module libcomposite)"), "{error}");
    assert!(error.contains(", or configfs is not mounted ("), "{error}");
}

#[test]
fn users_other_than_root_are_told() {
    let vm = vm();
    vm.write_file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n")
        .unwrap();
    let call = format!("exec clusterhat-node up --id 3 --udc {}", UDCS[0]);
    let output = vm.run(&["su", "user", "-c", &call]).unwrap();
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("(root can)"), "{output:?}");
    let status = vm.run(&["su", "user", "-c", "exec clusterhat-node status"]).unwrap();
    assert_eq!((status.status, &*status.stdout), (3, "gadget      down\n"), "{status:?}");
}

#[test]
fn what_the_file_has_wrong_is_named_by_its_line() {
    let vm = vm();
    let error = refused(&vm, "up", 2);
    assert!(error.contains("/etc/clusterhat/node.toml has no id"), "{error}");
    vm.write_file("/etc/clusterhat/node.toml", "# 3\nid = 300\n").unwrap();
    let error = refused(&vm, "up", 2);
    let expected = "clusterhat-node: /etc/clusterhat/node.toml:2: id: \"300\" is not a node ID";
    assert!(error.starts_with(expected), "{error}");
    vm.write_file("/etc/clusterhat/node.toml", "id = 3\nether = 1\n").unwrap();
    let output = node(&vm, &format!("up --udc {}", UDCS[0]));
    assert_eq!(output.status, 0, "{output:?}");
    assert!(output.stderr.contains("warning: /etc/clusterhat/node.toml:2: unknown key"));
    assert_eq!(node(&vm, "up --id 0").status, 2);
}

fn document_of_status(vm: &Vm) -> serde_json::Value {
    serde_json::from_str(&node(vm, "--json status").stdout).unwrap()
}
