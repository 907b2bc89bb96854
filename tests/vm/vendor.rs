//! The command under the vendor's name, on boards that udev made buses of: its output line for line.

use clusterhat_tests::chips::{CtrlBoard, Expanders};

use crate::{
    ctrl::{A_PLUS_6, Board, PHAT, TRIPLE, answers, clusterctrl, vendor_image},
    hat::{Hat, configure},
    udev_vm,
};

#[test]
fn a_triple_alone() {
    let vm = udev_vm();
    vendor_image(&vm).unwrap();
    let board = Board::plug(&vm, CtrlBoard::new(TRIPLE, 20)).unwrap();
    assert_eq!(answers(&vm, "on p2"), "");
    let expected = format!(
        "clusterhat:False\nclusterctrl:1\nmaxpi:3\npirevision:Unknown\nthrottled:NA\n\
         ctrl_bus:20:{}:3 \n\
         ctrl20:FW:1.8 ADC1:5014mV T1:18.85C FAN:00000000\n\
         p1:0\nu1:1\np2:1\nu2:1\np3:0\nu3:1\n",
        board.bus
    );
    assert_eq!(answers(&vm, "status"), expected);
    assert_eq!(answers(&vm, "maxpi"), "3\n");
    for (words, power) in [("off p2", [0, 0, 0]), ("on p1 p3", [1, 0, 1]), ("off", [0, 0, 0])] {
        assert_eq!(answers(&vm, words), "");
        assert_eq!(board.power(), power, "{words}");
    }
    for words in ["alert on p1", "led off", "act off 20", "fan on 20", "hub reset", "hub on"] {
        assert_eq!(answers(&vm, words), "", "{words}");
    }
    {
        let state = &board.board().state;
        assert_eq!((state.alert, state.led, state.act, state.fan), (1, 0, None, Some(1)));
    }
    assert_eq!(answers(&vm, "usbboot on p1"), "");
    assert_eq!(answers(&vm, "getpath"), "", "its port is on no hub");
    let wrong = clusterctrl(&vm, "on p4").unwrap();
    assert_eq!((wrong.status, &*wrong.stdout), (1, "ERROR: Valid options are p1-p3\n"));
    vm.write_file("/etc/default/clusterctrl", "TYPE=x\n").unwrap();
    assert_eq!(answers(&vm, "on"), "", "no controller");
    assert_eq!(board.power(), [0, 0, 0]);
}

#[test]
fn two_boards_are_numbered_by_their_orders() {
    let vm = udev_vm();
    vendor_image(&vm).unwrap();
    let phat = Board::plug(&vm, CtrlBoard::new(PHAT, 30)).unwrap();
    let six = Board::plug(&vm, CtrlBoard::new(A_PLUS_6, 20)).unwrap();
    answers(&vm, "on p5 p6");
    answers(&vm, "usbboot off p2 p7");
    let expected = format!(
        "clusterhat:False\nclusterctrl:2\nmaxpi:7\npirevision:Unknown\nthrottled:NA\n\
         ctrl_bus:20:{}:5 30:{}:2 \n\
         ctrl20:FW:1.8 ADC1:5014mV ADC2:5014mV T1:18.85C FAN:00000000\n\
         p1:0\np2:0\np3:0\np4:0\np5:1\n\
         ctrl30:FW:1.8 FAN:00000000\np6:1\np7:0\n",
        six.bus, phat.bus
    );
    assert_eq!(answers(&vm, "status"), expected);
    answers(&vm, "setorder 30 10");
    assert_eq!(answers(&vm, "saveorder 10"), "saved\n");
    assert_eq!(answers(&vm, "savepos 20"), "saved\n");
    assert_eq!(answers(&vm, "reset 20"), "reset\n");
    assert_eq!(
        answers(&vm, "save 30"),
        "Error: Unable to find Cluster CTRL device with that order\n"
    );
    let expected = format!(
        "clusterhat:False\nclusterctrl:2\nmaxpi:7\npirevision:Unknown\nthrottled:NA\n\
         ctrl_bus:10:{}:2 20:{}:5 \n\
         ctrl10:FW:1.8 FAN:00000000\np1:1\np2:0\n\
         ctrl20:FW:1.8 ADC1:5014mV ADC2:5014mV T1:18.85C FAN:00000000\n\
         p3:0\np4:0\np5:0\np6:0\np7:1\n",
        phat.bus, six.bus
    );
    assert_eq!(answers(&vm, "status"), expected);
}

#[test]
fn a_hat_on_an_adapter_comes_before_a_triple() {
    let vm = udev_vm();
    vendor_image(&vm).unwrap();
    let board = Board::plug(&vm, CtrlBoard::new(TRIPLE, 20)).unwrap();
    let hat = Hat::plug(&vm, Expanders::running(0b0001)).unwrap();
    configure(&vm, &[(hat.bus, 0x20)]).unwrap();
    assert_eq!(answers(&vm, "on p4 p6"), "");
    assert_eq!((hat.pins(), board.power()), (0x99, vec![0, 1, 0]));
    let expected = format!(
        "clusterhat:1\nclusterctrl:1\nmaxpi:7\npirevision:Unknown\nthrottled:NA\n\
         ctrl_bus:20:{}:3 \n\
         hat_version:2.5\nhat_version_major:2\nhat_version_minor:5\nhat_size:4\n\
         hat_uuid:NA\nhat_vendor:NA\nhat_pid:NA\nhat_force:2.5\nis_pi5:False\n\
         hat_alert:0\nhat_hub:1\nhat_wp:1\nhat_led:1\nhat_wplink:0\nhat_xra1200p:True\n\
         p1:1\np2:0\np3:0\np4:1\n\
         ctrl20:FW:1.8 ADC1:5014mV T1:18.85C FAN:00000000\n\
         p5:0\nu5:1\np6:1\nu6:1\np7:0\nu7:1\n",
        board.bus
    );
    assert_eq!(answers(&vm, "status"), expected);
}

#[test]
fn two_boards_of_one_order_are_named_by_their_buses() {
    let vm = udev_vm();
    vendor_image(&vm).unwrap();
    let one = Board::plug(&vm, CtrlBoard::new(TRIPLE, 20)).unwrap();
    let two = Board::plug(&vm, CtrlBoard::new(PHAT, 20)).unwrap();
    let output = clusterctrl(&vm, "on").unwrap();
    let expected = format!(
        "ERROR: Duplicate ClusterCTRL 'order' found\nI2C Bus: {} Order: 20\nI2C Bus: {} Order: 20\n",
        one.bus, two.bus
    );
    assert_eq!((output.status, output.stdout, &*output.stderr), (1, expected, ""));
    assert_eq!((one.power(), two.power()), (vec![0, 0, 0], vec![0, 0]));
}

#[test]
fn without_a_board_it_says_so() {
    let vm = udev_vm();
    vendor_image(&vm).unwrap();
    let output = clusterctrl(&vm, "status").unwrap();
    let expected = "ERROR: No ClusterHAT/CTRL devices found\n\n";
    assert_eq!((output.status, &*output.stdout, &*output.stderr), (1, expected, ""));
}
