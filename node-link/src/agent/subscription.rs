//! What an agent keeps of a subscription.

use core::ops::Add;
use core::time::Duration;

/// How long a subscription lasts after the last request.
pub const SUBSCRIPTION: Duration = Duration::from_secs(60);

/// How often the telemetry is read while somebody has a subscription.
pub const PERIOD: Duration = Duration::from_secs(5);

/// When a subscriber is to be told of the node again, and when its subscription ends; times are of the agent's clock.
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
    /// One that begins now, with the telemetry at once.
    #[must_use]
    pub fn new(now: T) -> Self {
        Self { next: now, ends: now + SUBSCRIPTION }
    }

    /// Any request of the subscriber lets it last longer.
    pub fn renew(&mut self, now: T) {
        self.ends = now + SUBSCRIPTION;
    }

    /// Whether it was not renewed in time.
    pub fn has_ended(&self, now: T) -> bool {
        self.ends <= now
    }

    /// Whether the telemetry is to be read now. The next time is a [`PERIOD`] later.
    pub fn take_due(&mut self, now: T) -> bool {
        let is_due = self.next <= now;
        if is_due {
            self.next = now + PERIOD;
        }
        is_due
    }

    /// When there is something to do without a request.
    pub fn deadline(&self) -> T {
        self.next.min(self.ends)
    }
}
