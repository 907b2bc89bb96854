//! Calls in the guest, and waiting for what follows from them.

use std::{
    thread,
    time::{Duration, Instant},
};

use clusterhat_tests::vm::{Output, Vm};

/// For what takes some seconds even on a machine that has much else to do.
const LIMIT: Duration = Duration::from_secs(120);

/// What may tell why something does not come.
const STATE: &str = "tail -n 20 /run/rig/*; journalctl --boot --no-pager --lines=30 -u 'clusterhat*'; ip -brief address; ip link; grep -s . /sys/class/net/ethpi*/carrier; nft list ruleset; \
    journalctl --boot --no-pager --lines=60 --output=cat";

/// Runs a script.
pub(crate) fn run(vm: &Vm, script: &str) -> Output {
    vm.run(&["sh", "-c", script]).unwrap()
}

/// Runs a script that may take that long.
pub(crate) fn run_within(vm: &Vm, limit: Duration, script: &str) -> Output {
    vm.run_within(limit, &["sh", "-c", script]).unwrap()
}

/// Runs a script that has to end well; gives what it printed.
#[track_caller]
pub(crate) fn sh(vm: &Vm, script: &str) -> String {
    let output = vm.run(&["sh", "-ec", script]).unwrap();
    assert_eq!(output.status, 0, "{script}: {output:?}\n{}", vm.console());
    output.stdout.trim_end().to_owned()
}

/// Waits until a script ends well.
#[track_caller]
pub(crate) fn until(vm: &Vm, condition: &str) {
    let limit = Instant::now() + LIMIT;
    loop {
        let look = Instant::now();
        let output = run(vm, condition);
        if output.status == 0 {
            return;
        }
        if Instant::now() > limit {
            let state = run(vm, STATE).stdout;
            panic!("{condition} does not come: {output:?}\n{state}\n{}", vm.console());
        }
        // The guest has one processor: most of it is for what is waited for.
        thread::sleep((look.elapsed() * 3).max(Duration::from_millis(100)));
    }
}
