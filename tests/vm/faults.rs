//! Chips that do not answer, and adapters that go.

use std::{thread, time::Duration};

use clusterhat_tests::{chips::Expanders, running::until};

use crate::{
    hat::{Hat, clusterhat, fails, succeeds},
    vm,
};

#[test]
fn one_missing_acknowledge_is_repeated_and_told() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    for words in ["status", "on p1", "off p1"] {
        hat.expanders().refusals = 1;
        let output = clusterhat(&vm, words).unwrap();
        let warning = "clusterhat: warning: 1 bus transfers failed and were repeated\n";
        assert_eq!((output.status, &*output.stderr), (0, warning), "{words}");
    }
    assert_eq!(hat.pins(), 0x90);
}

#[test]
fn a_chip_that_never_acknowledges_is_tried_three_times_and_works_again_afterwards() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    hat.expanders().refusals = u32::MAX;
    for words in ["status", "on p1", "off", "init", "alert on"] {
        vm.start_trace().unwrap();
        let error = clusterhat(&vm, words).unwrap();
        assert_eq!(error.status, 1, "{words}: {error:?}");
        let named = error.stderr.contains(&hat.label());
        let cause = error.stderr.contains("nothing acknowledges at this address");
        assert!(named && cause, "{words}: {}", error.stderr);
        assert_eq!(vm.stop_trace().unwrap().len(), 3, "{words}");
    }
    hat.expanders().refusals = 0;
    succeeds(&vm, "on p1");
    assert_eq!(hat.pins(), 0x91);
}

#[test]
fn an_adapter_that_is_not_there_is_named_with_what_to_do() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    let (label, path) = (hat.label(), hat.plugged.path());
    drop(hat);
    for words in ["status", "on p1", "off", "init"] {
        let error = fails(&vm, words, 1);
        assert!(error.starts_with(&format!("clusterhat: {label}: cannot open {path}")), "{error}");
        assert!(error.contains("No such file") && error.contains("i2c-dev"), "{error}");
    }
    let hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    succeeds(&vm, "on p1");
    assert_eq!(hat.pins(), 0x91);
}

/// Unplugs the adapter once `at` is so, while p1 and p2 are being switched on with a pause between.
fn unplug_during_on(pace: Duration, at: impl Fn(&Hat) + Send + 'static) -> String {
    let vm = vm();
    let plugged = Hat::only(&vm, Expanders::running(0));
    let hat = plugged.unwrap_or_else(|e| panic!("{e}"));
    hat.expanders().pace = pace;
    let label = hat.label();
    let unplugging = thread::spawn(move || {
        at(&hat);
        drop(hat);
    });
    let error = fails(&vm, "on p1 p2 --delay 1.5", 1);
    unplugging.join().unwrap_or_else(|_| panic!("unplugging failed"));
    assert!(error.contains(&label), "{error}");
    // Seen: a regular file in the place of the device, which kept the adapter from coming back.
    let files = vm.sh("find /dev -maxdepth 1 -type f").unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(files, "");
    let again = Hat::only(&vm, Expanders::running(0));
    let again = again.unwrap_or_else(|e| panic!("{e}"));
    succeeds(&vm, "on p1 p2 --delay 0.05");
    assert_eq!(again.pins(), 0x93);
    error
}

#[test]
fn an_adapter_unplugged_in_the_pause_leaves_the_first_node_named_as_switched() {
    let error = unplug_during_on(Duration::ZERO, |hat| {
        until("p1's switching-on", || hat.messages() == 6);
        // The end of its transfer has to reach the guest; the pause is much longer.
        thread::sleep(Duration::from_millis(300));
    });
    assert!(error.ends_with("; switched on: p1"), "{error}");
}

#[test]
fn an_adapter_unplugged_in_the_middle_of_a_transfer_is_an_error() {
    // Two register reads come first; the fifth message switches p1, and takes its time.
    let error = unplug_during_on(Duration::from_millis(300), |hat| {
        until("the write of the latch", || hat.messages() == 5);
    });
    assert!(error.contains(": p1: ") && !error.contains("; switched on: "), "{error}");
    assert!(error.contains("the resulting state is unknown"), "{error}");
}
