//! Every command that switches something, on both chips.

use clusterhat_tests::chips::{ADDRESS, Expanders};
use hat_driver::expander::Chip;

use crate::{
    hat::{Hat, succeeds},
    vm,
};

const KINDS: [Chip; 2] = [Chip::Xra1200p, Chip::Pca9554];

#[test]
fn status_of_a_fresh_board_writes_nothing_but_the_register_pointer() {
    let vm = vm();
    for kind in KINDS {
        let hat = Hat::only(&vm, Expanders::new(kind, &[ADDRESS])).unwrap();
        let fresh = hat.chip();
        vm.start_trace().unwrap();
        let status = succeeds(&vm, "status");
        assert!(status.contains("not initialised yet"), "{status}");
        let transfers = vm.stop_trace().unwrap();
        let mut written = transfers.iter().flat_map(|t| &t.messages).filter(|m| !m.read);
        assert!(written.all(|message| message.length == 1), "{transfers:?}");
        let now = hat.chip();
        assert_eq!((now.latch, now.direction, now.pull_up), (fresh.latch, 0xff, 0xff));
    }
}

#[test]
fn on_initialises_a_fresh_board_and_off_takes_all_nodes_at_once() {
    let vm = vm();
    for kind in KINDS {
        let hat = Hat::only(&vm, Expanders::new(kind, &[ADDRESS])).unwrap();
        let said = succeeds(&vm, "on p1..p4 --delay 0.05");
        assert!(said.contains("hat1: initialised first"), "{said}");
        assert_eq!((hat.pins(), hat.chip().direction), (0x9f, 0x00));
        vm.start_trace().unwrap();
        succeeds(&vm, "off");
        let transfers = vm.stop_trace().unwrap();
        assert_eq!(hat.pins(), 0x90);
        let writes = transfers.iter().filter(|t| t.messages[0].length > 1);
        assert_eq!(writes.count(), 1, "{transfers:?}");
    }
}

#[test]
fn cycle_leaves_the_other_nodes_alone() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0b0110)).unwrap();
    vm.start_trace().unwrap();
    succeeds(&vm, "cycle p2 p4 --off-time 0.1 --delay 0.05");
    let latches: Vec<_> = vm
        .stop_trace()
        .unwrap()
        .into_iter()
        .filter_map(|transfer| match transfer.messages[0].bytes[..] {
            [1, latch] => Some(latch),
            _ => None,
        })
        .collect();
    assert_eq!(latches, [0x94, 0x96, 0x9e]);
    assert_eq!(hat.pins(), 0x9e);
}

#[test]
fn the_other_outputs_follow_and_say_when_they_were_so_already() {
    let vm = vm();
    for kind in KINDS {
        let hat = Hat::only(&vm, Expanders::new(kind, &[ADDRESS])).unwrap();
        succeeds(&vm, "on p1 p3 --delay 0.05");
        // The hub is active low.
        for (words, pins) in [
            ("alert on", 0xd5),
            ("led off", 0xc5),
            ("hub off", 0xe5),
            ("wp off", 0x65),
            ("wp on", 0xe5),
            ("hub on", 0xc5),
            ("led on", 0xd5),
            ("alert off", 0x95),
        ] {
            succeeds(&vm, words);
            assert_eq!(hat.pins(), pins, "{words} on {kind:?}");
            let again = succeeds(&vm, words);
            assert!(again.contains("no change"), "{again}");
        }
    }
}

#[test]
fn hub_reset_ends_with_the_hub_on() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0b0001)).unwrap();
    vm.start_trace().unwrap();
    succeeds(&vm, "hub reset");
    let transfers = vm.stop_trace().unwrap();
    let off = transfers.iter().any(|transfer| transfer.messages[0].bytes == [1, 0xb1]);
    assert!(off, "{transfers:?}");
    assert_eq!(hat.pins(), 0x91);
}

#[test]
fn init_keeps_a_node_that_the_jumper_holds_on_and_writes_nothing_the_second_time() {
    let vm = vm();
    for kind in KINDS {
        let mut expanders = Expanders::new(kind, &[ADDRESS]);
        for chip in expanders.chips.values_mut() {
            chip.external[2] = Some(true);
        }
        let hat = Hat::only(&vm, expanders).unwrap();
        let said = succeeds(&vm, "init");
        assert!(said.contains("initialised; still on: p3"), "{said}");
        assert_eq!((hat.pins(), hat.chip().direction), (0x94, 0x00));
        vm.start_trace().unwrap();
        let said = succeeds(&vm, "init");
        assert!(said.contains("nothing written"), "{said}");
        let transfers = vm.stop_trace().unwrap();
        assert!(transfers.iter().all(|t| t.messages[0].length == 1), "{transfers:?}");
    }
}
