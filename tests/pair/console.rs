//! A dialogue over a serial port.

use std::{
    thread,
    time::{Duration, Instant},
};

use clusterhat_tests::vm::Vm;

use crate::cable::sh;

/// What came in so far.
const HEARD: &str = "/tmp/heard";

/// Hashing a password takes seconds on an emulated processor that has much else to do.
const LIMIT: Duration = Duration::from_secs(90);

/// An open serial port of the guest. One at a time.
pub(crate) struct Console<'v> {
    vm: &'v Vm,
    tty: String,
    /// How much of what came in has been looked at.
    seen: usize,
}

impl<'v> Console<'v> {
    /// Opens it raw and without echo, or the login's prompt would come back to it as a name.
    pub(crate) fn open(vm: &'v Vm, tty: String) -> Self {
        let open = format!(
            "(exec 3<>{tty}; stty raw -echo <&3; >{HEARD}; exec cat <&3) >{HEARD} 2>/dev/null &
             echo $! >/tmp/reader; while [ ! -e {HEARD} ]; do usleep 20000; done"
        );
        sh(vm, &open);
        Self { vm, tty, seen: 0 }
    }

    /// Types a line.
    pub(crate) fn send(&mut self, line: &str) {
        self.vm.write_file("/tmp/line", &format!("{line}\r")).unwrap();
        sh(self.vm, &format!("cat /tmp/line >{}", self.tty));
    }

    /// Waits until this comes in; gives what came before it.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let limit = Instant::now() + LIMIT;
        loop {
            let heard = self.vm.read_file(HEARD).unwrap();
            let new = heard.get(self.seen..).unwrap_or_default();
            if let Some(at) = new.find(text) {
                let before = new[..at].to_owned();
                self.seen += at + text.len();
                return before;
            }
            assert!(Instant::now() < limit, "{text:?} has not come, but {heard:?}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Closes it.
    pub(crate) fn close(self) {
        sh(self.vm, &format!("kill $(cat /tmp/reader); rm -f {HEARD}"));
    }
}
