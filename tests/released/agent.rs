//! The node's agent on a real kernel's serial port: what memory it takes, and whether it rests.

use clusterhat_tests::{cable::NodeDevice, vm::Vm};

use crate::released;

/// As the kernel counts it: with the pages that it shares, and at its highest.
const MEMORY_LIMIT_KIB: u64 = 3 * 1024;

const MODULES: [&str; 6] =
    ["dummy_hcd", "libcomposite", "usb_f_ncm", "usb_f_acm", "cdc_ncm", "cdc-acm"];

const START: &str = "\
    mount -t configfs none /sys/kernel/config
    mkdir -p /etc/clusterhat
    printf 'id = 3\\nudc = \"dummy_udc.0\"\\n' >/etc/clusterhat/node.toml
    clusterhat-node up
    clusterhat-node agent </dev/null >/run/agent.log 2>&1 &
    echo $! >/run/agent";

/// What a controller's `top` does, for half a minute, and a user who types.
const BUSY: &str = "\
    exec 3<>TTY; stty raw -echo <&3
    cat <&3 >/run/replies &
    cat=$!
    head -c 1000000 /dev/zero | tr '\\0' '{' >&3
    echo >&3
    n=0
    while [ $n -lt 100 ]; do
        n=$((n + 1))
        echo '{\"v\":1,\"id\":'$n',\"do\":\"status\"}' >&3
    done
    echo '{\"v\":1,\"id\":101,\"do\":\"subscribe\",\"on\":true}' >&3
    sleep 30
    echo '{\"v\":1,\"id\":102,\"do\":\"subscribe\",\"on\":false}' >&3
    while ! grep -q '\"id\":102' /run/replies; do usleep 50000; done
    kill $cat";

/// A number of the agent's in /proc.
fn number(vm: &Vm, name: &str) -> u64 {
    let line = vm.sh(&format!("grep -h ^{name}: /proc/$(cat /run/agent)/status")).unwrap();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap()
}

#[test]
#[ignore = "1 minute: tests/long released"]
fn an_agent_takes_less_than_three_megabytes_and_rests_when_nobody_asks() {
    let program = released().unwrap().join("clusterhat-node");
    let vm = Vm::boot(&[(&program, "/usr/bin/clusterhat-node")]).unwrap();
    for module in MODULES {
        vm.sh(&format!("modprobe {module}")).unwrap();
    }
    vm.sh(START).unwrap();
    let tty = NodeDevice::find(&vm, "3").unwrap().tty(4).unwrap();
    vm.until("ls -l /proc/$(cat /run/agent)/fd | grep -q /dev/ttyGS1").unwrap();
    vm.sh(&BUSY.replace("TTY", &tty)).unwrap();
    let replies = vm.read_file("/run/replies").unwrap();
    let of_kind = |kind: &str| replies.lines().filter(|line| line.contains(kind)).count();
    // Each was asked for, and one at least came by itself.
    assert!(of_kind("\"is\":\"status\"") > 100, "{replies}");

    let [peak, now] = ["VmHWM", "VmRSS"].map(|name| number(&vm, name));
    println!("{peak} KiB at its highest, {now} KiB now");
    assert!(peak <= MEMORY_LIMIT_KIB, "{peak} KiB at its highest, {now} KiB now");

    let switches = || number(&vm, "voluntary_ctxt_switches");
    let before = switches();
    vm.sh("sleep 6").unwrap();
    assert_eq!(switches(), before, "it woke up, and nobody had asked");
}
