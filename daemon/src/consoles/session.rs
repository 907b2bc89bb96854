//! One reader of a console.

use std::sync::Arc;

use clusterhat::consoles::{Control, Notice, WriteWish};
use tokio::sync::watch;

use super::console::{Console, PortState};
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
    /// Begins with so many bytes of what was sent before.
    pub(super) fn new(console: Arc<Console>, wake: Wake, reader: Reader, old: usize) -> Self {
        let next = console.from(old);
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
                    Err(other) => self.refuse(&format!("{other} writes on this console")),
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
            self.refuse("nothing was sent: ask to write first");
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
mod tests {
    use super::*;

    fn reader(console: &Arc<Console>, name: &str, may_write: bool) -> Session {
        let role = if may_write { Role::Operator } else { Role::ReadOnly };
        let reader = Reader {
            name: name.to_owned(),
            role: Box::new(move || Some(role)),
            uses: Box::new(|| {}),
            writes: Box::new(|| {}),
        };
        Session::new(Arc::clone(console), Wake::new().unwrap(), reader, 1000)
    }

    /// What is there at once.
    fn outputs(session: &mut Session) -> Vec<Output> {
        std::iter::from_fn(|| session.ready()).collect()
    }

    fn writer(name: Option<&str>, you: bool) -> Output {
        Output::Notice(Notice::Writer { name: name.map(str::to_owned), you })
    }

    #[test]
    fn a_reader_gets_the_history_and_then_what_comes() {
        let console = Arc::new(Console::new("p1".to_owned(), b"old\r\n", Arc::default()));
        let mut ann = reader(&console, "ann", true);
        let closed = Output::Notice(Notice::Port { open: false, error: None });
        let expected = [closed, writer(None, false), Output::Bytes(b"old\r\n".to_vec())];
        assert_eq!(outputs(&mut ann), expected);
        console.set_port(PortState { is_open: true, error: None });
        console.received(b"new");
        let open = Output::Notice(Notice::Port { open: true, error: None });
        assert_eq!(outputs(&mut ann), [open, Output::Bytes(b"new".to_vec())]);
        assert_eq!(console.summary().readers, 1);
        drop(ann);
        assert_eq!(console.summary().readers, 0);
    }

    #[test]
    fn a_slow_reader_loses_with_a_notice_and_keeps_nobody_waiting() {
        let console = Arc::new(Console::new("p1".to_owned(), b"", Arc::default()));
        let (mut slow, mut fast) = (reader(&console, "slow", true), reader(&console, "fast", true));
        let mut read = 0;
        for _ in 0..100 {
            console.received(&[b'x'; 4096]);
            for output in outputs(&mut fast) {
                let Output::Bytes(bytes) = output else { continue };
                read += bytes.len();
            }
        }
        assert_eq!(read, 409_600);
        let outputs = outputs(&mut slow);
        let lost = Output::Notice(Notice::Lost { bytes: 409_600 - 65_536 });
        assert!(outputs.contains(&lost), "{:?}", &outputs[..3]);
    }

    #[test]
    fn the_turn_to_write_is_handed_over_in_sight_of_all() {
        let console = Arc::new(Console::new("p1".to_owned(), b"", Arc::default()));
        console.set_port(PortState { is_open: true, error: None });
        let (mut ann, mut bob) = (reader(&console, "ann", true), reader(&console, "bob", true));
        outputs(&mut ann);
        outputs(&mut bob);
        ann.take(Input::Bytes(b"x".to_vec()));
        assert!(matches!(&outputs(&mut ann)[..], [Output::Notice(Notice::Refused { .. })]));
        ann.take(Input::Control(Control::Write(WriteWish::Request)));
        assert_eq!(outputs(&mut ann), [writer(Some("ann"), true)]);
        assert_eq!(outputs(&mut bob), [writer(Some("ann"), false)]);
        bob.take(Input::Control(Control::Write(WriteWish::Request)));
        assert!(matches!(&outputs(&mut bob)[..],
            [Output::Notice(Notice::Refused { reason })] if reason == "ann writes on this console"));
        bob.take(Input::Control(Control::Write(WriteWish::TakeOver)));
        assert_eq!(outputs(&mut bob), [writer(Some("bob"), true)]);
        assert_eq!(outputs(&mut ann), [writer(Some("bob"), false)]);
        ann.take(Input::Bytes(b"lost".to_vec()));
        bob.take(Input::Bytes(b"sent".to_vec()));
        console.send(|pending| {
            assert_eq!(pending, b"sent");
            2
        });
        console.send(|pending| {
            assert_eq!(pending, b"nt");
            2
        });
        assert!(!console.has_pending());
        drop(bob);
        assert_eq!(console.summary().writer, None);
    }

    #[test]
    fn who_only_reads_sends_nothing() {
        let console = Arc::new(Console::new("p1".to_owned(), b"", Arc::default()));
        console.set_port(PortState { is_open: true, error: None });
        let mut eve = reader(&console, "eve", false);
        outputs(&mut eve);
        for input in [
            Input::Control(Control::Write(WriteWish::Request)),
            Input::Control(Control::Write(WriteWish::TakeOver)),
            Input::Bytes(b"reboot\r".to_vec()),
            Input::Control(Control::Break(true)),
        ] {
            eve.take(input);
            assert!(matches!(&outputs(&mut eve)[..], [Output::Notice(Notice::Refused { .. })]));
        }
        assert!(!console.has_pending() && !console.take_break());
        assert_eq!(console.summary().writer, None);
    }

    #[test]
    fn what_a_port_did_not_take_goes_with_it() {
        let console = Arc::new(Console::new("p1".to_owned(), b"", Arc::default()));
        console.set_port(PortState { is_open: true, error: None });
        let mut ann = reader(&console, "ann", true);
        ann.take(Input::Control(Control::Write(WriteWish::Request)));
        ann.take(Input::Bytes(vec![b'x'; 64 * 1024]));
        assert!(!console.has_room());
        console.set_port(PortState::default());
        assert!(console.has_room() && !console.has_pending());
        // The turn to write stays over the node's power cycle.
        assert_eq!(console.summary().writer.as_deref(), Some("ann"));
    }
}
