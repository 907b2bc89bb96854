//! An adapter that knows SMBus alone: the kernel's i2c-stub, which is plain memory. Its register 0
//! does not follow register 1 as a chip's pins follow the latch; a test presets what it is to show.

use std::io;

use clusterhat_tests::vm::Vm;

use crate::{
    hat::{clusterhat, configure, fails, succeeds},
    vm,
};

/// The stub's bus. Dropping it removes it.
struct Stub<'a> {
    vm: &'a Vm,
    bus: String,
}

impl<'a> Stub<'a> {
    /// With registers 0 to 4 holding this.
    fn new(vm: &'a Vm, registers: [u8; 5]) -> io::Result<Self> {
        vm.run(&["modprobe", "i2c-stub", "chip_addr=0x20"])?;
        let find = "grep -l 'SMBus stub' /sys/class/i2c-dev/*/name";
        let found = vm.run(&["sh", "-c", find])?.stdout;
        let bus = found.split('/').find_map(|part| part.strip_prefix("i2c-")?.parse().ok());
        let bus: u8 = bus.ok_or_else(|| io::Error::other(format!("no stub in {found:?}")))?;
        configure(vm, &[(bus, 0x20)])?;
        let stub = Self { vm, bus: bus.to_string() };
        for (register, value) in (0..).zip(registers) {
            stub.set(register, value)?;
        }
        Ok(stub)
    }

    fn set(&self, register: u8, value: u8) -> io::Result<()> {
        let (register, value) = (register.to_string(), value.to_string());
        self.vm.run(&["i2cset", "-y", &self.bus, "0x20", &register, &value]).map(drop)
    }

    fn get(&self, register: u8) -> io::Result<String> {
        let register = register.to_string();
        let output = self.vm.run(&["i2cget", "-y", &self.bus, "0x20", &register])?;
        Ok(output.stdout.trim().to_owned())
    }
}

impl Drop for Stub<'_> {
    fn drop(&mut self) {
        let _ = self.vm.run(&["rmmod", "i2c_stub"]);
    }
}

#[test]
fn status_and_switching_work_by_byte_data() {
    let vm = vm();
    let stub = Stub::new(&vm, [0x91, 0x90, 0x00, 0x00, 0x7f]).unwrap();
    let status = succeeds(&vm, "status");
    assert!(status.contains("on!"), "p1's pin is not what its latch says: {status}");
    succeeds(&vm, "on p1");
    assert_eq!(stub.get(1).unwrap(), "0x91");
    stub.set(0, 0x90).unwrap();
    succeeds(&vm, "off");
    assert_eq!(stub.get(1).unwrap(), "0x90");
}

#[test]
fn initialisation_works_by_byte_data() {
    let vm = vm();
    let stub = Stub::new(&vm, [0x90, 0xff, 0x00, 0xff, 0xff]).unwrap();
    let status = succeeds(&vm, "status");
    assert!(status.contains("not initialised yet"), "{status}");
    succeeds(&vm, "init");
    let registers: Vec<_> = (1..5).map(|register| stub.get(register).unwrap()).collect();
    // Memory shows the write protection's pin high whatever the pull-up: a closed solder link.
    assert_eq!(registers, ["0x90", "0x00", "0x00", "0xff"]);
}

#[test]
fn pins_that_do_not_follow_are_told() {
    let vm = vm();
    let stub = Stub::new(&vm, [0x90, 0x90, 0x00, 0x00, 0x7f]).unwrap();
    let error = fails(&vm, "on p1", 1);
    assert!(error.contains("p1") && error.contains("the new state is commanded"), "{error}");
    assert_eq!(stub.get(1).unwrap(), "0x91");
    let fresh = Stub::new(&vm, [0x00, 0xff, 0x00, 0xff, 0xff]).unwrap();
    let output = clusterhat(&vm, "init").unwrap();
    assert_eq!(output.status, 1, "{output:?}");
    drop(fresh);
}
