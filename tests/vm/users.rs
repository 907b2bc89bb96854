//! Users other than root, with the adapter's node as Debian's i2c group has it, and without.

use std::io;

use clusterhat_tests::{
    chips::Expanders,
    vm::{Output, Vm},
};

use crate::{
    hat::{Hat, succeeds},
    vm,
};

const USER: &str = "user:x:1000:1000::/tmp:/bin/sh\n";

fn as_user(vm: &Vm, words: &str) -> io::Result<Output> {
    vm.write_file("/etc/passwd", &format!("root:x:0:0::/root:/bin/sh\n{USER}"))?;
    vm.run(&["su", "user", "-c", &format!("exec clusterhat {words}")])
}

#[test]
fn a_member_of_the_device_s_group_needs_no_root() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    let node = hat.plugged.path();
    vm.run(&["chgrp", "1000", &node]).unwrap();
    vm.run(&["chmod", "660", &node]).unwrap();
    for words in ["status", "on p1", "alert on"] {
        let output = as_user(&vm, words).unwrap();
        assert_eq!((output.status, &*output.stderr), (0, ""), "{words}: {output:?}");
    }
    assert_eq!(hat.pins(), 0xd1);
    // Root and the user share the lock files, whoever made them.
    succeeds(&vm, "on p2");
    assert_eq!(as_user(&vm, "on p3").unwrap().status, 0);
    assert_eq!(hat.pins(), 0xd7);
}

#[test]
fn without_permission_the_error_names_the_cure() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    vm.run(&["chmod", "600", &hat.plugged.path()]).unwrap();
    for words in ["status", "on p1", "off", "init"] {
        let output = as_user(&vm, words).unwrap();
        assert_eq!(output.status, 1, "{words}: {output:?}");
        let named = output.stderr.contains(&hat.label()) && output.stderr.contains("denied");
        assert!(named, "{words}: {}", output.stderr);
        assert!(output.stderr.contains("join the group i2c"), "{words}: {}", output.stderr);
    }
    assert_eq!(hat.pins(), 0x90);
}
