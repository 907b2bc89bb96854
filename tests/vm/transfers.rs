//! What goes over the bus, to the byte, as the guest's kernel records it.

use clusterhat_tests::{
    chips::{ADDRESS, Expanders},
    vm::{Message, Transfer},
};
use hat_driver::expander::Chip;
use serde_json::json;

use crate::{
    hat::{Hat, document},
    vm,
};

/// A register read.
fn get(register: u8, value: u8) -> Vec<Message> {
    vec![Message::write(0x20, &[register]), Message::read(0x20, &[value])]
}

/// A register written, and read back in the same transfer.
fn set(register: u8, value: u8) -> Vec<Message> {
    vec![Message::write(0x20, &[register, value]), Message::read(0x20, &[value])]
}

fn messages(transfers: Vec<Transfer>) -> Vec<Vec<Message>> {
    transfers.into_iter().map(|transfer| transfer.messages).collect()
}

#[test]
fn status_is_four_transfers() {
    let vm = vm();
    let _hat = Hat::only(&vm, Expanders::running(0b0101)).unwrap();
    vm.start_trace().unwrap();
    let status = document(&vm, "status");
    let seen = messages(vm.stop_trace().unwrap());
    assert_eq!(seen, [get(3, 0x00), get(1, 0x95), get(0, 0x95), get(4, 0x7f)]);
    assert_eq!(status["bus"], json!({"transfers": 4, "retries": 0}));
}

#[test]
fn on_of_three_nodes_is_eight_transfers() {
    let vm = vm();
    let _hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    vm.start_trace().unwrap();
    let on = document(&vm, "on p1 p2 p3");
    let transfers = vm.stop_trace().unwrap();
    let writes = [&transfers[2], &transfers[4], &transfers[6]];
    let rests: Vec<_> = writes.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(rests.iter().all(|rest| rest.as_secs_f32() >= 1.0), "the default delay: {rests:?}");
    let expected = [
        get(3, 0x00),
        get(1, 0x90),
        set(1, 0x91),
        get(1, 0x91),
        set(1, 0x93),
        get(1, 0x93),
        set(1, 0x97),
        get(0, 0x97),
    ];
    assert_eq!(messages(transfers), expected);
    assert_eq!(on["bus"], json!({"transfers": 8, "retries": 0}));
}

#[test]
fn off_of_all_nodes_is_four_transfers() {
    let vm = vm();
    let _hat = Hat::only(&vm, Expanders::running(0b1111)).unwrap();
    vm.start_trace().unwrap();
    let off = document(&vm, "off");
    let seen = messages(vm.stop_trace().unwrap());
    assert_eq!(seen, [get(3, 0x00), get(1, 0x9f), set(1, 0x90), get(0, 0x90)]);
    assert_eq!(off["bus"], json!({"transfers": 4, "retries": 0}));
}

#[test]
fn init_of_a_fresh_board_writes_the_direction_last() {
    let vm = vm();
    let _hat = Hat::only(&vm, Expanders::new(Chip::Xra1200p, &[ADDRESS])).unwrap();
    vm.start_trace().unwrap();
    let init = document(&vm, "init");
    let seen = messages(vm.stop_trace().unwrap());
    let expected = [
        get(3, 0xff),
        get(2, 0x00),
        get(4, 0xff),
        // No pull-up on the write protection's pin, to see whether its solder link holds it.
        set(4, 0x7f),
        get(0, 0x70),
        get(1, 0xff),
        set(1, 0x90),
        set(3, 0x00),
        get(0, 0x90),
    ];
    assert_eq!(seen, expected);
    assert_eq!(init["bus"], json!({"transfers": 9, "retries": 0}));
}

/// The Pi's own controller carries out no other shapes.
#[test]
fn every_transfer_is_a_write_or_a_write_and_a_read() {
    let vm = vm();
    for kind in [Chip::Xra1200p, Chip::Pca9554] {
        let hat = Hat::only(&vm, Expanders::new(kind, &[ADDRESS])).unwrap();
        vm.start_trace().unwrap();
        let commands =
            ["boards --probe", "on p1 p2 --delay 0.05", "wp off", "status", "hub reset", "off"];
        let mut reported = 0;
        for command in &commands[1..] {
            reported += document(&vm, command)["bus"]["transfers"].as_u64().unwrap();
        }
        let transfers = vm.transfers().unwrap();
        assert_eq!(reported, transfers.len() as u64);
        document(&vm, commands[0]);
        for Transfer { messages, adapter, .. } in vm.stop_trace().unwrap() {
            let shape: Vec<_> = messages.iter().map(|message| message.read).collect();
            assert!(matches!(shape[..], [false] | [false, true]), "{messages:?}");
            assert_eq!(adapter, hat.bus);
        }
    }
}
