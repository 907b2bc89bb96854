//! An interactive console: copies standard input to the node, and the node's output to standard output.

use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use clusterhat::Node;
use rustix::event::PollFlags;

use super::escape::{Command, Escapes, HELP};
use super::link::{Consoles, Link};
use super::log::{Log, LoggedLines};
use super::port::{Heard, wait};
use super::terminal::Raw;
use super::{CHUNK, IDLE};
use crate::failure::Failure;
use crate::render;

/// Bytes of input that are kept for a node that does not read.
const MOST_PENDING: usize = 64 * 1024;
/// How long output is still copied after the end of the input.
const LONGEST_ANSWER: Duration = Duration::from_secs(5);

/// Copies until the user ends it with an escape, or the input ends and has been answered.
///
/// # Errors
/// Another process has the console; or it is absent, or goes away before all of the input is sent, and standard input is not a
/// terminal, so that waiting for it is pointless.
pub(crate) fn copy(at: Consoles<'_>, node: Node, log: Option<Log>) -> Result<(), Failure> {
    let mut link = Link::new(at, node, true)?;
    let is_open = link.open()?;
    let is_typed = io::stdin().is_terminal();
    if !is_open && !is_typed {
        return Err(link.absent());
    }
    if !is_typed {
        link.check_turn()?;
    }
    let raw = if is_typed { Some(Raw::enter().map_err(Failure::Input)?) } else { None };
    let mut session = Session {
        link,
        log: LoggedLines::new(log),
        input: Input::new(is_typed),
        pending: Vec::new(),
        heard: Instant::now(),
    };
    match is_open {
        true => session.note("open; ~. ends it, ~? shows help"),
        false => session.note_absence(),
    }
    let result = session.run();
    let logged = session.log.flush();
    if result.is_ok() {
        session.note("closed");
    }
    drop(raw);
    result.and(logged)
}

struct Session {
    link: Link,
    log: LoggedLines,
    input: Input,
    /// What the node has not taken yet.
    pending: Vec<u8>,
    /// When the node said something last.
    heard: Instant,
}

/// Standard input.
struct Input {
    /// Where somebody types: only they can mean an escape.
    escapes: Option<Escapes>,
    has_ended: bool,
    /// When the last of it was sent.
    sent: Option<Instant>,
}

impl Input {
    fn new(is_typed: bool) -> Self {
        Self { escapes: is_typed.then_some(Escapes::AfterNewline), has_ended: false, sent: None }
    }
}

impl Session {
    fn run(&mut self) -> Result<(), Failure> {
        loop {
            if self.link.open()? {
                self.note("open");
            }
            for note in self.link.take_notes() {
                self.note(&note);
            }
            let (ready, input_ready) = self.wait()?;
            if self.input.escapes.is_some() && !self.link.has_turn() {
                // What is typed while somebody else writes goes nowhere.
                self.pending.clear();
            }
            if ready.intersects(PollFlags::OUT) {
                self.link.write(&mut self.pending);
            }
            if !(ready - PollFlags::OUT).is_empty() && self.link.is_open() {
                match self.hear() {
                    // The reader of the pipe has closed it: a normal end.
                    Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                        return Ok(());
                    }
                    result => result?,
                }
            }
            if input_ready && self.take_input()?.is_none() {
                return Ok(());
            }
            if self.input.escapes.is_none() {
                self.link.check_sent(&self.pending)?;
            }
            let has_sent = self.pending.is_empty() && self.link.has_sent();
            if self.input.has_ended && has_sent && self.input.sent.is_none() {
                self.heard = Instant::now();
                self.input.sent = Some(self.heard);
            }
            if self.is_over() {
                return Ok(());
            }
            if self.heard.elapsed() >= IDLE {
                self.log.flush()?;
            }
        }
    }

    /// Waits for the node or the input: what can be done with the port, and whether the input can be read.
    fn wait(&self) -> Result<(PollFlags, bool), Failure> {
        let stdin = io::stdin();
        let mut all = vec![self.link.waits_on(!self.pending.is_empty())];
        if self.wants_input() {
            all.push((stdin.as_fd(), PollFlags::IN));
        }
        let is_answering = self.input.sent.is_some();
        let rests = is_answering || self.log.has_begun();
        let rest = rests.then(|| IDLE.saturating_sub(self.heard.elapsed()));
        let limit = self.link.due().into_iter().chain(rest).min();
        let ready = wait(&all, limit).map_err(Failure::Input)?;
        Ok((ready[0], ready.get(1).is_some_and(|flags| !flags.is_empty())))
    }

    /// A terminal is always read, so that an escape can end the command; other input only while the node takes it.
    fn wants_input(&self) -> bool {
        !self.input.has_ended && (self.input.escapes.is_some() || self.pending.len() < MOST_PENDING)
    }

    /// Prints and logs what has come.
    fn hear(&mut self) -> Result<(), Failure> {
        let mut buffer = [0; CHUNK];
        match self.link.read(&mut buffer) {
            Heard::Bytes(0) => {}
            Heard::Bytes(length) => {
                self.heard = Instant::now();
                let mut stdout = io::stdout().lock();
                stdout.write_all(&buffer[..length])?;
                stdout.flush()?;
                self.log.push(&buffer[..length])?;
            }
            Heard::Gone => {
                self.log.flush()?;
                if self.input.escapes.is_some() {
                    // It was meant for the system that ran there before.
                    self.pending.clear();
                }
                self.note_absence();
            }
        }
        Ok(())
    }

    /// Takes what is typed; `None` where that ends the console.
    fn take_input(&mut self) -> Result<Option<()>, Failure> {
        let mut buffer = [0; CHUNK];
        let length = match rustix::io::read(io::stdin(), &mut buffer) {
            Ok(length) => length,
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => return Ok(Some(())),
            // A terminal that was hung up.
            Err(rustix::io::Errno::IO) => 0,
            Err(errno) => return Err(Failure::Input(errno.into())),
        };
        if self.input.escapes.is_some() {
            return Ok(if length == 0 { None } else { self.obey(&buffer[..length]) });
        }
        self.pending.extend(&buffer[..length]);
        self.input.has_ended = length == 0;
        Ok(Some(()))
    }

    /// Does what somebody who types wants; `None` where that is to end.
    fn obey(&mut self, typed: &[u8]) -> Option<()> {
        for command in self.input.escapes.as_mut()?.take(typed) {
            match command {
                Command::End => return None,
                Command::Send(bytes) if self.pending.len() + bytes.len() > MOST_PENDING => {
                    render::say("\x07");
                }
                Command::Send(bytes) if self.link.is_open() => self.pending.extend(bytes),
                Command::Send(_) => {}
                Command::Break => {
                    if let Err(error) = self.link.send_break() {
                        self.note(&format!("cannot send a break: {error}"));
                    }
                }
                Command::TakeOver => self.link.take_over(),
                Command::Help => render::say(&format!("\r\n{}\r\n", HELP.replace('\n', "\r\n"))),
            }
        }
        Some(())
    }

    /// Whether all of the input was sent and answered.
    fn is_over(&self) -> bool {
        let Some(sent) = self.input.sent else { return false };
        !self.link.is_open() || self.heard.elapsed() >= IDLE || sent.elapsed() >= LONGEST_ANSWER
    }

    fn note_absence(&self) {
        self.note(&format!(
            "waiting for its console, which appears when the node starts (if it is off: `clusterhat on {}`); ~. ends it",
            self.link.name()
        ));
    }

    /// Prints a note for the user; none if the input comes from a program.
    fn note(&self, text: &str) {
        if self.input.escapes.is_some() {
            render::say(&format!("\r\nclusterhat: {}: {text}\r\n", self.link.name()));
        }
    }
}
