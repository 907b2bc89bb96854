//! Which consoles there are, and what the thread that has their ports is to do.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use super::console::Console;
use super::wake::Wake;
use crate::events::Events;

/// What the thread and everybody else share.
pub(super) struct Registry {
    all: RwLock<Vec<Arc<Console>>>,
    /// Wakes the thread.
    pub(super) wake: Wake,
    pub(super) events: Arc<Events>,
    renews: AtomicBool,
    ends: AtomicBool,
    /// Whether the thread has looked which nodes there are.
    pub(super) looked: watch::Sender<bool>,
}

impl Registry {
    pub(super) fn new(events: Arc<Events>) -> io::Result<Self> {
        Ok(Self {
            all: RwLock::default(),
            wake: Wake::new()?,
            events,
            renews: AtomicBool::new(false),
            ends: AtomicBool::new(false),
            looked: watch::Sender::new(false),
        })
    }

    /// All consoles, in the nodes' order.
    pub(super) fn all(&self) -> Vec<Arc<Console>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, all: Vec<Arc<Console>>) {
        *self.all.write().unwrap_or_else(PoisonError::into_inner) = all;
    }

    /// Asks the thread to look for nodes that came or went.
    pub(super) fn renew(&self) {
        self.renews.store(true, Ordering::Release);
        self.wake.wake();
    }

    /// Whether that was asked, which is taken note of.
    pub(super) fn takes_renewal(&self) -> bool {
        self.renews.swap(false, Ordering::AcqRel)
    }

    /// Asks the thread to end.
    pub(super) fn end(&self) {
        self.ends.store(true, Ordering::Release);
        self.wake.wake();
    }

    /// Whether that was asked.
    pub(super) fn ends(&self) -> bool {
        self.ends.load(Ordering::Acquire)
    }
}
