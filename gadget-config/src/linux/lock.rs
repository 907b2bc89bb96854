//! Only one call at a time changes the gadget.

use std::fs::File;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::{Linux, USB_GADGET};
use crate::{GadgetError, Kernel};

const POLL: Duration = Duration::from_millis(50);

/// Held until it is dropped or its process ends, however it ends.
#[derive(Debug)]
#[must_use = "the lock goes when this is dropped"]
pub struct GadgetLock(#[expect(dead_code, reason = "open means locked")] File);

impl Linux {
    /// Locks configfs' folder of gadgets, which needs no file of our own.
    ///
    /// # Errors
    /// If the folder is not there, or another call keeps the lock for longer than `limit`.
    pub fn lock(&self, limit: Duration) -> Result<GadgetLock, GadgetError> {
        // Loads the module that makes the folder.
        self.gadgets()?;
        let path = PathBuf::from(USB_GADGET);
        let file = File::open(&path)
            .map_err(|source| GadgetError::NoConfigfs { path: path.clone(), source })?;
        let end = Instant::now() + limit;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(GadgetLock(file)),
                Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < end => {
                    thread::sleep(POLL);
                }
                Err(Errno::WOULDBLOCK) => return Err(GadgetError::Locked { path, waited: limit }),
                Err(errno) => return Err(GadgetError::Read { path, source: errno.into() }),
            }
        }
    }
}
