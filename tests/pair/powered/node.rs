//! A node's machine: the gadget, the agent on its second port, and a writer that gives its disk little rest.

use std::path::Path;

use clusterhat_tests::{
    command,
    vm::{Programs, Spec, Vm},
};

use crate::{
    cable::sh,
    node::{PLUG, USBIP_PORT},
};

/// What the agent calls.
const SYSTEMCTL: &str = "#!/bin/sh
case \"$*\" in
*poweroff) setsid go-down </dev/null >/dev/null 2>&1 & ;;
*list-jobs*) echo '1 poweroff.target start waiting' ;;
*) exit 1 ;;
esac
";

/// In systemd's order: who says goodbye, and sessions; then who writes, then the file system, then the kernel, and the gadget with it.
/// As long as a job runs that the end has to wait for, nothing of that begins.
const GO_DOWN: &str = "#!/bin/sh
touch /run/asked
while [ -e /run/hold ]; do usleep 20000; done
kill $(cat /run/agent)
killall dropbear
while [ -d /proc/$(cat /run/agent) ]; do usleep 20000; done
kill $(cat /run/writer)
until umount /data; do usleep 20000; done
poweroff -f
";

/// A record in each of two files. One is safe when the console says so; the other is left to the kernel. Both begin with the
/// same records: whoever was ended between the two had written one more to the other, and a cut had lost some of it. The
/// pause leaves the processor to the other machines.
const WRITER: &str = "#!/bin/sh
n=$(good /data/synced)
seq $n >/data/buffered
sync /data/buffered
while :; do
    n=$((n + 1))
    echo $n >>/data/buffered
    echo $n >>/data/synced
    sync /data/synced
    echo synced $n >/dev/console
    usleep 50000
done
";

/// How many records of a file are as they were written.
const GOOD: &str = "#!/bin/sh
awk '$0 != NR { exit } { n = NR } END { print n + 0 }' $1 2>/dev/null || echo 0
";

/// `N` is the node's number. What was on the disk at the start is noted before anything is written.
const START: &str = "\
    chmod +x /usr/bin/systemctl /usr/bin/go-down /usr/bin/writer /usr/bin/good
    for module in libcomposite usb_f_ncm usb_f_acm usbip-vudc virtio_blk crc32c_generic ext4; do modprobe $module; done
    mount -t configfs none /sys/kernel/config
    mkdir -p /etc/clusterhat /data
    printf 'id = N\\nudc = \"usbip-vudc.0\"\\n' >/etc/clusterhat/node.toml
    hostname pN
    mount -t ext4 /dev/vda /data
    for file in synced buffered; do good /data/$file >/run/$file; done
    clusterhat-node up
    ip addr add 172.19.181.N/24 dev usb0
    ip link set usb0 up
    writer </dev/null >/dev/null 2>&1 &
    echo $! >/run/writer
    clusterhat-node agent </dev/null >/run/agent.log 2>&1 &
    echo $! >/run/agent";

/// What a node's disk held when it was mounted last, in records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) synced: u64,
    pub(super) buffered: u64,
}

pub(super) fn boot(number: u8, disk: &Path, key: &str) -> Vm {
    let spec = Spec {
        payload: &[(command::clusterhat_node(), "/usr/bin/clusterhat-node")],
        programs: &[Programs::Usbip, Programs::Dropbear],
        forward: Some(USBIP_PORT),
        disk: Some(disk),
        ..Spec::default()
    };
    let vm = Vm::boot_spec(&spec).unwrap_or_else(|e| panic!("{e}"));
    for (name, text) in
        [("systemctl", SYSTEMCTL), ("go-down", GO_DOWN), ("writer", WRITER), ("good", GOOD)]
    {
        vm.write_file(&format!("/usr/bin/{name}"), text).unwrap();
    }
    vm.write_file("/etc/ssh-key", key).unwrap();
    sh(&vm, &START.replace('N', &number.to_string()));
    sh(&vm, PLUG);
    vm
}

/// Lets the controller's root log in.
pub(super) fn serve_ssh(vm: &Vm) {
    let script = "\
        echo root:x:0:0::/root:/bin/sh >/etc/passwd
        mkdir -p -m 700 /root/.ssh
        cp /etc/ssh-key /root/.ssh/authorized_keys
        chmod 600 /root/.ssh/authorized_keys; chown -R 0:0 /root; chmod 700 /root
        [ -e /run/host-key ] || dropbearkey -t ed25519 -f /run/host-key
        dropbear -r /run/host-key -P /run/dropbear -E </dev/null >/run/dropbear.log 2>&1";
    sh(vm, script);
}

/// The agent on the port ends, without a word.
pub(super) fn kill_agent(vm: &Vm) {
    sh(vm, "kill -9 $(cat /run/agent)");
}

/// Nothing but the kernel runs any more, which keeps the gadget on the USB. (A machine that is stopped as a whole answers no
/// request of the controller's kernel either, which a virtual host controller waits for without end, unlike a real one.)
pub(super) fn hang(vm: &Vm) {
    sh(vm, "kill -STOP $(cat /run/agent) $(cat /run/writer)");
}

pub(super) fn go_on(vm: &Vm) {
    sh(vm, "kill -CONT $(cat /run/agent) $(cat /run/writer)");
}

pub(super) fn kept(vm: &Vm) -> Kept {
    let read = |file: &str| vm.read_file(&format!("/run/{file}")).unwrap().trim().parse().unwrap();
    Kept { synced: read("synced"), buffered: read("buffered") }
}

/// The last record that the machine has said to be safe.
pub(super) fn synced(vm: &Vm) -> u64 {
    let console = vm.console();
    let records =
        console.lines().filter_map(|line| line.trim().strip_prefix("synced ")?.parse().ok());
    records.max().unwrap_or(0)
}
