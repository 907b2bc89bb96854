//! One console as its readers share it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use clusterhat::consoles::WriteWish;
use serde::Serialize;
use tokio::sync::watch;

use crate::events::{EventKind, Events};

use super::history::{History, Piece};
use super::writer::{ReaderId, WriterSlot};

/// How many bytes of each console are kept in memory.
pub(super) const KEPT: usize = 64 * 1024;
/// How many bytes may wait for a node that takes none.
const MOST_PENDING: usize = 64 * 1024;

/// A console: what it sent last, who reads and who writes.
pub struct Console {
    label: String,
    shared: Mutex<Shared>,
    changed: watch::Sender<()>,
    events: Arc<Events>,
    /// The number of the next reader.
    next_reader: AtomicU64,
}

struct Shared {
    history: History,
    /// The number of the first byte since the port was opened last.
    opened: u64,
    port: PortState,
    writer: WriterSlot,
    /// What the node has not taken yet.
    pending: Vec<u8>,
    /// The writer of what no port took, until it is told.
    lost_of: Option<ReaderId>,
    wants_break: bool,
    readers: usize,
    /// Since the daemon started.
    received: u64,
}

/// Whether the node shows its console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PortState {
    /// Whether the port is open.
    pub(super) is_open: bool,
    /// Why it cannot be opened although it is there.
    pub(super) error: Option<String>,
}

/// What of the past a reader gets, as far as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// So many bytes.
    Bytes(usize),
    /// What the node sent since it showed its console.
    SinceOpened,
}

/// One console in a list.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct ConsoleSummary {
    /// `pN`.
    pub node: String,
    /// Whether the node shows it.
    pub open: bool,
    /// Why it cannot be opened although it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Who writes.
    pub writer: Option<String>,
    /// How many look at it.
    pub readers: usize,
    /// How many bytes the node sent since the daemon started.
    pub received: u64,
}

impl Console {
    /// Of a node, with what it sent before.
    #[must_use]
    pub fn new(label: String, old: &[u8], events: Arc<Events>) -> Self {
        let mut history = History::new(KEPT);
        history.push(old);
        let shared = Shared {
            opened: history.end(),
            history,
            port: PortState::default(),
            writer: WriterSlot::default(),
            pending: Vec::new(),
            lost_of: None,
            wants_break: false,
            readers: 0,
            received: 0,
        };
        Self {
            label,
            shared: Mutex::new(shared),
            changed: watch::Sender::new(()),
            events,
            next_reader: AtomicU64::new(1),
        }
    }

    /// The node's label: `p1`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// How it is now.
    #[must_use]
    pub fn summary(&self) -> ConsoleSummary {
        let shared = self.lock();
        ConsoleSummary {
            node: self.label.clone(),
            open: shared.port.is_open,
            error: shared.port.error.clone(),
            writer: shared.writer.current().map(|(_, name)| name.to_owned()),
            readers: shared.readers,
            received: shared.received,
        }
    }

    /// What it sent last.
    #[must_use]
    pub fn history(&self) -> Vec<u8> {
        let shared = self.lock();
        shared.history.read(shared.history.start(), KEPT).bytes
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and wakes everybody who looks at it.
    fn change<T>(&self, change: impl FnOnce(&mut Shared) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.send_replace(());
        result
    }
}

impl Console {
    fn tell(&self, what: &str, who: Option<String>) {
        let (node, what) = (self.label.clone(), what.to_owned());
        self.events.tell(EventKind::Console { node, what, who });
    }

    /// Changes who writes, and tells where it is somebody else then.
    fn hand_over<T>(&self, change: impl FnOnce(&mut Shared) -> T) -> T {
        let writer = |shared: &Shared| {
            shared.writer.current().map(|(reader, name)| (reader, name.to_owned()))
        };
        let (result, before, after) = self.change(|shared| {
            let before = writer(shared);
            (change(shared), before, writer(shared))
        });
        if before != after {
            self.tell("writer", after.map(|(_, name)| name));
        }
        result
    }
}

/// The port's side, for the thread that has it.
impl Console {
    /// Takes what the node sent.
    pub(super) fn received(&self, bytes: &[u8]) {
        self.change(|shared| {
            shared.received += bytes.len() as u64;
            shared.history.push(bytes);
        });
    }

    /// Takes note of how the port is. What waited for a port that is gone was meant for what ran there.
    pub(super) fn set_port(&self, port: PortState) {
        if self.lock().port == port {
            return;
        }
        let (was_open, is_open) = (self.lock().port.is_open, port.is_open);
        self.change(|shared| {
            if !port.is_open {
                let has_lost = !std::mem::take(&mut shared.pending).is_empty();
                let writer = shared.writer.current().map(|(reader, _)| reader);
                shared.lost_of = writer.filter(|_| has_lost);
                shared.wants_break = false;
            } else if !was_open {
                shared.opened = shared.history.end();
            }
            shared.port = port;
        });
        if was_open != is_open {
            self.tell(if is_open { "opened" } else { "closed" }, None);
        }
    }

    /// Whether something waits to be sent.
    pub(super) fn has_pending(&self) -> bool {
        !self.lock().pending.is_empty()
    }

    /// Whether a break is to be sent, which is taken note of.
    pub(super) fn take_break(&self) -> bool {
        std::mem::take(&mut self.lock().wants_break)
    }

    /// Lets the port take what waits; the count of bytes that it took.
    pub(super) fn send(&self, write: impl FnOnce(&[u8]) -> usize) {
        self.change(|shared| {
            let taken = write(&shared.pending);
            shared.pending.drain(..taken);
        });
    }
}

/// The readers' side.
impl Console {
    /// A new reader, and by what it is woken.
    pub(super) fn enter(&self) -> (ReaderId, watch::Receiver<()>) {
        self.lock().readers += 1;
        (self.next_reader.fetch_add(1, Ordering::Relaxed), self.changed.subscribe())
    }

    /// A reader is gone.
    pub(super) fn leave(&self, reader: ReaderId) {
        self.hand_over(|shared| {
            shared.readers -= 1;
            shared.writer.release(reader);
        });
    }

    /// The number of the byte from which a reader reads who wants this of the past.
    pub(super) fn from(&self, past: Past) -> u64 {
        let shared = self.lock();
        let first = match past {
            Past::Bytes(count) => shared.history.end().saturating_sub(count as u64),
            Past::SinceOpened => shared.opened,
        };
        shared.history.start().max(first)
    }

    /// What a reader gets next.
    pub(super) fn read(&self, from: u64, most: usize) -> Piece {
        self.lock().history.read(from, most)
    }

    /// How the port is, and who writes.
    pub(super) fn state(&self) -> (PortState, Option<(ReaderId, String)>) {
        let shared = self.lock();
        let writer = shared.writer.current().map(|(reader, name)| (reader, name.to_owned()));
        (shared.port.clone(), writer)
    }

    /// Grants a reader's wish to write or not to.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn wish(&self, reader: ReaderId, name: &str, wish: WriteWish) -> Result<(), String> {
        let now = Instant::now();
        self.hand_over(|shared| match wish {
            WriteWish::Request => shared.writer.request(reader, name, now),
            WriteWish::TakeOver => shared.writer.take_over(reader, name, now),
            _ => {
                shared.writer.release(reader);
                Ok(())
            }
        })
    }

    /// Whether there is room for more of what a writer sends.
    pub(super) fn has_room(&self) -> bool {
        self.lock().pending.len() < MOST_PENDING
    }

    /// Takes bytes for the node; whether this reader may send any. Those for a node without a port are lost, which is told.
    pub(super) fn write(&self, reader: ReaderId, bytes: &[u8]) -> bool {
        let mut shared = self.lock();
        let writes = shared.writer.writes(reader, Instant::now());
        if writes && shared.port.is_open {
            shared.pending.extend_from_slice(bytes);
        } else if writes {
            shared.lost_of = Some(reader);
        }
        writes
    }

    /// Whether the port was away before it took all that this reader had sent, which is told once.
    pub(super) fn takes_loss(&self, reader: ReaderId) -> bool {
        self.lock().lost_of.take_if(|of| *of == reader).is_some()
    }

    /// Asks for a break; whether this reader may.
    pub(super) fn wish_break(&self, reader: ReaderId) -> bool {
        let mut shared = self.lock();
        let writes = shared.writer.writes(reader, Instant::now());
        shared.wants_break |= writes && shared.port.is_open;
        writes
    }
}
