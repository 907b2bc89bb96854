//! Moments as Redfish writes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clusterhat::report::Since;
use clusterhat::rfc3339;

/// A moment on the boot clock, in whole seconds and never in the future: what is asked for twice is the same then.
pub(crate) fn since(since: Since) -> String {
    let then = SystemTime::now().checked_sub(since.age()).unwrap_or(UNIX_EPOCH);
    let after = then.duration_since(UNIX_EPOCH).unwrap_or_default();
    rfc3339(UNIX_EPOCH + Duration::from_secs(after.as_secs()))
}
