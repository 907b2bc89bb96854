//! Listens to one node's agent.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use hat_driver::linux::Moment;
use node_link::NodeId;
use rustix::event::{PollFd, PollFlags};

use super::conversation::Conversation;
use crate::node_note::{Heard, NodeNote, Word};
use crate::ports::{PortError, YieldingPort};

/// How long a port is left to whoever opened it: longer than the 50 ms after which that process tries again.
pub(super) const REST: Duration = Duration::from_millis(200);

/// How often a port that another process has is tried again: nobody tells when it is free.
pub(super) const AGAIN: Duration = Duration::from_secs(1);

/// How long a port that has ended is expected to be followed by its gadget: then the agent went with its node.
const GADGET_GOES: Duration = Duration::from_secs(1);

/// One node's port, and what is known of the agent there.
pub(super) struct Listener {
    id: NodeId,
    path: PathBuf,
    note: NodeNote,
    stage: Stage,
    /// What was told last, since the node's gadget appeared.
    told: Option<Heard>,
    /// What the note said when it was read last.
    noted: Option<Heard>,
    /// Whether another process listens, so that the note is kept current.
    is_led: bool,
    /// What was heard before this, on the boot clock, was heard before the node was gone.
    since: Duration,
}

/// What may have changed since the last step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Changes {
    /// Devices have come.
    pub(super) devices: bool,
    /// Others have written down what they heard.
    pub(super) notes: bool,
}

enum Stage {
    /// Until the port comes.
    Waiting,
    /// Until this time, when it is tried again: others have it.
    Resting(Instant),
    /// It is open.
    Talking(Box<(YieldingPort, Conversation)>),
    /// It has ended. Unless the gadget goes by this time, the agent alone is lost.
    Ended(Instant),
}

impl Listener {
    pub(super) fn new(id: NodeId, path: PathBuf, note: NodeNote) -> Self {
        let (stage, told, noted) = (Stage::Waiting, None, note.read().agent);
        Self { id, path, note, stage, told, noted, is_led: false, since: Duration::ZERO }
    }

    /// What was told last, since the node's gadget appeared.
    pub(super) fn heard(&self) -> Option<Heard> {
        self.told
    }

    pub(super) fn add_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        if let Stage::Talking(talk) = &self.stage {
            let (port, conversation) = &**talk;
            let writes = if conversation.has_out() { PollFlags::OUT } else { PollFlags::empty() };
            fds.push(PollFd::new(port, PollFlags::IN | writes));
            fds.push(PollFd::from_borrowed_fd(port.opens(), PollFlags::IN));
        }
    }

    pub(super) fn due(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Waiting => None,
            Stage::Resting(until) | Stage::Ended(until) => Some(*until),
            Stage::Talking(talk) => Some(talk.1.due()),
        }
    }

    /// Takes what has happened, and tells what is new.
    pub(super) fn step(&mut self, now: Instant, changes: Changes, tell: &mut dyn FnMut(Word)) {
        match &self.stage {
            Stage::Waiting if changes.devices => self.try_open(now, tell),
            Stage::Resting(until) if *until <= now => self.try_open(now, tell),
            Stage::Ended(until) if *until <= now => {
                if self.is_there() {
                    self.say(Word::Lost, tell);
                }
                self.try_open(now, tell);
            }
            _ => {}
        }
        self.talk(now, tell);
        if changes.notes {
            self.read_note(tell);
        }
    }

    /// Whether the agent was told to be there.
    fn is_there(&self) -> bool {
        self.told.is_some_and(|told| told.word == Word::Hello)
    }

    /// The node's gadget has left the USB, or lost its power: what was said does not count any more.
    pub(super) fn node_is_gone(&mut self) {
        if self.is_there() && self.note.is_claimed() {
            self.write(Heard::now(Word::Lost));
        }
        (self.told, self.since) = (None, Moment::now().uptime);
        if !matches!(self.stage, Stage::Waiting) {
            self.stage = Stage::Resting(Instant::now() + REST);
        }
    }

    fn try_open(&mut self, now: Instant, tell: &mut dyn FnMut(Word)) {
        self.stage = Stage::Waiting;
        if !self.path.exists() {
            return;
        }
        self.is_led = !self.note.claim().unwrap_or(true);
        if self.is_led {
            self.stage = Stage::Resting(now + AGAIN);
            return self.read_note(tell);
        }
        self.stage = match YieldingPort::open(&self.path) {
            Ok(port) => {
                let conversation = Conversation::new(self.id, self.is_there(), now);
                Stage::Talking(Box::new((port, conversation)))
            }
            Err(PortError::Busy { .. }) => Stage::Resting(now + AGAIN),
            // A change of the device's permissions is told, too.
            Err(_) => Stage::Waiting,
        };
    }

    fn talk(&mut self, now: Instant, tell: &mut dyn FnMut(Word)) {
        let Stage::Talking(talk) = &mut self.stage else { return };
        let (port, conversation) = &mut **talk;
        let (mut words, is_there) = listen(port, conversation, now);
        words.extend(conversation.pass(now));
        if !is_there || send(port, conversation).is_err() {
            self.stage = Stage::Ended(now + GADGET_GOES);
        } else if port.is_wanted() {
            self.stage = Stage::Resting(now + REST);
        }
        words.into_iter().for_each(|word| self.say(word, tell));
    }

    fn say(&mut self, word: Word, tell: &mut dyn FnMut(Word)) {
        let is_new = self.told.is_none_or(|told| told.word != word);
        if is_new || self.noted.is_none_or(|noted| noted.word != word) {
            self.write(Heard::now(word));
        }
        if is_new {
            self.told = Some(Heard::now(word));
            tell(word);
        }
    }

    fn write(&mut self, heard: Heard) {
        self.noted = Some(heard);
        // Where it cannot be written, this process knows it all the same.
        let _ = self.note.write(heard);
    }

    /// What others have heard. Of an agent that is there, nobody knows more than who listens.
    fn read_note(&mut self, tell: &mut dyn FnMut(Word)) {
        let (before, noted) = (self.noted, self.note.read().agent);
        self.noted = noted;
        let Some(heard) = noted.filter(|heard| heard.at >= self.since) else { return };
        let counts = self.is_led || heard.word == Word::Goodbye && noted != before;
        if counts && self.told.is_none_or(|told| told.word != heard.word) {
            self.told = Some(heard);
            tell(heard.word);
        }
    }
}

/// How often a port is read before other things have their turn, whatever a node sends.
const READS: usize = 16;

/// What was said, and whether the port is still there.
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
        // Unread questions are not to pile up.
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
