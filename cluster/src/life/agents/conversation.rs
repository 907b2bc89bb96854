//! The protocol of a listener that follows the presence of an agent. Pure: without ports and clocks.

use std::time::{Duration, Instant};

use node_link::NodeId;
use node_link::agent::{
    Call, Identity, LineReader, Message, OLDEST, Reply, Request, SUBSCRIPTION, VERSION,
};

use crate::node_note::Word;

/// The interval at which the subscription to an agent is renewed, or an agent that has not answered is sent another hello. A hello waits in the
/// node's kernel until an agent reads it, so that the answer comes when an agent starts; but one that ended may have consumed it.
const RENEWAL: Duration = SUBSCRIPTION.checked_div(2).expect("two is not zero");

/// How long an agent that has answered before may take to answer. It takes milliseconds, or a second on a Zero under full
/// load.
const ANSWER: Duration = Duration::from_secs(10);

/// A conversation on one opened port.
pub(super) struct Conversation {
    id: NodeId,
    reader: LineReader,
    /// Bytes to be sent.
    out: Vec<u8>,
    next_id: u32,
    version: u32,
    /// Whether the agent was reported to be present.
    is_live: bool,
    /// When the agent counts as lost, unless it answers before.
    answer_by: Option<Instant>,
    /// When the next request is due.
    next: Instant,
}

impl Conversation {
    /// Begins with a hello. An agent that was present in an earlier conversation is lost if it does not answer in time.
    pub(super) fn new(id: NodeId, was_live: bool, now: Instant) -> Self {
        let mut conversation = Self {
            id,
            reader: LineReader::default(),
            out: Vec::new(),
            next_id: 1,
            version: OLDEST,
            is_live: was_live,
            answer_by: was_live.then(|| now + ANSWER),
            next: now + RENEWAL,
        };
        conversation.ask(Request::Hello);
        conversation
    }

    /// Whether there are bytes to be sent.
    pub(super) fn has_out(&self) -> bool {
        !self.out.is_empty()
    }

    /// Whether the agent was reported to be present.
    pub(super) fn is_live(&self) -> bool {
        self.is_live
    }

    /// The bytes to be sent; the caller removes those that were.
    pub(super) fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// When [`Self::pass`] is to be called.
    pub(super) fn due(&self) -> Instant {
        self.answer_by.map_or(self.next, |by| by.min(self.next))
    }

    /// Takes received bytes, and returns the news in them.
    pub(super) fn hear(&mut self, bytes: &[u8], now: Instant) -> Vec<Word> {
        let mut replies = Vec::new();
        // Anything but a reply is noise, such as a login prompt or our own echo.
        self.reader.push(bytes, |line| replies.extend(Reply::from_line(line)));
        let known =
            |reply: &Reply| reply.version <= VERSION || matches!(reply.message, Message::Hello(_));
        replies.into_iter().filter(known).filter_map(|reply| self.take(reply, now)).collect()
    }

    fn take(&mut self, reply: Reply, now: Instant) -> Option<Word> {
        match reply.message {
            Message::Hello(identity) => self.greeted(&identity, now),
            Message::Goodbye { reason } => {
                self.is_live = false;
                self.answer_by = None;
                // Another agent may have taken its place already.
                self.ask(Request::Hello);
                self.next = now + RENEWAL;
                Some(Word::of_goodbye(reason))
            }
            _ => {
                self.answer_by = None;
                None
            }
        }
    }

    /// Accepts only this node's agent, in a version that we understand.
    fn greeted(&mut self, identity: &Identity, now: Instant) -> Option<Word> {
        let version = identity.common_version().filter(|_| identity.node == Some(self.id))?;
        self.version = version;
        self.answer_by = None;
        self.ask(Request::Subscribe { on: true });
        self.next = now + RENEWAL;
        // Reported even if it was known: another process may have recorded that it is lost.
        self.is_live = true;
        Some(Word::Hello)
    }

    /// Handles timeouts.
    pub(super) fn pass(&mut self, now: Instant) -> Option<Word> {
        let is_lost = self.answer_by.is_some_and(|by| by <= now);
        if is_lost {
            (self.is_live, self.answer_by) = (false, None);
        }
        if is_lost || self.next <= now {
            self.next = now + RENEWAL;
            let request = match self.is_live {
                true => Request::Subscribe { on: true },
                false => Request::Hello,
            };
            self.answer_by = self.is_live.then(|| now + ANSWER);
            self.ask(request);
        }
        is_lost.then_some(Word::Lost)
    }

    /// Queues a request, unless one is still unsent: on a port that no agent reads, requests would pile up.
    fn ask(&mut self, request: Request) {
        if !self.out.is_empty() {
            return;
        }
        let version = if request == Request::Hello { OLDEST } else { self.version };
        let call = Call { version, id: self.next_id, request };
        self.next_id = self.next_id.wrapping_add(1);
        // The empty line terminates the remains of an earlier request.
        self.out.push(b'\n');
        self.out.extend_from_slice(call.to_line().as_bytes());
    }
}

#[cfg(test)]
mod tests;
