//! What goes over the buses of ClusterCTRL boards, as the guest's kernel records it.

use clusterhat_tests::{chips::CtrlBoard, vm::Message};
use serde_json::json;

use crate::{
    ctrl::{A_PLUS_6, Board, PHAT, TRIPLE, answers, vendor_image},
    hat::document,
    udev_vm,
};

/// Data7 to data0, the command (none runs) and the status after a command with this answer.
fn answer(data0: u8) -> Vec<Message> {
    let bytes = [0, 0, 0, 0, 0, 0, 0, data0, 0, 0];
    vec![Message::write(0x20, &[0x05]), Message::read(0x20, &bytes)]
}

/// A command with its data.
fn command(data0: u8, code: u8) -> Vec<Message> {
    vec![Message::write(0x20, &[0x0c, data0, code])]
}

#[test]
fn on_of_one_node_to_the_byte() {
    let vm = udev_vm();
    vendor_image(&vm).unwrap();
    let _board = Board::plug(&vm, CtrlBoard::new(TRIPLE, 20)).unwrap();
    vm.start_trace().unwrap();
    let on = document(&vm, "on p1");
    let seen: Vec<_> = vm.stop_trace().unwrap().into_iter().map(|t| t.messages).collect();
    let description = vec![Message::write(0x20, &[0x00]), Message::read(0x20, &[2, 3, 20, 0, 1])];
    let expected = [
        description,
        command(1, 0x0f),
        answer(0),
        command(1, 0x03),
        answer(1),
        command(1, 0x0f),
        answer(1),
    ];
    assert_eq!(seen, expected);
    assert_eq!(on["bus"], json!({"transfers": 7, "retries": 0}));
}

#[test]
fn status_of_a_triple_is_at_most_24_transfers() {
    let vm = udev_vm();
    vendor_image(&vm).unwrap();
    let _board = Board::plug(&vm, CtrlBoard::new(TRIPLE, 20)).unwrap();
    vm.start_trace().unwrap();
    let status = document(&vm, "status");
    let count = vm.stop_trace().unwrap().len();
    assert!(count <= 24, "{count}");
    assert_eq!(status["bus"], json!({"transfers": count, "retries": 0}));
    vm.start_trace().unwrap();
    answers(&vm, "status");
    assert!(vm.stop_trace().unwrap().len() <= 24);
}

#[test]
fn status_of_an_a_plus_6_and_a_phat_is_at_most_60_transfers() {
    let vm = udev_vm();
    vendor_image(&vm).unwrap();
    let _six = Board::plug(&vm, CtrlBoard::new(A_PLUS_6, 20)).unwrap();
    let _phat = Board::plug(&vm, CtrlBoard::new(PHAT, 30)).unwrap();
    vm.start_trace().unwrap();
    let status = document(&vm, "status");
    let count = vm.stop_trace().unwrap().len();
    assert!(count <= 60, "{count}");
    assert_eq!(status["bus"], json!({"transfers": count, "retries": 0}));
}
