//! The controller's machine, with udev, the shipped rules, a Cluster HAT and ssh.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use clusterhat_tests::{
    chips::{ADDRESS, Expanders},
    command,
    usbip::Descriptor,
    vm::{Devices, Plugged, Programs, Spec, Vm, protocol::HOST},
};

use crate::cable::{sh, usbip};

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../udev/lib/udev/rules.d/");

const MODULES: [&str; 4] = ["i2c-dev", "i2c-tiny-usb", "cdc_ncm", "cdc-acm"];

/// Keys for root, and the nodes by their names.
const SSH: &str = "\
    echo root:x:0:0::/root:/bin/sh >/etc/passwd
    mkdir -p -m 700 /root/.ssh
    ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
    for n in 1 3; do
        printf 'Host p%s\\nHostName 172.19.181.%s\\n' $n $n
        printf 'StrictHostKeyChecking no\\nUserKnownHostsFile /dev/null\\nLogLevel ERROR\\n'
    done >/root/.ssh/config";

pub(super) struct Controller {
    // In the order of their end.
    _hat: Plugged,
    pub(super) vm: Arc<Vm>,
    expanders: Arc<Mutex<Expanders>>,
    /// Whom its root may log in as.
    pub(super) public_key: String,
}

impl Controller {
    pub(super) fn boot() -> Self {
        let rules = ["60-clusterhat.rules", "60-clusterhat-node.rules"];
        let places =
            rules.map(|name| (format!("{RULES}{name}"), format!("/usr/lib/udev/rules.d/{name}")));
        let mut payload = vec![(command::clusterhat(), "/usr/bin/clusterhat")];
        payload.extend(places.iter().map(|(host, guest)| (Path::new(host), &**guest)));
        let spec = Spec {
            payload: &payload,
            programs: &[Programs::Usbip, Programs::Ssh],
            devices: Devices::Udev,
            ..Spec::default()
        };
        let vm = Vm::boot_spec(&spec).unwrap_or_else(|e| panic!("{e}"));
        for module in MODULES {
            sh(&vm, &format!("modprobe {module}"));
        }
        sh(&vm, "mkdir -p -m 1777 /run/lock; mkdir -p /etc/clusterhat /var/lib");
        sh(&vm, SSH);
        let (expanders, target) = Expanders::running(0).shared();
        let hat = vm.plug(Descriptor::default(), target).unwrap();
        let board =
            format!("[[board]]\nbus = {}\naddress = {ADDRESS:#04x}\nrevision = \"2.5\"\n", hat.bus);
        vm.write_file("/etc/clusterhat/clusterhat.toml", &board).unwrap();
        let public_key = vm.read_file("/root/.ssh/id_ed25519.pub").unwrap();
        Self { _hat: hat, vm: Arc::new(vm), expanders, public_key }
    }

    pub(super) fn expanders(&self) -> MutexGuard<'_, Expanders> {
        self.expanders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the nodes' supply.
    pub(super) fn shared_expanders(&self) -> Arc<Mutex<Expanders>> {
        Arc::clone(&self.expanders)
    }

    /// What earlier calls have written down.
    pub(super) fn forget(&self) {
        sh(&self.vm, "rm -rf /run/lock/* /var/lib/clusterhat");
    }
}

/// Whether a node has power: its pin is driven high, and the hub that feeds its link is on.
pub(super) fn has_power(expanders: &Expanders, node: u8) -> bool {
    const HUB_OFF: u8 = 1 << 5;
    let chip = &expanders.chips[&ADDRESS];
    let pins = if chip.direction == 0 { chip.pins() } else { 0 };
    pins & HUB_OFF == 0 && pins & 1 << (node - 1) != 0
}

/// Waits until the kernel has let go of every node's device.
pub(super) fn await_unplugged(vm: &Vm) {
    let gone = "! grep -qsx '[1-4]' /sys/bus/usb/devices/[0-9]*-*/serial && \
        ! awk '{ print $3 }' /sys/devices/platform/vhci_hcd.*/status | grep -qE '005|007'";
    vm.until(gone).unwrap();
}

/// Plugs a node's cable in.
pub(super) fn plug(vm: &Vm, port: u16) {
    // Two at once may find the same port of the virtual host controller free.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    usbip(vm, &format!("--tcp-port {port} attach -r {HOST} -d usbip-vudc.0"));
}

/// Pulls a node's cable out.
pub(super) fn unplug(vm: &Vm, node: u8) {
    let script = format!(
        "device=$(grep -lx {node} /sys/bus/usb/devices/[0-9]*-*/serial); device=${{device%/serial}}
         port=$(awk -v device=${{device##*/}} '$7 == device {{ print $2 + 0 }}' /sys/devices/platform/vhci_hcd.0/status)
         echo $port"
    );
    let port = sh(vm, &script);
    usbip(vm, &format!("detach -p {port}"));
    vm.until(&format!("[ ! -e /dev/ttypi{node}a ]")).unwrap();
}
