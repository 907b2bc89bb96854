//! The rig itself: what the other tests take for granted.

use std::sync::{Arc, Mutex};

use clusterhat_tests::{
    usbip::{Descriptor, SharedTarget, Target, functions},
    vm::{Message, protocol::Run},
};

use crate::vm;

/// The simplest chip: 256 registers at 0x20; the first byte written is the register, which reads
/// and writes count up.
struct Memory {
    registers: [u8; 256],
    pointer: u8,
    present: bool,
}

impl Memory {
    fn new() -> Self {
        Self { registers: [0; 256], pointer: 0, present: true }
    }

    fn next(&mut self) -> &mut u8 {
        let register = usize::from(self.pointer);
        self.pointer = self.pointer.wrapping_add(1);
        &mut self.registers[register]
    }

    fn answers(&self, address: u8) -> bool {
        self.present && address == 0x20
    }
}

impl Target for Memory {
    fn write(&mut self, address: u8, bytes: &[u8]) -> bool {
        if let (true, Some((register, values))) = (self.answers(address), bytes.split_first()) {
            self.pointer = *register;
            values.iter().for_each(|value| *self.next() = *value);
        }
        self.answers(address)
    }

    fn read(&mut self, address: u8, buffer: &mut [u8]) -> bool {
        if self.answers(address) {
            buffer.iter_mut().for_each(|byte| *byte = *self.next());
        }
        self.answers(address)
    }
}

/// A chip for the test to look at, and the same for the bus.
fn memory() -> (Arc<Mutex<Memory>>, SharedTarget) {
    let memory = Arc::new(Mutex::new(Memory::new()));
    (Arc::clone(&memory), memory)
}

#[test]
fn programs_run_and_tell_how_they_ended() {
    let vm = vm();
    let uname = vm.run(&["uname", "-sr"]).unwrap();
    assert!(uname.status == 0 && uname.stdout.starts_with("Linux 6."), "{uname:?}");
    let script = ["sh", "-c", "cat; echo $NAME >&2; exit 3"];
    let run = Run {
        argv: script.map(str::to_owned).to_vec(),
        env: [("NAME".to_owned(), "value".to_owned())].into(),
        stdin: "in".into(),
    };
    let output = vm.run_request(run).unwrap();
    assert_eq!((output.status, &*output.stdout, &*output.stderr), (3, "in", "value\n"));
    assert_eq!(vm.run(&["sh", "-c", "kill -9 $$"]).unwrap().status, 137);
    let error = vm.run(&["no-such-program"]).unwrap_err().to_string();
    assert!(error.contains("no-such-program: No such file"), "{error}");
}

#[test]
fn files_are_written_and_read() {
    let vm = vm();
    vm.write_file("/tmp/file", "one\ntwo\n").unwrap();
    assert_eq!(vm.read_file("/tmp/file").unwrap(), "one\ntwo\n");
    assert!(vm.read_file("/tmp/none").unwrap_err().to_string().contains("/tmp/none: No such file"));
}

#[test]
fn the_guest_and_the_test_see_the_same_registers() {
    let vm = vm();
    let (memory, target) = memory();
    let plugged = vm.plug(Descriptor::default(), target).unwrap();
    let bus = plugged.bus.to_string();
    let set = vm.run(&["i2cset", "-y", &bus, "0x20", "1", "0xa5"]).unwrap();
    assert_eq!(set.status, 0, "{set:?}");
    assert_eq!(memory.lock().unwrap().registers[1], 0xa5);
    memory.lock().unwrap().registers[2] = 0x5a;
    assert_eq!(vm.run(&["i2cget", "-y", &bus, "0x20", "2"]).unwrap().stdout, "0x5a\n");
}

#[test]
fn the_trace_tells_every_transfer() {
    let vm = vm();
    let (memory, target) = memory();
    memory.lock().unwrap().registers[1] = 0x42;
    let plugged = vm.plug(Descriptor::default(), target).unwrap();
    let bus = plugged.bus.to_string();
    vm.start_trace().unwrap();
    vm.run(&["i2cget", "-y", &bus, "0x20", "1"]).unwrap();
    vm.run(&["i2cset", "-y", &bus, "0x20", "3", "0x07"]).unwrap();
    vm.run(&["i2ctransfer", "-y", &bus, "w1@0x20", "0x00", "r4"]).unwrap();
    let transfers = vm.stop_trace().unwrap();
    assert!(transfers.iter().all(|transfer| transfer.adapter == plugged.bus));
    assert!(transfers.windows(2).all(|pair| pair[0].at < pair[1].at));
    let seen: Vec<_> =
        transfers.into_iter().map(|transfer| (transfer.messages, transfer.result)).collect();
    let expected = [
        (vec![Message::write(0x20, &[1]), Message::read(0x20, &[0x42])], 2),
        (vec![Message::write(0x20, &[3, 7])], 1),
        (vec![Message::write(0x20, &[0]), Message::read(0x20, &[0, 0x42, 0, 7])], 2),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_chip_that_does_not_answer_is_enxio() {
    let vm = vm();
    let (memory, target) = memory();
    let plugged = vm.plug(Descriptor::default(), target).unwrap();
    memory.lock().unwrap().present = false;
    vm.start_trace().unwrap();
    let get = vm.run(&["i2cget", "-y", &plugged.bus.to_string(), "0x20", "1"]).unwrap();
    assert_ne!(get.status, 0, "{get:?}");
    const ENXIO: i32 = 6;
    let results: Vec<_> = vm.stop_trace().unwrap().iter().map(|transfer| transfer.result).collect();
    assert_eq!(results, [-ENXIO]);
}

#[test]
fn unplugging_removes_the_bus() {
    let vm = vm();
    let plugged = vm.plug(Descriptor::default(), memory().1).unwrap();
    let node = plugged.path();
    assert_eq!(vm.run(&["test", "-c", &node]).unwrap().status, 0);
    plugged.unplug().unwrap();
    assert_ne!(vm.run(&["test", "-e", &node]).unwrap().status, 0);
}

#[test]
fn two_adapters_are_two_buses() {
    let vm = vm();
    let one = vm.plug(Descriptor::default(), memory().1).unwrap();
    let smbus = Descriptor { functions: functions::SMBUS_ONLY, ..Descriptor::default() };
    let two = vm.plug(smbus, memory().1).unwrap();
    assert_ne!(one.bus, two.bus);
    let list = vm.run(&["i2cdetect", "-l"]).unwrap().stdout;
    let kind = |bus: u8| {
        list.lines().find(|line| line.starts_with(&format!("i2c-{bus}\t"))).unwrap_or(&list)
    };
    assert!(kind(one.bus).contains("\ti2c") && kind(two.bus).contains("\tsmbus"), "{list}");
}

#[test]
fn a_board_that_the_driver_does_not_know_gets_its_bus_by_new_id() {
    let vm = vm();
    let board = Descriptor {
        vendor: 0x3171,
        product: 0x0014,
        name: "ClusterCTRL".into(),
        ..Descriptor::default()
    };
    let device = vm.plug_device(board, memory().1).unwrap();
    let product = format!("/sys/bus/usb/devices/{}/product", device.name());
    assert_eq!(vm.read_file(&product).unwrap(), "ClusterCTRL\n");
    vm.write_file("/sys/bus/usb/drivers/i2c-tiny-usb/new_id", "3171 0014").unwrap();
    let bus = device.bus().unwrap().to_string();
    vm.write_file("/sys/bus/usb/drivers/i2c-tiny-usb/remove_id", "3171 0014").unwrap();
    assert_eq!(vm.run(&["i2cget", "-y", &bus, "0x20", "0"]).unwrap().stdout, "0x00\n");
}
