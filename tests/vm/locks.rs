//! Several processes at one board: the locks, and programs that know nothing of them.

use std::time::Duration;

use clusterhat_tests::{
    chips::Expanders,
    running::until,
    vm::{Message, Transfer, Vm},
};

use crate::{
    hat::{Background, Hat, clusterhat, fails, succeeds},
    vm,
};

/// The registers that were asked for or written, in order, as `3` and `1=91`.
fn registers(transfers: &[Transfer]) -> Vec<String> {
    let name = |first: &Message| match first.bytes[..] {
        [register, value] => format!("{register}={value:x}"),
        _ => format!("{:x}", first.bytes[0]),
    };
    transfers.iter().map(|transfer| name(&transfer.messages[0])).collect()
}

/// Starts switching p1 and p2 on, and returns in the pause between them.
fn between_two_nodes(vm: &Vm, hat: &Hat) -> Background {
    let started = Background::start(vm, "on --delay 5 p1 p2");
    until("p1's power", || hat.pins() == 0x91);
    started.unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn an_off_in_the_pause_of_an_on_runs_at_once_and_stands() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    let on = between_two_nodes(&vm, &hat);
    let off = clusterhat(&vm, "off p1").unwrap();
    // Had it waited for the other to end, p2 would be on.
    assert_eq!((off.status, hat.pins()), (0, 0x90), "{off:?}");
    let on = on.join(&vm).unwrap();
    assert_eq!((on.status, hat.pins()), (1, 0x90), "{on:?}");
    assert!(on.stderr.contains("p1 was switched off by another process, so p2 was not"), "{on:?}");
}

/// A program that has had the bus open all along is seen by nothing else.
#[test]
fn after_a_pause_the_latch_is_read_again() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    vm.start_trace().unwrap();
    between_two_nodes(&vm, &hat).join(&vm).unwrap();
    assert_eq!(registers(&vm.stop_trace().unwrap()), ["3", "1", "1=91", "1", "1=93", "0"]);
}

#[test]
fn a_foreign_program_s_write_in_the_pause_is_read_and_kept() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    vm.start_trace().unwrap();
    let on = between_two_nodes(&vm, &hat);
    // The ALERT LED on, p1 as it is.
    vm.run(&["i2cset", "-y", &hat.bus.to_string(), "0x20", "1", "0xd1"]).unwrap();
    let on = on.join(&vm).unwrap();
    assert_eq!((on.status, hat.pins()), (0, 0xd3), "{on:?}");
    let seen = registers(&vm.stop_trace().unwrap());
    assert_eq!(seen, ["3", "1", "1=91", "1=d1", "1", "1=d3", "0"]);
}

#[test]
fn a_second_on_waits_for_the_first_and_tells_whom_it_waited_for() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    let on = between_two_nodes(&vm, &hat);
    let error = fails(&vm, "on p3 --lock-limit 0.2", 3);
    assert!(error.contains("clusterhat on --delay 5 p1 p2"), "{error}");
    assert!(error.contains("/run/lock/clusterhat-power-on.lock"), "{error}");
    succeeds(&vm, "on p3");
    assert_eq!(hat.pins(), 0x97, "the first was done before");
    assert_eq!(on.join(&vm).unwrap().status, 0);
}

/// Of the writes of a latch, those that gave a node power: which latch, and when by the kernel's clock.
fn power_ons(transfers: &[Transfer]) -> Vec<(u8, Duration)> {
    let writes = transfers.iter().filter_map(|transfer| match transfer.messages[0].bytes[..] {
        [1, latch] => Some((latch, transfer.at)),
        _ => None,
    });
    writes.collect()
}

#[test]
fn the_delay_holds_between_calls_one_after_the_other_and_at_once() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    vm.start_trace().unwrap();
    succeeds(&vm, "on p1 --delay 2");
    // The delay is one of the boot's clock: one that somebody sets has no part in it.
    vm.sh("date -s @$(($(date +%s) + 86400)) >/dev/null").unwrap();
    let later = Background::start(&vm, "on p2 --delay 2").unwrap();
    let at_once = clusterhat(&vm, "on p3 --delay 2").unwrap();
    let later = later.join(&vm).unwrap();
    vm.sh("date -s @$(($(date +%s) - 86400)) >/dev/null").unwrap();
    for on in [&later, &at_once] {
        assert_eq!((on.status, &*on.stderr), (0, ""), "{on:?}");
    }
    let ons = power_ons(&vm.stop_trace().unwrap());
    assert_eq!((ons.len(), hat.pins()), (3, 0x97), "{ons:?}");
    for pair in ons.windows(2) {
        assert!(pair[1].1 - pair[0].1 >= Duration::from_secs(2), "{ons:?}");
    }
}

#[test]
fn a_call_without_a_delay_waits_for_nobody_s() {
    let vm = vm();
    let _hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    vm.start_trace().unwrap();
    succeeds(&vm, "on p1 --delay 100");
    succeeds(&vm, "on p2 --delay 0");
    let ons = power_ons(&vm.stop_trace().unwrap());
    assert!(matches!(ons[..], [(0x91, one), (0x93, two)] if two - one < Duration::from_secs(100)));
}

#[test]
fn the_holder_of_the_bus_is_named() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0b0001)).unwrap();
    hat.expanders().pace = Duration::from_millis(400);
    let off = Background::start(&vm, "off p1").unwrap();
    until("the first transfer", || hat.messages() > 0);
    let error = fails(&vm, "alert on --lock-limit 0.2", 3);
    assert!(error.contains("clusterhat off p1"), "{error}");
    assert!(error.contains(&hat.plugged.path()), "{error}");
    assert_eq!(off.join(&vm).unwrap().status, 0);
    assert_eq!(hat.pins(), 0x90);
}
