//! Listens to one node's agent.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use hat_driver::linux::Moment;
use node_link::NodeId;
use rustix::event::{PollFd, PollFlags};

use super::conversation::Conversation;
use crate::node_note::{Heard, NodeNote, Word};
use crate::ports::{Opened, Opens, PortError, YieldingPort};

/// How long a port is left to the process that has opened it: longer than the 50 ms after which that process retries.
pub(super) const REST: Duration = Duration::from_millis(200);

/// The interval of attempts to open a busy port: there is no event when it becomes free.
pub(super) const AGAIN: Duration = Duration::from_secs(1);

/// How long after the end of a port its gadget may leave the USB for the agent to count as gone with its node.
const GADGET_GOES: Duration = Duration::from_secs(1);

/// One node's port, and the state of its agent.
pub(super) struct Listener {
    id: NodeId,
    path: PathBuf,
    note: NodeNote,
    stage: Stage,
    /// What was reported last, since the node's gadget appeared.
    reported: Option<Heard>,
    /// The content of the note when it was last read or written.
    noted: Option<Heard>,
    /// Whether another process has the port, and keeps the note up to date.
    is_led: bool,
    /// Notes from before this time, on the boot clock, are of an earlier appearance of the node.
    since: Duration,
}

/// What has changed since the last step.
pub(super) struct Changes {
    /// New devices have appeared.
    pub(super) devices: bool,
    /// Other processes have written notes.
    pub(super) notes: bool,
    /// Other processes have opened ports.
    pub(super) opened: Opened,
}

enum Stage {
    /// The port does not exist.
    Waiting,
    /// Another process has the port; the next attempt is at this time.
    Resting(Instant),
    /// The port is open.
    Talking(Box<(YieldingPort, Conversation)>),
    /// The port has ended. If the gadget is still there at this time, only the agent is lost.
    Ended(Instant),
}

impl Listener {
    pub(super) fn new(id: NodeId, path: PathBuf, note: NodeNote) -> Self {
        let (stage, reported, noted) = (Stage::Waiting, None, note.read().agent);
        Self { id, path, note, stage, reported, noted, is_led: false, since: Duration::ZERO }
    }

    /// What was reported last, since the node's gadget appeared.
    pub(super) fn heard(&self) -> Option<Heard> {
        self.reported
    }

    pub(super) fn add_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        if let Stage::Talking(talk) = &self.stage {
            let (port, conversation) = &**talk;
            let writes = if conversation.has_out() { PollFlags::OUT } else { PollFlags::empty() };
            fds.push(PollFd::new(port, PollFlags::IN | writes));
        }
    }

    pub(super) fn due(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Waiting => None,
            Stage::Resting(until) | Stage::Ended(until) => Some(*until),
            Stage::Talking(talk) => Some(talk.1.due()),
        }
    }

    /// Handles what has changed, and reports news of the agent.
    pub(super) fn step(
        &mut self,
        now: Instant,
        changes: &Changes,
        opens: &Opens,
        tell: &mut dyn FnMut(Word),
    ) {
        match &self.stage {
            Stage::Waiting if changes.devices => self.try_open(now, opens, tell),
            Stage::Resting(until) if *until <= now => self.try_open(now, opens, tell),
            Stage::Ended(until) if *until <= now => {
                if self.is_present() {
                    self.say(Word::Lost, tell);
                }
                self.try_open(now, opens, tell);
            }
            _ => {}
        }
        self.talk(now, &changes.opened, tell);
        if changes.notes {
            self.read_note(tell);
        }
    }

    /// Whether the agent was reported to be present.
    fn is_present(&self) -> bool {
        self.reported.is_some_and(|reported| reported.word == Word::Hello)
    }

    /// The node has left the USB or lost its power: earlier messages no longer count.
    pub(super) fn node_is_gone(&mut self) {
        if self.is_present() && self.note.is_claimed() {
            self.write(Heard::now(Word::Lost));
        }
        (self.reported, self.since) = (None, Moment::now().uptime);
        if !matches!(self.stage, Stage::Waiting) {
            self.stage = Stage::Resting(Instant::now() + REST);
        }
    }

    fn try_open(&mut self, now: Instant, opens: &Opens, tell: &mut dyn FnMut(Word)) {
        self.stage = Stage::Waiting;
        if !self.path.exists() {
            return;
        }
        self.is_led = !self.note.claim().unwrap_or(true);
        if self.is_led {
            self.stage = Stage::Resting(now + AGAIN);
            return self.read_note(tell);
        }
        self.stage = match YieldingPort::open(&self.path, opens) {
            Ok(port) => {
                let conversation = Conversation::new(self.id, self.is_present(), now);
                Stage::Talking(Box::new((port, conversation)))
            }
            Err(PortError::Busy { .. }) => Stage::Resting(now + AGAIN),
            // Tried again on the next change of the device, including its permissions.
            Err(_) => Stage::Waiting,
        };
    }

    fn talk(&mut self, now: Instant, opened: &Opened, tell: &mut dyn FnMut(Word)) {
        let Stage::Talking(talk) = &mut self.stage else { return };
        let (port, conversation) = &mut **talk;
        let (mut words, is_open) = listen(port, conversation, now);
        words.extend(conversation.pass(now));
        if !is_open || send(port, conversation).is_err() {
            self.stage = Stage::Ended(now + GADGET_GOES);
        } else if port.is_wanted(opened) {
            self.stage = Stage::Resting(now + REST);
        }
        words.into_iter().for_each(|word| self.say(word, tell));
    }

    fn say(&mut self, word: Word, tell: &mut dyn FnMut(Word)) {
        let is_new = self.reported.is_none_or(|reported| reported.word != word);
        if is_new || self.noted.is_none_or(|noted| noted.word != word) {
            self.write(Heard::now(word));
        }
        if is_new {
            self.reported = Some(Heard::now(word));
            tell(word);
        }
    }

    fn write(&mut self, heard: Heard) {
        self.noted = Some(heard);
        // If the note cannot be written, only other processes miss the news.
        let _ = self.note.write(heard);
    }

    /// Reads what other processes have recorded. While this process has the port, only a goodbye that another one heard counts.
    fn read_note(&mut self, tell: &mut dyn FnMut(Word)) {
        let (before, noted) = (self.noted, self.note.read().agent);
        self.noted = noted;
        let Some(heard) = noted.filter(|heard| heard.at >= self.since) else { return };
        let counts = self.is_led || heard.word == Word::Goodbye && noted != before;
        if counts && self.reported.is_none_or(|reported| reported.word != heard.word) {
            self.reported = Some(heard);
            tell(heard.word);
        }
    }
}

/// Reads per step, so that a node that sends all the time does not starve the others.
const READS: usize = 16;

/// The news, and whether the port is still open.
fn listen(port: &YieldingPort, conversation: &mut Conversation, now: Instant) -> (Vec<Word>, bool) {
    let (mut words, mut buffer) = (Vec::new(), [0; 4096]);
    for _ in 0..READS {
        match port.read(&mut buffer) {
            Ok(0) => return (words, false),
            Ok(count) => words.extend(conversation.hear(&buffer[..count], now)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (words, error.kind() == io::ErrorKind::WouldBlock),
        }
    }
    (words, true)
}

fn send(port: &YieldingPort, conversation: &mut Conversation) -> io::Result<()> {
    if conversation.has_out() && !conversation.is_live() {
        // Discards earlier requests that the node has not read, so that they do not pile up.
        port.take_back();
    }
    while conversation.has_out() {
        match port.write(conversation.out()) {
            Ok(count) => drop(conversation.out().drain(..count)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
