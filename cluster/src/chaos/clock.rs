//! The time since a run began: the machine's, or a simulation's, in which waits may take none.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hat_driver::linux::Platform;

/// The longest wait between two calls of the observer.
const SLICE: Duration = Duration::from_millis(100);

pub(super) struct Clock {
    start: Instant,
    /// What was waited for, whether it took its time or not.
    waited: Duration,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { start: Instant::now(), waited: Duration::ZERO }
    }

    pub(super) fn now(&self) -> Duration {
        self.start.elapsed().max(self.waited)
    }

    /// Waits until a time since the start, unless it is stopped.
    pub(super) fn wait(
        &mut self,
        until: Duration,
        machine: &dyn Platform,
        is_stopped: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        loop {
            is_stopped()?;
            let rest = until.saturating_sub(self.now()).min(SLICE);
            if rest.is_zero() {
                return ControlFlow::Continue(());
            }
            let from = self.now();
            machine.sleep(rest);
            self.waited = from + rest;
        }
    }
}
