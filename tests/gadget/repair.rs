//! Gadgets of ours that are not whole.

use clusterhat_tests::vm::Vm;

use crate::{
    guest::{GADGET, UDCS, configfs, document, find, node, sh, up},
    vm,
};

/// What a whole one looks like, to compare with.
fn whole(vm: &Vm) -> String {
    up(vm, "--id 3");
    find(vm, "3");
    configfs(vm)
}

#[test]
fn half_made_gadgets_are_repaired() {
    let vm = vm();
    let expected = whole(&vm);
    for damage in [
        format!("echo >{GADGET}/UDC"),
        format!("echo >{GADGET}/UDC; rm {GADGET}/configs/c.1/acm.clusterhat-2"),
        format!("echo >{GADGET}/UDC; echo 0x0020 >{GADGET}/idProduct"),
        format!("echo >{GADGET}/UDC; echo 9 >{GADGET}/strings/0x0409/serialnumber"),
        format!("mkdir {GADGET}/functions/acm.more"),
        format!("clusterhat-node down >/dev/null; mkdir {GADGET}"),
        format!(
            "clusterhat-node down >/dev/null; mkdir {GADGET}; mkdir {GADGET}/functions/ncm.clusterhat-0"
        ),
        format!(
            "clusterhat-node down >/dev/null; mkdir {GADGET} {GADGET}/functions/acm.x {GADGET}/configs/c.7
             ln -s {GADGET}/functions/acm.x {GADGET}/configs/c.7/; mkdir {GADGET}/strings/0x407"
        ),
    ] {
        sh(&vm, &damage);
        let action = up(&vm, "--id 3");
        assert!(["bound", "made", "remade"].contains(&&*action), "{damage}: {action}");
        find(&vm, "3");
        assert_eq!(configfs(&vm), expected, "{damage}");
    }
}

/// SIGKILL as soon as this or that part is there. The call has a low priority, so that the watching
/// shell sees the part before much more is made.
#[test]
fn a_call_that_was_killed_is_made_good() {
    let vm = vm();
    let expected = whole(&vm);
    let mut half_made = 0;
    for part in [
        "",
        "strings/0x0409",
        "functions/ncm.clusterhat-0",
        "functions/acm.clusterhat-1",
        "functions/acm.clusterhat-2",
        "configs/c.1",
        "configs/c.1/acm.clusterhat-2",
    ] {
        document(&vm, "down");
        let call = format!("clusterhat-node up --id 3 --udc {}", UDCS[0]);
        sh(
            &vm,
            &format!(
                "{call} >/dev/null 2>&1 & pid=$!
                 renice -n 5 $pid
                 while kill -0 $pid && [ ! -e {GADGET}/{part} ]; do :; done
                 kill -9 $pid || true; wait $pid || true"
            ),
        );
        let unbound = sh(&vm, &format!("cat {GADGET}/UDC")).is_empty();
        half_made += u32::from(unbound && configfs(&vm) != expected);
        let action = up(&vm, "--id 3");
        assert_eq!(unbound, action != "none", "{part}: {action}");
        find(&vm, "3");
        assert_eq!(configfs(&vm), expected, "{part}");
    }
    assert!(half_made > 2, "{half_made} calls were killed in the middle");
}

#[test]
fn status_tells_what_differs() {
    let vm = vm();
    vm.write_file("/etc/clusterhat/node.toml", "id = 3\nudc = \"dummy_udc.0\"\n").unwrap();
    document(&vm, "up");
    sh(&vm, &format!("echo >{GADGET}/UDC; rm {GADGET}/configs/c.1/acm.clusterhat-2"));
    let status = node(&vm, "status");
    assert_eq!(status.status, 3, "{status:?}");
    let first = "gadget      not as configured: configs/c.1/acm.clusterhat-2 is missing\n";
    assert!(status.stdout.starts_with(first), "{status:?}");
}

/// As a controller has it that did not take two serial ports.
#[test]
fn a_gadget_that_is_up_without_its_second_serial_port_is_left_alone() {
    let vm = vm();
    vm.write_file("/etc/clusterhat/node.toml", "id = 3\nudc = \"dummy_udc.0\"\n").unwrap();
    document(&vm, "up");
    let reduce = format!(
        "echo >{GADGET}/UDC; rm {GADGET}/configs/c.1/acm.clusterhat-2; echo {} >{GADGET}/UDC",
        UDCS[0]
    );
    sh(&vm, &reduce);
    let device = find(&vm, "3");
    let number = device.attribute("devnum").unwrap();
    let status = node(&vm, "status");
    assert_eq!(status.status, 0, "{status:?}");
    assert!(status.stdout.contains("warning: the second serial port is off"), "{status:?}");
    let report = document(&vm, "up");
    assert_eq!(
        (&report["action"], &report["ttys"]),
        (&"none".into(), &serde_json::json!(["/dev/ttyGS0"]))
    );
    assert_eq!(device.attribute("devnum").unwrap(), number, "the host did not see it go");
    assert_eq!(document(&vm, "down")["removed"], true);
}
