//! Both machines and the cable between them, shared by the tests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use clusterhat_tests::{cable::NodeDevice, vm::Vm};

use crate::{controller, node};

static PAIR: Mutex<Pair> = Mutex::new(Pair { controller: None, node: None });

/// What is powered. A test takes machines out to switch them off.
pub(crate) struct Pair {
    pub(crate) controller: Option<Vm>,
    pub(crate) node: Option<Vm>,
}

/// Both, for one test at a time; what is off is switched on, and the cable plugged in.
pub(crate) fn pair() -> MutexGuard<'static, Pair> {
    let mut pair = PAIR.lock().unwrap_or_else(PoisonError::into_inner);
    pair.switch_on();
    pair
}

impl Pair {
    /// Switches on what is off and plugs the cable in where it is not.
    pub(crate) fn switch_on(&mut self) {
        let node = self.node.get_or_insert_with(node::boot);
        let controller = self.controller.get_or_insert_with(controller::boot);
        controller::plug(controller, node.forwarded().unwrap());
    }

    pub(crate) fn controller(&self) -> &Vm {
        self.controller.as_ref().unwrap()
    }

    pub(crate) fn node(&self) -> &Vm {
        self.node.as_ref().unwrap()
    }

    /// The node as the controller has it.
    pub(crate) fn device(&self) -> NodeDevice<'_> {
        let found = NodeDevice::find(self.controller(), node::ID);
        found.unwrap_or_else(|e| panic!("{e}\nthe node's console:\n{}", self.node().console()))
    }

    /// Packets go both ways. The node's end may come up some time after its gadget; until it has a
    /// carrier a ping here fails at once, hence the rest between two.
    pub(crate) fn ping(&self) {
        let network = self.device().network().unwrap();
        let script = format!(
            "ip addr show dev {network} | grep -q {0} || ip addr add {0}/24 dev {network}
             ip link set {network} up
             for i in $(seq 60); do ping -c 1 -W 1 {1} >/dev/null && break; usleep 500000; done
             ping -c 5 -W 5 -s 1400 {1}",
            controller::ADDRESS,
            node::ADDRESS
        );
        let said = self.controller().sh(&script);
        let said = said.unwrap_or_else(|e| panic!("{e}\n{}", self.ends(&network)));
        assert!(said.contains("5 packets received"), "{said}");
        // It was the node that answered.
        let known = sh(self.controller(), "cat /proc/net/arp");
        assert!(known.contains(node::MAC), "{known}");
    }

    /// Both ends as their kernels see them, for a failure's message.
    fn ends(&self, network: &str) -> String {
        let ask = |name: &str| {
            format!("ifconfig {name}; cat /sys/class/net/{name}/carrier; dmesg | tail")
        };
        let end = |vm: &Vm, name| vm.sh(&ask(name)).unwrap_or_else(|e| e.to_string());
        format!("{}\n{}", end(self.controller(), network), end(self.node(), "usb0"))
    }
}

/// Runs a script that has to end well.
pub(crate) fn sh(vm: &Vm, script: &str) -> String {
    vm.sh(script).unwrap_or_else(|e| panic!("{e}"))
}

/// Runs a command of `usbip` on the controller. While another device comes or goes it finds a port in use whose device has no
/// name yet, says that it cannot open the driver, and has done nothing.
pub(crate) fn usbip(vm: &Vm, words: &str) {
    let script = format!(
        "for i in $(seq 100); do
             if said=$(usbip {words} 2>&1); then exit 0; fi
             case $said in *'open vhci_driver'*) usleep 100000 ;; *) break ;; esac
         done
         echo \"$said\" >&2; exit 1"
    );
    sh(vm, &script);
}
