//! ClusterCTRL boards that are unplugged, and two programs at one board.

use std::{io, thread, time::Duration};

use clusterhat_tests::{
    chips::{ADDRESS, CtrlBoard, Expanders},
    running::until,
    vm::{Transfer, Vm},
};
use hat_driver::expander::Chip;
use serde_json::Value;

use crate::{
    ctrl::{A_PLUS_6, Board, PHAT, TRIPLE, answers, clusterctrl, vendor_image},
    hat::{Hat, clusterhat, configure, document, fails, succeeds},
    udev_vm,
};

/// The nodes of a status, as `p1:1`.
fn levels(status: &Value) -> Vec<String> {
    let nodes = status["nodes"].as_array().into_iter().flatten();
    let level = |node: &Value| {
        let name = node["node"].as_str().unwrap_or_default();
        format!("{name}:{}", u8::from(node["seen"] == true))
    };
    nodes.map(level).collect()
}

#[test]
fn a_board_unplugged_between_two_of_its_nodes_is_named_and_the_other_board_has_its_turn() {
    let vm = udev_vm();
    vendor_image(&vm).unwrap();
    let six = Board::plug(&vm, CtrlBoard::new(A_PLUS_6, 20)).unwrap();
    let phat = Board::plug(&vm, CtrlBoard::new(PHAT, 30)).unwrap();
    let bus = six.bus;
    let unplugging = thread::spawn(move || {
        until("p1's power", || six.power()[0] == 1);
        // The command reads on before it rests; the pause is much longer.
        thread::sleep(Duration::from_millis(400));
        drop(six);
    });
    let error = fails(&vm, "on p1 p2 p6 p7 --delay 2", 1);
    unplugging.join().unwrap();
    assert!(
        error.starts_with(&format!(
            "clusterhat: board ctrl20 (ClusterCTRL A+6, order 20, i2c-{bus} 0x20): "
        )),
        "{error}"
    );
    assert!(error.contains(": p2: ") && error.ends_with("; switched on: p1 p6 p7"), "{error}");
    assert_eq!(phat.power(), [1, 1]);
    // The board that is left has the first numbers.
    assert_eq!(levels(&document(&vm, "status")), ["p1:1", "p2:1"]);
    succeeds(&vm, "off p2");
    assert_eq!(phat.power(), [1, 0]);
    // Without its plug it had no power.
    let six = Board::plug(&vm, CtrlBoard::new(A_PLUS_6, 20)).unwrap();
    succeeds(&vm, "on p2 p7 --delay 0.05");
    let expected = ["p1:0", "p2:1", "p3:0", "p4:0", "p5:0", "p6:1", "p7:1"];
    assert_eq!(levels(&document(&vm, "status")), expected);
    assert_eq!((six.power(), phat.power()), (vec![0, 1, 0, 0, 0], vec![1, 1]));
}

#[test]
fn a_board_unplugged_in_the_middle_of_a_command_is_named() {
    let vm = udev_vm();
    vendor_image(&vm).unwrap();
    let board = Board::plug(&vm, CtrlBoard::new(TRIPLE, 20)).unwrap();
    board.board().pace = Duration::from_millis(200);
    let unplugging = thread::spawn(move || {
        // Its description, p1's power, then the command: two messages for each read.
        until("p1's command", || board.messages() == 6);
        drop(board);
    });
    let error = fails(&vm, "on p1", 1);
    unplugging.join().unwrap();
    assert!(
        error.contains("board ctrl20 (ClusterCTRL Triple") && error.contains(": p1: "),
        "{error}"
    );
    assert!(error.contains("the resulting state is unknown"), "{error}");
}

/// As at boot before its driver has come. Its order is not known then, nor which numbers come after its own.
#[test]
fn a_board_without_a_driver_is_an_entry_with_its_error_and_the_hat_s_nodes_switch() {
    let vm = udev_vm();
    vendor_image(&vm).unwrap();
    let triple = Board::plug(&vm, CtrlBoard::new(TRIPLE, 20)).unwrap();
    let phat = Board::plug(&vm, CtrlBoard::new(PHAT, 30)).unwrap();
    let hat = Hat::plug(&vm, Expanders::new(Chip::Xra1200p, &[ADDRESS])).unwrap();
    configure(&vm, &[(hat.bus, ADDRESS)]).unwrap();
    let usb = triple.usb();
    let unbind = format!("echo {usb}:1.0 >/sys/bus/usb/drivers/i2c-tiny-usb/unbind");
    vm.sh(&unbind).unwrap();

    let why =
        format!("ClusterCTRL Triple at USB {usb} has no I2C bus, since no driver is bound to it");
    let init = format!(
        "hat1: initialised; no node was on\nctrl30: initialises itself\n\
         ctrl@{usb}: initialises itself; cannot be used: {why}\n"
    );
    assert_eq!(succeeds(&vm, "init"), init);
    assert_eq!((hat.pins(), hat.chip().direction), (0x90, 0x00));
    for words in ["boards", "status"] {
        let output = clusterhat(&vm, &format!("--json {words}")).unwrap();
        let document: Value = serde_json::from_str(&output.stdout).unwrap();
        let boards = document["boards"].as_array().unwrap();
        let errors: Vec<_> = boards.iter().map(|board| board["error"].as_str()).collect();
        assert_eq!((output.status, errors), (1, vec![None, None, Some(&*why)]), "{document}");
    }
    let off = ["p1:0", "p2:0", "p3:0", "p4:0", "p5:0", "p6:0"];
    let status = clusterhat(&vm, "--json status").unwrap().stdout;
    assert_eq!(levels(&serde_json::from_str(&status).unwrap()), off);

    succeeds(&vm, "on p1 p4 --delay 0");
    let error = fails(&vm, "on p2 p5 --delay 0", 1);
    let uncertain = format!("the numbering is uncertain, since board ctrl@{usb} ");
    assert!(error.starts_with(&format!("clusterhat: p5: {uncertain}")), "{error}");
    assert!(error.ends_with("; switched on: p2"), "{error}");
    assert_eq!((hat.pins(), phat.power()), (0x9b, vec![0, 0]));
    // The same under the vendor's name.
    assert_eq!(answers(&vm, "off p1"), "");
    let refused = clusterctrl(&vm, "on p5").unwrap();
    assert!(refused.stdout.starts_with(&format!("ERROR: p5: {uncertain}")), "{refused:?}");
    assert_eq!((refused.status, hat.pins(), phat.power()), (1, 0x9a, vec![0, 0]));

    // With its driver it has its numbers.
    vm.sh(&unbind.replace("unbind", "bind")).unwrap();
    until("its bus", || clusterhat(&vm, "is-on p9").is_ok_and(|output| output.status == 1));
    succeeds(&vm, "on p5 p8 --delay 0");
    assert_eq!((triple.power(), phat.power()), (vec![1, 0, 0], vec![1, 0]));
}

/// A script that runs on while the test does something else, and tells its process number.
fn background(script: &str) -> String {
    format!("({script}) >/tmp/caller.out 2>/tmp/caller.err </dev/null & echo $!")
}

fn joined(vm: &Vm, pid: &str) -> io::Result<String> {
    let wait = format!("while [ -d /proc/{pid} ]; do usleep 20000; done; cat /tmp/caller.err");
    let errors = vm.run(&["sh", "-c", &wait])?.stdout;
    assert_eq!(errors, "");
    vm.read_file("/tmp/caller.out")
}

/// After a command its program reads the answer before another gives a command. Both programs were at
/// the board in turns.
fn nobody_came_between(transfers: &[Transfer]) {
    // A board's description lies in registers of its own.
    let of_commands: Vec<_> =
        transfers.iter().filter(|transfer| transfer.messages[0].bytes != [0x00]).collect();
    let is_read = |transfer: &Transfer| transfer.messages[0].bytes == [0x05];
    for pair in of_commands.windows(2) {
        if !is_read(pair[0]) {
            assert!(is_read(pair[1]) && pair[0].task == pair[1].task, "{pair:?}");
        }
    }
    let programs = |transfer: &&Transfer| transfer.task.starts_with("clusterctrl");
    let turns = of_commands.windows(2).filter(|pair| programs(&pair[0]) != programs(&pair[1]));
    assert!(turns.count() > 30, "the programs did not run at the same time");
}

/// A command's data and its answer lie in the same registers: what one program asks must never be
/// read by the other.
#[test]
fn two_programs_at_one_board_never_read_each_other_s_answers() {
    let vm = udev_vm();
    vendor_image(&vm).unwrap();
    let board = Board::plug(&vm, CtrlBoard::new(TRIPLE, 20)).unwrap();
    succeeds(&vm, "on p1");
    let questions = "for i in $(seq 30); do clusterhat --json status || echo failed $?; done";
    vm.start_trace().unwrap();
    let asking = vm.run(&["sh", "-c", &background(questions)]).unwrap().stdout;
    for turn in 0..15 {
        let on = turn % 2 == 0;
        assert_eq!(answers(&vm, if on { "on p2" } else { "off p2" }), "");
        let status = answers(&vm, "status");
        let expected =
            format!("T1:18.85C FAN:00000000\np1:1\nu1:1\np2:{}\nu2:1\np3:0\nu3:1\n", u8::from(on));
        assert!(status.ends_with(&expected), "turn {turn}: {status}");
        assert_eq!(board.power(), [1, u8::from(on), 0], "turn {turn}");
    }
    let answers = joined(&vm, asking.trim()).unwrap();
    nobody_came_between(&vm.stop_trace().unwrap());
    assert_eq!(answers.lines().count(), 30, "{answers}");
    for line in answers.lines() {
        let status: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let levels = levels(&status);
        assert!(levels == ["p1:1", "p2:0", "p3:0"] || levels == ["p1:1", "p2:1", "p3:0"], "{line}");
        let state = &status["boards"][0];
        assert_eq!(
            (state["firmware"].as_str(), state["voltages_mv"][0].as_u64(), state["fan"].as_u64()),
            (Some("1.8"), Some(5014), Some(0)),
            "{line}"
        );
        let told = state["temperature_c"].as_f64().map(|celsius| celsius.round());
        assert_eq!(told, Some(19.0), "{line}");
    }
}
