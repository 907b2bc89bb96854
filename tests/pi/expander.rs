//! Every command against the PCA9554 on the Pi's own I2C controller, its pins seen from outside.

use clusterhat_tests::{
    pi::Pi,
    vm::{Message, Transfer},
};

use crate::{PI_3, boot, command::succeeds, pi};

/// What v2.5's pins show with all nodes off, in the order of the bits: write protection on, ALERT
/// off, the hub on (it is active low), the LEDs on.
const RESTING: u8 = 0x90;

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn a_fresh_board_is_found_asked_and_initialised() {
    // Its chip is initialised but once in the life of the machine.
    let mut pi = boot(PI_3);
    pi.start_trace().unwrap();
    let status = succeeds(&mut pi, "status");
    assert!(status.contains("not initialised yet"), "{status}");
    let boards = succeeds(&mut pi, "boards");
    assert!(boards.contains("v2.5") && boards.contains("i2c-1 0x20"), "{boards}");
    let unverified = "hat1: unverified: its bus is the I2C controller of a Pi 0 to 4";
    assert!(boards.contains(unverified), "{boards}");
    let transfers = pi.stop_trace().unwrap();
    let mut written = transfers.iter().flat_map(|t| &t.messages).filter(|message| !message.read);
    assert!(written.all(|message| message.length == 1), "a question wrote: {transfers:?}");
    assert_eq!(pi.pins().unwrap(), 0xff, "inputs");
    let said = succeeds(&mut pi, "init");
    // Nothing pulls the emulated pins down: the nodes were on, and stay so.
    assert!(said.contains("initialised; still on: p1 p2 p3 p4"), "{said}");
    assert_eq!(pi.pins().unwrap(), RESTING | 0x0f);
    let said = succeeds(&mut pi, "init");
    assert!(said.contains("nothing written"), "{said}");
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn nodes_go_on_one_after_the_other_and_off_at_once() {
    let mut pi = pi();
    pi.start_trace().unwrap();
    succeeds(&mut pi, "on p1..p4 --delay 0.2");
    assert_eq!(pi.pins().unwrap(), 0x9f);
    assert_eq!(latches(&mut pi), [0x91, 0x93, 0x97, 0x9f]);
    pi.start_trace().unwrap();
    succeeds(&mut pi, "off");
    assert_eq!(pi.pins().unwrap(), RESTING);
    assert_eq!(latches(&mut pi), [RESTING]);
    succeeds(&mut pi, "on p2");
    let status = succeeds(&mut pi, "status");
    let lines: Vec<Vec<&str>> =
        status.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[1], ["p1", "hat1", "off", "off"]);
    assert_eq!(lines[2], ["p2", "hat1", "on", "on"]);
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn a_dry_run_touches_no_pin() {
    let mut pi = pi();
    pi.start_trace().unwrap();
    let said = succeeds(&mut pi, "on p1..p3 --dry-run");
    assert!(said.contains("would switch on p3"), "{said}");
    assert!(latches(&mut pi).is_empty());
    assert_eq!(pi.pins().unwrap(), RESTING);
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn cycle_leaves_the_other_nodes_alone() {
    let mut pi = pi();
    succeeds(&mut pi, "on p1 p2 --delay 0.05");
    pi.start_trace().unwrap();
    succeeds(&mut pi, "cycle p2 --off-time 0.2");
    assert_eq!(latches(&mut pi), [0x91, 0x93]);
    assert_eq!(pi.pins().unwrap(), 0x93);
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn the_other_outputs_follow() {
    let mut pi = pi();
    for (words, pins) in [
        ("alert on", 0xd0),
        ("led off", 0xc0),
        ("hub off", 0xe0),
        ("wp off", 0x60),
        ("wp on", 0xe0),
        ("hub on", 0xc0),
        ("led on", 0xd0),
        ("alert off", 0x90),
    ] {
        succeeds(&mut pi, words);
        assert_eq!(pi.pins().unwrap(), pins, "{words}");
    }
    pi.start_trace().unwrap();
    succeeds(&mut pi, "hub reset");
    assert_eq!(latches(&mut pi), [0xb0, 0x90]);
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn each_transfer_is_one_that_the_controller_can_do() {
    let mut pi = pi();
    pi.start_trace().unwrap();
    succeeds(&mut pi, "on p1");
    let transfers = pi.stop_trace().unwrap();
    let refused = transfers.iter().find(|transfer| !sane(transfer));
    assert!(!transfers.is_empty() && refused.is_none(), "{refused:?}");
    let write = [Message::write(0x20, &[1, 0x91]), Message::read(0x20, &[0x91])];
    assert!(transfers.iter().any(|transfer| transfer.messages == write), "{transfers:?}");
}

/// A write, or a write with one read behind it: what i2c-bcm2835 can carry out. All of it was
/// acknowledged, and by the HAT's chip.
fn sane(transfer: &Transfer) -> bool {
    let Transfer { adapter, messages, result, .. } = transfer;
    let (first, rest) = messages.split_first().unwrap();
    let shape = !first.read && rest.len() <= 1 && rest.iter().all(|message| message.read);
    let all_of_it = usize::try_from(*result) == Ok(messages.len());
    *adapter == 1 && shape && all_of_it && messages.iter().all(|m| m.address == 0x20)
}

/// Ends the record: what was written to the latch.
#[track_caller]
fn latches(pi: &mut Pi) -> Vec<u8> {
    let transfers = pi.stop_trace().unwrap();
    let latch = |transfer: &Transfer| match transfer.messages[0].bytes[..] {
        [1, latch] => Some(latch),
        _ => None,
    };
    transfers.iter().filter_map(latch).collect()
}
