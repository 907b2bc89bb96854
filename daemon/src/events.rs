//! What happens, told to whoever listens: bounded, numbered, and with the last events again for who comes back.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver, Sender};

pub use clusterhat::service::{Event, EventKind};

/// That many events are kept for who comes back (`Last-Event-ID`), and wait for a listener that is slow.
const KEPT: usize = 512;

/// That many listeners at once.
const LISTENERS: usize = 64;

/// What a listener gets next.
#[derive(Clone, Debug)]
pub enum Next {
    /// The next event.
    Event(Arc<Event>),
    /// The listener was too slow: some were dropped. What is so now has to be asked for.
    Missed,
}

struct Kept {
    next: u64,
    last: VecDeque<Arc<Event>>,
}

/// What happens, told to whoever listens.
pub struct Events {
    kept: Mutex<Kept>,
    sender: Sender<Arc<Event>>,
    listeners: Arc<AtomicUsize>,
}

impl Default for Events {
    fn default() -> Self {
        let (sender, _) = broadcast::channel(KEPT);
        // Below 2^53, for who reads numbers as JavaScript does.
        let next = unix_millis() / 1000 * 1_000_000;
        let kept = Mutex::new(Kept { next, last: VecDeque::new() });
        Self { kept, sender, listeners: Arc::default() }
    }
}

/// Milliseconds since 1970-01-01 UTC.
pub(crate) fn unix_millis() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

impl Events {
    /// Tells all listeners.
    pub fn tell(&self, kind: EventKind) {
        let mut kept = self.kept();
        let event = Arc::new(Event { id: kept.next, at: unix_millis(), kind });
        kept.next += 1;
        if kept.last.len() == KEPT {
            kept.last.pop_front();
        }
        kept.last.push_back(Arc::clone(&event));
        // Nobody may listen.
        let _ = self.sender.send(event);
    }

    /// Listens from here on, or from after an event that the listener had last; `None` where too many listen already.
    #[must_use]
    pub fn listen(&self, after: Option<u64>) -> Option<Listener> {
        let before = self.listeners.fetch_add(1, Ordering::Relaxed);
        let guard = Guard(Arc::clone(&self.listeners));
        if before >= LISTENERS {
            return None;
        }
        let kept = self.kept();
        let again: VecDeque<_> = match after {
            Some(after) => kept.last.iter().filter(|event| event.id > after).cloned().collect(),
            None => VecDeque::new(),
        };
        let oldest = kept.last.front().map(|event| event.id);
        let missed = after
            .is_some_and(|after| oldest.is_some_and(|oldest| oldest > after.saturating_add(1)));
        Some(Listener { missed, again, receiver: self.sender.subscribe(), _guard: guard })
    }

    /// The last events, the oldest first.
    #[must_use]
    pub fn last(&self) -> Vec<Arc<Event>> {
        self.kept().last.iter().cloned().collect()
    }

    /// How many listen.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.listeners.load(Ordering::Relaxed)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One that listens.
pub struct Listener {
    missed: bool,
    again: VecDeque<Arc<Event>>,
    receiver: Receiver<Arc<Event>>,
    _guard: Guard,
}

impl Listener {
    /// The next event; `None` where the daemon ends.
    pub async fn next(&mut self) -> Option<Next> {
        if std::mem::take(&mut self.missed) {
            return Some(Next::Missed);
        }
        if let Some(event) = self.again.pop_front() {
            return Some(Next::Event(event));
        }
        match self.receiver.recv().await {
            Ok(event) => Some(Next::Event(event)),
            Err(RecvError::Lagged(_)) => Some(Next::Missed),
            Err(RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn power(node: usize) -> EventKind {
        EventKind::Power { node: format!("p{node}"), on: true }
    }

    async fn id(listener: &mut Listener) -> Option<u64> {
        match listener.next().await? {
            Next::Event(event) => Some(event.id),
            Next::Missed => None,
        }
    }

    #[tokio::test]
    async fn who_comes_back_gets_what_was_missed() {
        let events = Events::default();
        events.tell(power(1));
        let first = events.last()[0].id;
        events.tell(power(2));
        let mut back = events.listen(Some(first)).unwrap();
        events.tell(power(3));
        assert_eq!(id(&mut back).await, Some(first + 1));
        assert_eq!(id(&mut back).await, Some(first + 2));
        // Of before a restart: what was missed is not known.
        let mut old = events.listen(Some(5)).unwrap();
        assert_eq!(id(&mut old).await, None);
        assert_eq!(id(&mut old).await, Some(first));
        // A number that no event ever has.
        assert!(events.listen(Some(u64::MAX)).is_some());
    }

    #[tokio::test]
    async fn a_slow_listener_is_told_so_and_memory_is_bounded() {
        let events = Events::default();
        let mut slow = events.listen(None).unwrap();
        for node in 0..3 * KEPT {
            events.tell(power(node));
        }
        assert_eq!(events.last().len(), KEPT);
        assert_eq!(id(&mut slow).await, None);
        assert!(id(&mut slow).await.is_some());
        let others: Vec<_> = (1..LISTENERS).map(|_| events.listen(None).unwrap()).collect();
        assert!(events.listen(None).is_none());
        drop(others);
        assert_eq!(events.listeners(), 1);
    }

    #[test]
    fn the_word_is_the_same_in_the_document() {
        let kind = EventKind::UnderVoltage { now: true };
        let document = serde_json::to_value(Event { id: 1, at: 2, kind: kind.clone() }).unwrap();
        assert_eq!(document["event"], kind.name());
        assert_eq!(document["now"], true);
    }
}
