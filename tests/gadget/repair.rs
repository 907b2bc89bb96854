//! Gadgets of ours that are not whole.

use clusterhat_tests::vm::Vm;

use crate::{
    guest::{GADGET, UDCS, configfs, document, node, sh, up},
    host::Device,
    vm,
};

/// What a whole one looks like, to compare with.
fn whole(vm: &Vm) -> String {
    up(vm, "--id 3");
    Device::find(vm, "3");
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
        Device::find(&vm, "3");
        assert_eq!(configfs(&vm), expected, "{damage}");
    }
}

/// Killed after ever longer times, up to a call that ends by itself.
#[test]
fn a_call_that_was_killed_is_made_good() {
    let vm = vm();
    let expected = whole(&vm);
    let mut half_made = 0;
    for round in 0..40 {
        document(&vm, "down");
        let call = format!("clusterhat-node up --id 3 --udc {} >/dev/null 2>&1", UDCS[0]);
        let killed = sh(
            &vm,
            &format!(
                "{call} & pid=$!; usleep {}; kill -9 $pid 2>/dev/null && echo killed; wait $pid || true",
                round * 5000
            ),
        );
        let left = sh(&vm, &format!("[ -d {GADGET} ] && cat {GADGET}/UDC || echo none"));
        half_made += u32::from(left.is_empty());
        assert!(["bound", "made", "remade", "none"].contains(&&*up(&vm, "--id 3")));
        Device::find(&vm, "3");
        assert_eq!(configfs(&vm), expected, "round {round}");
        if killed.is_empty() {
            break;
        }
    }
    assert!(half_made > 0, "no call was killed in the middle");
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
