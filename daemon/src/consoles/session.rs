//! One reader of a console.

use std::sync::Arc;

use clusterhat::consoles::{Control, Notice, WriteWish};
use tokio::sync::watch;

use super::console::{Console, Past, PortState};
use super::wake::Wake;
use super::writer::ReaderId;
use crate::access::Role;

/// How many bytes are sent at once.
const CHUNK: usize = 16 * 1024;

/// A reader, who may write when it is its turn.
pub struct Session {
    console: Arc<Console>,
    wake: Wake,
    changed: watch::Receiver<()>,
    id: ReaderId,
    reader: Reader,
    /// The number of the byte that is to be sent next.
    next: u64,
    /// What was told last.
    port: Option<PortState>,
    writer: Option<Option<(ReaderId, String)>>,
    refused: Option<String>,
}

/// Who reads.
pub struct Reader {
    /// What others see.
    pub name: String,
    /// What it may do by now; nothing for who may not even read any more.
    pub role: Box<dyn Fn() -> Option<Role> + Send>,
    /// What is done when it sends something.
    pub uses: Box<dyn Fn() + Send>,
    /// What is done when it gets the turn to write.
    pub writes: Box<dyn Fn() + Send>,
}

/// What is to be sent to a reader.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// From the node.
    Bytes(Vec<u8>),
    /// About the console.
    Notice(Notice),
}

/// What a reader sends.
#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    /// To the node.
    Bytes(Vec<u8>),
    /// A wish.
    Control(Control),
}

impl Session {
    /// Begins with a part of what was sent before.
    pub(super) fn new(console: Arc<Console>, wake: Wake, reader: Reader, past: Past) -> Self {
        let next = console.from(past);
        let (id, changed) = console.enter();
        Self { console, wake, changed, id, reader, next, port: None, writer: None, refused: None }
    }

    /// Waits for what is to be sent next. Nothing is lost where this is dropped before it is done.
    pub async fn next(&mut self) -> Output {
        loop {
            self.changed.mark_unchanged();
            if let Some(output) = self.ready() {
                return output;
            }
            // The sender lives as long as the console, which is held here.
            let _ = self.changed.changed().await;
        }
    }

    /// Notices first: whoever writes no longer is to know it before the echo of somebody else's keys.
    fn ready(&mut self) -> Option<Output> {
        if self.console.takes_loss(self.id) {
            self.refuse("the console is not there: what was sent last is lost");
        }
        if let Some(reason) = self.refused.take() {
            return Some(Output::Notice(Notice::Refused { reason }));
        }
        let (port, writer) = self.console.state();
        if self.port.as_ref() != Some(&port) {
            let notice = Notice::Port { open: port.is_open, error: port.error.clone() };
            self.port = Some(port);
            return Some(Output::Notice(notice));
        }
        if self.writer.as_ref() != Some(&writer) {
            let you = writer.as_ref().is_some_and(|(id, _)| *id == self.id);
            let name = writer.as_ref().map(|(_, name)| name.clone());
            self.writer = Some(writer);
            return Some(Output::Notice(Notice::Writer { name, you }));
        }
        let piece = self.console.read(self.next, CHUNK);
        if piece.lost > 0 {
            self.next += piece.lost;
            return Some(Output::Notice(Notice::Lost { bytes: piece.lost }));
        }
        self.next = piece.next;
        (!piece.bytes.is_empty()).then_some(Output::Bytes(piece.bytes))
    }

    /// Waits until more of what the reader sends can be taken: a node that takes no bytes lets its writer wait, and nobody
    /// else.
    pub fn room(&self) -> impl Future<Output = ()> + use<> {
        let (console, mut changed) = (Arc::clone(&self.console), self.changed.clone());
        async move {
            loop {
                changed.mark_unchanged();
                if console.has_room() {
                    return;
                }
                let _ = changed.changed().await;
            }
        }
    }

    /// Takes what the reader sends.
    pub fn take(&mut self, input: Input) {
        (self.reader.uses)();
        let is_granted = match input {
            Input::Control(Control::Write(WriteWish::Release)) => {
                self.console.wish(self.id, &self.reader.name, WriteWish::Release).is_ok()
            }
            _ if !self.may_write() => {
                self.refuse("your role only reads: an operator writes");
                return;
            }
            Input::Control(Control::Write(wish)) => {
                match self.console.wish(self.id, &self.reader.name, wish) {
                    Ok(()) => (self.reader.writes)(),
                    Err(why) => self.refuse(&why),
                }
                return;
            }
            Input::Control(Control::Break(true)) => self.console.wish_break(self.id),
            Input::Control(_) => true,
            Input::Bytes(bytes) => self.console.write(self.id, &bytes),
        };
        if is_granted {
            self.wake.wake();
        } else {
            self.refuse("you do not have the turn to write: ask for it first");
        }
    }

    /// Whether it may still read.
    #[must_use]
    pub fn may_read(&self) -> bool {
        (self.reader.role)().is_some()
    }

    fn may_write(&self) -> bool {
        (self.reader.role)().is_some_and(|role| role >= Role::Operator)
    }

    fn refuse(&mut self, reason: &str) {
        self.refused = Some(reason.to_owned());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.console.leave(self.id);
    }
}

#[cfg(test)]
mod tests;
