//! What `clusterhat` does with ClusterCTRL boards on buses that udev made.

use std::io;

use clusterhat_tests::{
    chips::{CtrlBoard, Expanders},
    vm::Vm,
};
use serde_json::{Value, json};

use crate::{
    ctrl::{A_PLUS_6, Board, PHAT, TRIPLE, vendor_image},
    hat::{Hat, clusterhat, configure, document, fails, succeeds},
    udev_vm,
};

fn triple(vm: &Vm) -> io::Result<Board> {
    vendor_image(vm)?;
    Board::plug(vm, CtrlBoard::new(TRIPLE, 20))
}

/// Nodes p1 to p5, and p6 and p7; plugged in the other way round.
fn pair(vm: &Vm) -> io::Result<(Board, Board)> {
    vendor_image(vm)?;
    let phat = Board::plug(vm, CtrlBoard::new(PHAT, 30))?;
    Ok((Board::plug(vm, CtrlBoard::new(A_PLUS_6, 20))?, phat))
}

/// The nodes that a status shows on.
fn on(status: &Value) -> Vec<&str> {
    let nodes = status["nodes"].as_array().into_iter().flatten();
    nodes.filter(|node| node["seen"] == true).filter_map(|node| node["node"].as_str()).collect()
}

#[test]
fn a_triple_alone() {
    let vm = udev_vm();
    let board = triple(&vm).unwrap();
    let status = succeeds(&vm, "status");
    let expected = format!(
        "NODE  BOARD   COMMANDED  SEEN  STATE\n\
         p1    ctrl20  off        off   off\n\
         p2    ctrl20  off        off   off\n\
         p3    ctrl20  off        off   off\n\n\
         ctrl20: ClusterCTRL Triple at i2c-{} 0x20; order 20, firmware 1.8, 5014 mV, \
         18.9 °C, fan off, USB boot on p1 p2 p3\n",
        board.bus
    );
    assert_eq!(status, expected);
    for (words, power) in [
        ("on p1 p3 --delay 0.05", [1, 0, 1]),
        ("off p1", [0, 0, 1]),
        ("cycle p2 p3 --off-time 0.1 --delay 0.05", [0, 1, 1]),
        ("on --delay 0.05", [1, 1, 1]),
        ("off", [0, 0, 0]),
    ] {
        succeeds(&vm, words);
        assert_eq!(board.power(), power, "{words}");
    }
    let state = |read: fn(&CtrlBoard) -> Option<u8>| read(&board.board());
    for (words, read, value) in [
        ("alert on", (|board| Some(board.state.alert)) as fn(&CtrlBoard) -> Option<u8>, 1),
        ("alert off", |board| Some(board.state.alert), 0),
        ("led off", |board| Some(board.state.led), 0),
        ("led on", |board| Some(board.state.led), 1),
        ("fan on 20", |board| board.state.fan, 1),
        ("fan off", |board| board.state.fan, 0),
    ] {
        succeeds(&vm, words);
        assert_eq!(state(read), Some(value), "{words}");
    }
    succeeds(&vm, "on p2");
    let reset = succeeds(&vm, "hub reset");
    assert_eq!(reset, "ctrl20: USB hub reset\n");
    assert_eq!(board.power(), [0, 1, 0], "no command touched the nodes");
    assert_eq!(board.board().state.returns, 1, "it has left the USB");
    succeeds(&vm, "off p2");
    succeeds(&vm, "usbboot off p1");
    assert_eq!(board.board().state.u, Some(vec![0, 1, 1]));
    let error = fails(&vm, "act on", 1);
    assert_eq!(error, "clusterhat: no board here can switch its ACT LED");
    let boards = document(&vm, "boards");
    assert_eq!(boards["boards"][0]["source"], "usb", "{boards}");
    assert_eq!(boards["boards"][0]["usb_path"], board.usb(), "{boards}");
    assert_eq!(boards["boards"][0]["nodes"], json!(["p1", "p2", "p3"]), "{boards}");
}

#[test]
fn two_boards_are_numbered_by_their_orders() {
    let vm = udev_vm();
    let (six, phat) = pair(&vm).unwrap();
    assert!(phat.bus < six.bus, "the order counts, not the bus");
    succeeds(&vm, "on p5..p7 --delay 0.05");
    assert_eq!((six.power(), phat.power()), (vec![0, 0, 0, 0, 1], vec![1, 1]));
    assert_eq!(on(&document(&vm, "status")), ["p5", "p6", "p7"]);
    succeeds(&vm, "off p6");
    assert_eq!((six.power(), phat.power()), (vec![0, 0, 0, 0, 1], vec![0, 1]));
    let error = fails(&vm, "usbboot off p2 p3", 1);
    assert_eq!(error, "clusterhat: the boards of these nodes have no USB boot setting");
    let status = document(&vm, "status");
    assert_eq!(status["boards"][0]["usb_boot"], Value::Null, "{status}");
    assert_eq!(status["boards"][0]["voltages_mv"], json!([5014, 5014]), "{status}");
    assert_eq!(status["boards"][1]["voltages_mv"], json!([]), "{status}");
    succeeds(&vm, "fan on 20");
    assert_eq!((six.board().state.fan, phat.board().state.fan), (Some(1), None));
}

#[test]
fn orders_settings_and_restarts() {
    let vm = udev_vm();
    let (six, phat) = pair(&vm).unwrap();
    let error = fails(&vm, "board order 20 30", 2);
    assert!(error.contains("another ClusterCTRL board has the order 30"), "{error}");
    let error = fails(&vm, "board save 99", 2);
    assert!(error.contains("no ClusterCTRL board has the order 99; connected: 20, 30"), "{error}");
    succeeds(&vm, "board order 30 10");
    assert_eq!(phat.board().state.order, 10);
    succeeds(&vm, "on p1 p7 --delay 0.05");
    assert_eq!(
        (phat.power(), six.power()),
        (vec![1, 0], vec![0, 0, 0, 0, 1]),
        "the pHAT is first now"
    );
    succeeds(&vm, "board save 10 --what order");
    succeeds(&vm, "board save 20 --what power");
    let error = fails(&vm, "board reset 10", 2);
    assert!(error.contains("--yes") && error.contains("nothing was done"), "{error}");
    assert_eq!(phat.power(), [1, 0]);
    // A board that restarts leaves the USB and comes back: it is done when that has happened.
    for order in [10, 20] {
        let done = succeeds(&vm, &format!("board reset {order} --yes"));
        assert_eq!(done, format!("ctrl{order}: restarted and back on USB\n"));
    }
    assert_eq!((phat.board().state.returns, six.board().state.returns), (1, 1));
    // What was saved is back: the order of the one, the power of the other.
    assert_eq!(phat.board().state.order, 10);
    assert_eq!(phat.power(), [0, 0]);
    assert_eq!(on(&document(&vm, "status")), ["p7"]);
    let saved = |board: &Board| board.board().state.saved.clone().unwrap_or_default();
    assert_eq!(
        (saved(&phat), saved(&six)),
        (vec!["0xf3".into(), "reset".into()], vec!["0xf5".to_owned(), "reset".into()])
    );
}

#[test]
fn a_hat_on_an_adapter_comes_before_a_triple() {
    let vm = udev_vm();
    let board = triple(&vm).unwrap();
    let hat = Hat::plug(&vm, Expanders::running(0b0001)).unwrap();
    configure(&vm, &[(hat.bus, 0x20)]).unwrap();
    succeeds(&vm, "on p4 p5 --delay 0.05");
    assert_eq!((hat.pins(), board.power()), (0x99, vec![1, 0, 0]));
    assert_eq!(on(&document(&vm, "status")), ["p1", "p4", "p5"]);
    let said = succeeds(&vm, "led off");
    assert_eq!(said, "hat1: LEDs of the nodes off\nctrl20: LEDs of the nodes off\n");
    let error = fails(&vm, "on p8", 2);
    assert!(error.contains("p7") || error.contains('^'), "{error}");
    succeeds(&vm, "off");
    assert_eq!((hat.pins(), board.power()), (0x80, vec![0, 0, 0]));
}

/// The virtual host controller takes no hubs; what a board's path is made of is shown in a tree
/// below another root, beside the real nodes.
#[test]
fn paths_start_at_the_hub_that_the_board_shares_with_its_nodes() {
    let vm = udev_vm();
    let board = triple(&vm).unwrap();
    let error = fails(&vm, "path", 1);
    assert!(error.contains("p1 p2 p3"), "{error}");
    let tree = format!(
        "mkdir -p dev run/lock sys/bus/usb/devices/1-1.3.1/1-1.3.1:1.0/i2c-{bus}
        mount --bind /dev dev
        echo 3171 >sys/bus/usb/devices/1-1.3.1/idVendor
        echo 0014 >sys/bus/usb/devices/1-1.3.1/idProduct",
        bus = board.bus
    );
    let tree = format!("mkdir /tmp/hub; cd /tmp/hub; {tree}");
    let made = vm.run(&["sh", "-ec", &tree]).unwrap();
    assert_eq!(made.status, 0, "{made:?}");
    let said = succeeds(&vm, "--root /tmp/hub path p1 p3");
    assert_eq!(said, "NODE  USB PATH\np1    1-1.3.4\np3    1-1.3.2\n");
    vm.run(&["sh", "-c", "umount /tmp/hub/dev; rm -r /tmp/hub"]).unwrap();
}

#[test]
fn two_boards_of_one_order_are_named_by_their_buses() {
    let vm = udev_vm();
    let one = triple(&vm).unwrap();
    let two = Board::plug(&vm, CtrlBoard::new(PHAT, 20)).unwrap();
    for (words, status) in [("status", 1), ("on p1", 2), ("off", 2)] {
        let output = clusterhat(&vm, words).unwrap();
        assert_eq!(output.status, status, "{output:?}");
        assert_eq!(output.stdout.is_empty(), words != "status", "{output:?}");
        let expected = format!(
            "clusterhat: the ClusterCTRL boards on i2c-{} and i2c-{} have the same order, 20; unplug all \
             but one of them, and give it another order with `clusterhat board order 20 NEW` and `clusterhat \
             board save NEW --what order`\n",
            one.bus, two.bus
        );
        assert_eq!(output.stderr, expected);
    }
    assert_eq!((one.power(), two.power()), (vec![0, 0, 0], vec![0, 0]));
    drop(two);
    succeeds(&vm, "board order 20 21");
    succeeds(&vm, "board save 21 --what order");
    let two = Board::plug(&vm, CtrlBoard::new(PHAT, 20)).unwrap();
    succeeds(&vm, "on p1 p3 --delay 0.05");
    assert_eq!((two.power(), one.power()), (vec![1, 0], vec![1, 0, 0]));
}
