//! Users other than root, with the adapter's node as Debian's i2c group has it, and without.

use std::io;

use clusterhat_tests::{
    chips::Expanders,
    vm::{Output, Vm},
};

use hat_driver::sim::builtin;

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
    let as_tmpfiles = "mkdir -p /var/lib/clusterhat/power && chgrp 1000 /var/lib/clusterhat/power && \
                       chmod 2770 /var/lib/clusterhat/power";
    assert_eq!(vm.run(&["sh", "-c", as_tmpfiles]).unwrap().status, 0);
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

/// One world of a group's: its members have umasks and runtime folders of their own, and another first
/// group.
#[test]
fn two_users_of_a_simulated_world_lose_no_update() {
    let vm = vm();
    let passwd = format!("root:x:0:0::/root:/bin/sh\n{USER}other:x:1001:1001::/tmp:/bin/sh\n");
    vm.write_file("/etc/passwd", &passwd).unwrap();
    vm.write_file("/etc/group", "root:x:0:\nuser:x:1000:other\nother:x:1001:\n").unwrap();
    vm.write_file("/tmp/shared.json", &builtin::simulation("v2.5").unwrap().to_text()).unwrap();
    let script = r#"
        mkdir /tmp/shared; cd /tmp/shared
        mv ../shared.json world.json
        chgrp -R 1000 .; chmod 770 .; chmod 660 world.json
        run() {
            su $1 -c "umask 077; export CLUSTERHAT_SIM_NOWAIT=1; for i in \$(seq 10); do
                clusterhat --sim world.json on $2 --lock-limit 60 && clusterhat --sim world.json off $2
            done; clusterhat --sim world.json on $2 --lock-limit 60" 2>&1 >/dev/null
        }
        run other p1 & run user p3 & wait
        su user -c 'exec clusterhat --sim world.json status' 2>&1"#;
    let shared = vm.run(&["sh", "-c", script]).unwrap();
    // How far the nodes have come meanwhile is another matter.
    let power = |line: &str| line.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
    let nodes = shared.stdout.lines().filter(|line| line.starts_with('p'));
    let nodes: Vec<_> = nodes.map(power).collect();
    let expected = ["p1 hat1 on on", "p2 hat1 off off", "p3 hat1 on on", "p4 hat1 off off"];
    assert_eq!(nodes, expected, "{shared:?}");
    assert!(!shared.stdout.contains("cannot") && shared.stderr.is_empty(), "{shared:?}");
    let left = vm.run(&["sh", "-c", "ls -A /tmp/shared; rm -r /tmp/shared"]).unwrap().stdout;
    assert!(!left.contains(".new"), "{left}");
}
