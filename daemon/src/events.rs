//! What happens, told to whoever listens: bounded, numbered, and with the last events again for who comes back.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver, Sender};

pub(crate) use clusterhat::service::unix_millis;
pub use clusterhat::service::{Event, EventKind};

/// That many events are kept for who comes back (`Last-Event-ID`), and wait for a listener that is slow.
const KEPT: usize = 512;

/// That many listeners at once.
const LISTENERS: usize = 64;

/// Nor more of one account or token: a program that opens streams and leaves them keeps nobody else out.
const LISTENERS_OF_ONE: usize = 16;

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
    listeners: Arc<Mutex<BTreeMap<String, usize>>>,
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

    /// Listens from here on, or from after an event that the listener had last; `None` where too many listen already: in all, or
    /// of this account or token.
    #[must_use]
    pub fn listen(&self, who: &str, after: Option<u64>) -> Option<Listener> {
        let guard = Guard::enter(&self.listeners, who)?;
        let kept = self.kept();
        let again: VecDeque<_> = match after {
            Some(after) => kept.last.iter().filter(|event| event.id > after).cloned().collect(),
            None => VecDeque::new(),
        };
        let oldest = kept.last.front().map_or(kept.next, |event| event.id);
        // One from the future is of a time before the clock was set back: what came after it is not known.
        let missed =
            after.is_some_and(|after| after.saturating_add(1) < oldest || after >= kept.next);
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
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listener's place.
struct Guard {
    all: Arc<Mutex<BTreeMap<String, usize>>>,
    who: String,
}

impl Guard {
    fn enter(all: &Arc<Mutex<BTreeMap<String, usize>>>, who: &str) -> Option<Self> {
        let mut counts = all.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = counts.get(who).copied().unwrap_or(0);
        if counts.values().sum::<usize>() >= LISTENERS || of_one >= LISTENERS_OF_ONE {
            return None;
        }
        counts.insert(who.to_owned(), of_one + 1);
        drop(counts);
        Some(Self { all: Arc::clone(all), who: who.to_owned() })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut counts = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.who);
            }
        }
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
mod tests;
