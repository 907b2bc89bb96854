//! Failed attempts by where they come from: after ten of them, an address has to wait before the next one is even looked at; in
//! IPv6, its network has to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::network;

/// That many attempts may fail before an address is slowed down.
pub const FREE: u32 = 10;

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);

/// After so long without a failure they are forgotten.
const MEMORY: Duration = Duration::from_secs(15 * 60);

/// That many addresses and networks are remembered.
const MOST: usize = 4096;

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// Failed attempts by address.
#[derive(Default)]
pub struct SlowDown {
    by_address: Mutex<HashMap<String, Failures>>,
    total: AtomicU64,
}

impl SlowDown {
    /// How long an address still has to wait; nothing = its attempt is looked at.
    #[must_use]
    pub fn wait(&self, address: &str) -> Option<Duration> {
        self.wait_at(address, Instant::now())
    }

    fn wait_at(&self, address: &str, now: Instant) -> Option<Duration> {
        let all = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = all.get(&*network::of(address))?;
        let beyond = failures.count.checked_sub(FREE)?;
        let pause = Duration::from_secs(1 << beyond.min(6)).min(LONGEST);
        let left = pause.saturating_sub(now.saturating_duration_since(failures.last));
        (!left.is_zero()).then_some(left)
    }

    /// Counts a failure. Returns how many there were.
    pub fn failed(&self, address: &str) -> u32 {
        self.failed_at(address, Instant::now())
    }

    /// Failures of all addresses since the daemon started.
    #[must_use]
    pub const fn total(&self) -> &AtomicU64 {
        &self.total
    }

    fn failed_at(&self, address: &str, now: Instant) -> u32 {
        self.total.fetch_add(1, Ordering::Relaxed);
        let network = network::of(address);
        let mut all = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, failures| now.saturating_duration_since(failures.last) < MEMORY);
        if all.len() >= MOST && !all.contains_key(&*network) {
            // Who changes addresses pushes out the one that has been quiet for longest.
            let oldest = all.iter().min_by_key(|(_, failures)| failures.last);
            if let Some(oldest) = oldest.map(|(address, _)| address.clone()) {
                all.remove(&oldest);
            }
        }
        let failures = all.entry(network.into_owned()).or_insert(Failures { count: 0, last: now });
        *failures = Failures { count: failures.count.saturating_add(1), last: now };
        failures.count
    }

    /// Forgets an address that proved itself.
    pub fn succeeded(&self, address: &str) {
        let mut all = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&*network::of(address));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_are_free_and_then_each_costs_more() {
        let slow = SlowDown::default();
        let now = Instant::now();
        for _ in 0..FREE - 1 {
            slow.failed_at("a", now);
        }
        assert_eq!(slow.wait_at("a", now), None);
        let mut waits = Vec::new();
        for _ in 0..8 {
            slow.failed_at("a", now);
            waits.push(slow.wait_at("a", now).unwrap().as_secs());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(slow.wait_at("b", now), None);
        assert_eq!(slow.wait_at("a", now + Duration::from_secs(60)), None);
        slow.succeeded("a");
        assert_eq!(slow.wait_at("a", now), None);
    }

    #[test]
    fn they_are_forgotten_and_bounded() {
        let slow = SlowDown::default();
        let now = Instant::now();
        assert_eq!(slow.failed_at("a", now), 1);
        assert_eq!(slow.failed_at("a", now + MEMORY), 1);
        for number in 0..MOST + 10 {
            slow.failed_at(&number.to_string(), now + MEMORY);
        }
        assert_eq!(slow.by_address.lock().unwrap().len(), MOST);
    }

    /// Seen: who had a network of 2^64 addresses could guess ten times with each of them.
    #[test]
    fn an_ipv6_network_has_as_many_attempts_as_an_address() {
        let slow = SlowDown::default();
        let now = Instant::now();
        for host in 1..=FREE {
            slow.failed_at(&format!("2001:db8::{host:x}"), now);
        }
        assert!(slow.wait_at("2001:db8::ffff:1", now).is_some());
        assert_eq!(slow.wait_at("2001:db8:0:1::1", now), None);
        slow.succeeded("2001:db8::99");
        assert_eq!(slow.wait_at("2001:db8::1", now), None);
    }
}
