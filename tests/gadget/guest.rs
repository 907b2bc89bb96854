//! The node's end.

use clusterhat_tests::{
    cable::NodeDevice,
    vm::{Output, Vm},
};
use serde_json::Value;

/// Where the program lies in the guest.
pub(crate) const PROGRAM: &str = "/usr/bin/clusterhat-node";

/// The controllers that dummy_hcd makes.
pub(crate) const UDCS: [&str; 2] = ["dummy_udc.0", "dummy_udc.1"];

/// Our gadget.
pub(crate) const GADGET: &str = "/sys/kernel/config/usb_gadget/clusterhat";

/// Runs a script that has to end well; gives what it printed.
pub(crate) fn sh(vm: &Vm, script: &str) -> String {
    vm.sh(script).unwrap_or_else(|e| panic!("{e}"))
}

/// The device of a node at the other end of the cable.
pub(crate) fn find<'v>(vm: &'v Vm, serial: &str) -> NodeDevice<'v> {
    NodeDevice::find(vm, serial).unwrap_or_else(|e| panic!("{e}"))
}

/// Runs the program.
pub(crate) fn node(vm: &Vm, words: &str) -> Output {
    let words: Vec<&str> = words.split_whitespace().collect();
    vm.run(&[&["clusterhat-node"], &*words].concat()).unwrap()
}

/// Runs the program, which has to succeed; gives its document.
pub(crate) fn document(vm: &Vm, words: &str) -> Value {
    let output = node(vm, &format!("--json {words}"));
    assert_eq!((output.status, &*output.stderr), (0, ""), "{words}: {output:?}");
    serde_json::from_str(&output.stdout).unwrap()
}

/// Runs the program, which has to fail with this status; gives its error.
pub(crate) fn fails(vm: &Vm, words: &str, status: i32) -> String {
    let output = node(vm, words);
    assert_eq!(output.status, status, "{words}: {output:?}");
    assert_eq!(output.stdout, "", "{words}");
    output.stderr
}

/// `up` on the first controller; gives what it did.
pub(crate) fn up(vm: &Vm, words: &str) -> String {
    let report = document(vm, &format!("up --udc {} {words}", UDCS[0]));
    report["action"].as_str().unwrap().to_owned()
}

/// Everything of configfs, with the attributes' texts, but for the two that the kernel rewrites when
/// the host asks for the device descriptor.
pub(crate) fn configfs(vm: &Vm) -> String {
    sh(
        vm,
        "cd /sys/kernel/config/usb_gadget; find . | sort
         find . -type f | grep -v -e bcdUSB -e bMaxPacketSize0 | sort | while read f; do echo \"$f=$(cat $f 2>/dev/null | tr -d '\\0')\"; done",
    )
}

/// Removes what an earlier test left, whoever made it.
pub(crate) fn clear(vm: &Vm) {
    sh(
        vm,
        "rm -f /etc/clusterhat/node.toml
         for pid in $(cat /tmp/pids 2>/dev/null); do kill -9 $pid 2>/dev/null || true; done
         rm -f /tmp/pids
         rmmod g_ether 2>/dev/null || true
         cd /sys/kernel/config/usb_gadget
         for gadget in *; do
             [ -d $gadget ] || continue
             echo >$gadget/UDC 2>/dev/null || true
             rm -f $gadget/os_desc/c.* $gadget/configs/*/*.*
             rmdir $gadget/configs/*/strings/* $gadget/configs/* $gadget/functions/* \
                 $gadget/strings/* 2>/dev/null || true
             rmdir $gadget
         done
         while ls /sys/bus/usb/devices/[0-9]*-[0-9]*/serial >/dev/null 2>&1; do usleep 20000; done",
    );
}
