//! A call of the command on the controller, which other things happen during.

use std::{
    thread,
    time::{Duration, Instant},
};

use clusterhat_tests::vm::Vm;

use super::Cluster;
use crate::cable::sh;

/// More than any of the calls takes by its own limits.
const LIMIT: Duration = Duration::from_secs(180);

/// Where in the kernel the call waits.
const KERNEL: &str = "for pid in $(pidof clusterhat); do
        grep -H . /proc/$pid/task/*/stack /proc/$pid/task/*/status | grep -e stack: -e State:
    done; dmesg | tail -n 20";

/// A call under way. One at a time.
pub(super) struct Call<'v> {
    vm: &'v Vm,
    words: String,
}

/// What it came to, with what it printed.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: i32,
    pub(super) said: String,
}

/// Waits until the call under way has heard that its node goes down, which it tells other calls.
pub(super) fn await_accepted(cluster: &Cluster) {
    cluster.vm().until("grep -q ' [0-9]*/[0-9]*d' /run/lock/clusterhat-power.record").unwrap();
}

impl Cluster {
    /// Begins a call, and does not wait for its end: the connection to the machine is free meanwhile.
    pub(super) fn begin(&self, words: &str) -> Call<'_> {
        let script = format!(
            "rm -f /run/status
             (set +e; clusterhat {words} </dev/null >/run/said 2>&1; echo $? >/run/result; \
              mv /run/result /run/status) >/dev/null 2>&1 &"
        );
        sh(self.vm(), &script);
        Call { vm: self.vm(), words: words.to_owned() }
    }

    pub(super) fn call(&self, words: &str) -> Ended {
        self.begin(words).end()
    }
}

impl Call<'_> {
    pub(super) fn is_under_way(&self) -> bool {
        self.vm.run(&["test", "-e", "/run/status"]).unwrap().status != 0
    }

    /// Waits for its end.
    pub(super) fn end(self) -> Ended {
        let limit = Instant::now() + LIMIT;
        while self.is_under_way() {
            if Instant::now() > limit {
                let kernel = self.vm.run(&["sh", "-c", KERNEL]).unwrap().stdout;
                panic!("{} does not end: {}\n{kernel}", self.words, self.said());
            }
            thread::sleep(Duration::from_millis(100));
        }
        let status = self.vm.read_file("/run/status").unwrap().trim().parse().unwrap();
        Ended { status, said: self.said() }
    }

    fn said(&self) -> String {
        self.vm.read_file("/run/said").unwrap()
    }
}

impl Ended {
    #[track_caller]
    pub(super) fn succeeds(self) {
        assert_eq!(self.status, 0, "{self:?}");
    }

    /// It ends with this status, and says this.
    #[track_caller]
    pub(super) fn fails(self, status: i32, why: &str) {
        assert!(self.status == status && self.said.contains(why), "not {status}, {why}: {self:?}");
    }
}
