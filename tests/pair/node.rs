//! The node's machine.

use clusterhat_tests::{
    command,
    vm::{Programs, Spec, Vm},
};

use crate::cable::sh;

/// Its number and what follows from it: the addresses as the vendor's images have them.
pub(crate) const ID: &str = "3";
pub(crate) const ADDRESS: &str = "172.19.181.3";
pub(crate) const MAC: &str = "00:22:82:ff:ff:03";

/// Who may log in.
pub(crate) const HOST_NAME: &str = "p3";
pub(crate) const USER: &str = "user";
pub(crate) const PASSWORD: &str = "a-password";

/// USER's password by crypt(5), and root, who has none that fits.
const PASSWD: &str = "root:*:0:0::/root:/bin/sh\n\
    user:$6$clusterhat$W8hjddQ6CXQ2qb9VbJb8gFkN1Q7wmFwpSuQKVaNv8ZfF6Z.b.x56jCBcnZgHdw.cvV335h3QWhD7KTp3g0G.a/:1000:1000::/tmp:/bin/sh\n";

/// usbipd's port, as the USB/IP tools have it.
pub(crate) const USBIP_PORT: u16 = 3240;

/// The gadget, the address, and the login that comes again when it has ended.
const START: &str = "\
    for module in libcomposite usb_f_ncm usb_f_acm usbip-vudc; do modprobe $module; done
    mount -t configfs none /sys/kernel/config
    mkdir -p /etc/clusterhat
    printf 'id = 3\\nudc = \"usbip-vudc.0\"\\n' >/etc/clusterhat/node.toml
    hostname p3
    clusterhat-node up
    ip addr add 172.19.181.3/24 dev usb0
    ip link set usb0 up
    (while :; do setsid getty -L 115200 ttyGS0 vt100 || usleep 100000; done) </dev/null >/dev/null 2>&1 &
    echo $! >/run/getty.pid";

/// The USB plug. It listens some time after its first process has ended.
pub(crate) const PLUG: &str =
    "usbipd --device -D; until netstat -ltn | grep -q :3240; do usleep 20000; done";

/// Ends the login for good, then takes the gadget down: in systemd's order.
const STOP: &str = "\
    kill $(cat /run/getty.pid)
    killall getty
    clusterhat-node down";

/// Ends the node's system and switches it off.
pub(crate) fn shut_down(vm: Vm) {
    sh(&vm, STOP);
    vm.shut_down().unwrap();
}

/// Switches it on: its gadget is on the bus when this returns.
pub(crate) fn boot() -> Vm {
    let spec = Spec {
        payload: &[(command::clusterhat_node(), "/usr/bin/clusterhat-node")],
        programs: &[Programs::Usbip],
        forward: Some(USBIP_PORT),
        ..Spec::default()
    };
    let vm = Vm::boot_spec(&spec).unwrap_or_else(|e| panic!("{e}"));
    vm.write_file("/etc/passwd", PASSWD).unwrap();
    sh(&vm, START);
    sh(&vm, PLUG);
    vm
}
