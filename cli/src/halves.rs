//! What a signal must not cut in two: a hub that was switched off is switched on again first. SIGKILL
//! cannot be held off.

use std::io;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::interrupt;

/// A row of steps, each of which is done whole or not at all.
pub(crate) struct Halves {
    step: Arc<Mutex<()>>,
    /// The signal that came, or 0.
    signal: Arc<AtomicI32>,
}

impl Halves {
    /// From here on a signal that comes between two steps ends the process through `end`; one that
    /// comes in a step is told afterwards.
    ///
    /// # Errors
    /// Where the kernel gives no thread or no pipe.
    pub(crate) fn watch(end: impl Fn(i32) + Send + 'static) -> io::Result<Self> {
        let mut signals = interrupt::signals()?;
        let halves = Self { step: Arc::default(), signal: Arc::default() };
        let (step, came) = (Arc::clone(&halves.step), Arc::clone(&halves.signal));
        thread::Builder::new().spawn(move || {
            for signal in signals.forever() {
                came.store(signal, Ordering::SeqCst);
                // No step begins as long as this is held.
                if let Ok(_between) = step.try_lock() {
                    end(signal);
                }
            }
        })?;
        Ok(halves)
    }

    /// Takes a step. The signal that came meanwhile is for the caller to obey.
    pub(crate) fn whole<T>(&self, step: impl FnOnce() -> T) -> (T, Option<i32>) {
        let in_step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        let result = step();
        drop(in_step);
        let signal = self.signal.load(Ordering::SeqCst);
        (result, (signal != 0).then_some(signal))
    }
}
