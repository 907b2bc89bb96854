//! The timing of a subscription.

use core::ops::Add;
use core::time::Duration;

/// The time after the last request at which a subscription lapses.
pub const SUBSCRIPTION: Duration = Duration::from_secs(60);

/// The interval between readings of the telemetry for a subscriber.
pub const PERIOD: Duration = Duration::from_secs(5);

/// When the telemetry is next read for a subscriber, and when the subscription lapses, on the agent's clock.
///
/// ```
/// use core::time::Duration;
/// use node_link::agent::{PERIOD, SUBSCRIPTION, Subscription};
///
/// let mut subscription = Subscription::new(Duration::ZERO);
/// assert!(subscription.take_due(Duration::ZERO));
/// assert_eq!(subscription.deadline(), PERIOD);
/// assert!(subscription.has_ended(SUBSCRIPTION));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Subscription<T> {
    next: T,
    ends: T,
}

impl<T: Copy + Ord + Add<Duration, Output = T>> Subscription<T> {
    /// Begins a subscription; the telemetry is due immediately.
    #[must_use]
    pub fn new(now: T) -> Self {
        Self { next: now, ends: now + SUBSCRIPTION }
    }

    /// Restarts the time until it lapses; every request of the subscriber does.
    pub fn renew(&mut self, now: T) {
        self.ends = now + SUBSCRIPTION;
    }

    /// Whether it has lapsed.
    pub fn has_ended(&self, now: T) -> bool {
        self.ends <= now
    }

    /// Whether the telemetry is due; if so, it is due again a [`PERIOD`] later.
    pub fn take_due(&mut self, now: T) -> bool {
        let is_due = self.next <= now;
        if is_due {
            self.next = now + PERIOD;
        }
        is_due
    }

    /// The next time at which [`Self::take_due`] or [`Self::has_ended`] changes.
    pub fn deadline(&self) -> T {
        self.next.min(self.ends)
    }
}
