//! Waiting for the kernel.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::Result;

/// Plugging in takes some tenths of a second; this is for a machine that has much else to do.
const LIMIT: Duration = Duration::from_secs(60);

const STEP: Duration = Duration::from_millis(5);

/// Asks again until there is an answer.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let limit = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if Instant::now() > limit {
            return Err(format!("{what} has not happened within {} s", LIMIT.as_secs()).into());
        }
        thread::sleep(STEP);
    }
}
