//! The controller's end of the cable.

use clusterhat_tests::vm::Vm;

use crate::guest::sh;

/// A node's device on the host controller.
pub(crate) struct Device<'v> {
    vm: &'v Vm,
    /// Below `/sys/bus/usb/devices`.
    name: String,
}

/// Waits until a condition of the shell holds; says whether it came to.
pub(crate) fn holds(vm: &Vm, condition: &str) -> bool {
    let script = format!(
        "for i in $(seq 600); do if {condition}; then exit 0; fi; usleep 50000; done; exit 1"
    );
    vm.run(&["sh", "-c", &script]).unwrap().status == 0
}

impl<'v> Device<'v> {
    /// The device of the first node whose drivers have all bound.
    pub(crate) fn find(vm: &'v Vm, serial: &str) -> Self {
        let find = format!("grep -lx {serial} /sys/bus/usb/devices/[0-9]*-*/serial 2>/dev/null");
        assert!(holds(vm, &format!("{find} >/dev/null")), "no device:\n{}", vm.console());
        let path = sh(vm, &find);
        let name = path.trim_end_matches("/serial").rsplit('/').next().unwrap().to_owned();
        let device = Self { vm, name };
        let bound = format!(
            "[ -d {0}:1.0/net ] && [ -d {0}:1.2/tty ]",
            device.path("").trim_end_matches('/')
        );
        assert!(holds(vm, &bound), "no drivers:\n{}", vm.console());
        device
    }

    pub(crate) fn path(&self, attribute: &str) -> String {
        format!("/sys/bus/usb/devices/{}/{attribute}", self.name)
    }

    pub(crate) fn attribute(&self, name: &str) -> String {
        self.vm.read_file(&self.path(name)).unwrap().trim().to_owned()
    }

    /// The interface of this number.
    fn interface(&self, number: u8) -> String {
        format!("/sys/bus/usb/devices/{}:1.{number}", self.name)
    }

    /// The driver of an interface.
    pub(crate) fn driver(&self, interface: u8) -> String {
        let link = format!("readlink {}/driver", self.interface(interface));
        sh(self.vm, &link).rsplit('/').next().unwrap().to_owned()
    }

    /// The network device.
    pub(crate) fn network(&self) -> String {
        sh(self.vm, &format!("ls {}/net", self.interface(0)))
    }

    /// The terminal of an interface.
    pub(crate) fn tty(&self, interface: u8) -> String {
        format!("/dev/{}", sh(self.vm, &format!("ls {}/tty", self.interface(interface))))
    }

    /// How many interfaces there are.
    pub(crate) fn interfaces(&self) -> usize {
        sh(self.vm, &format!("ls -d {}:1.*", self.path("").trim_end_matches('/'))).lines().count()
    }

    /// What tells one enumeration from the next.
    pub(crate) fn number(&self) -> String {
        self.attribute("devnum")
    }
}
