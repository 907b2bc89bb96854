//! What is said on a node's port by somebody who only wants to know whether its agent is there. Knows of no ports and no clocks.

use std::time::{Duration, Instant};

use node_link::NodeId;
use node_link::agent::{
    Call, Identity, LineReader, Message, OLDEST, Reply, Request, SUBSCRIPTION, VERSION,
};

use crate::node_note::Word;

/// How often an agent that answers is asked to go on telling of its end, and one that does not whether it is there by now. The
/// kernel keeps a question until somebody on the node reads it, and so the answer comes when an agent starts; one that ended may have
/// taken the question along.
const RENEWAL: Duration = SUBSCRIPTION.checked_div(2).expect("two is not zero");

/// How long an agent that has answered before may take to answer: it does in milliseconds, on a Zero under full load in a
/// second.
const ANSWER: Duration = Duration::from_secs(10);

/// A conversation on one opened port.
pub(super) struct Conversation {
    id: NodeId,
    reader: LineReader,
    /// What is to be sent.
    out: Vec<u8>,
    next_id: u32,
    version: u32,
    /// Whether the agent was told to be there.
    is_live: bool,
    /// When it is not there any more, unless it answers.
    answer_by: Option<Instant>,
    /// When it is asked again.
    next: Instant,
}

impl Conversation {
    /// Asks who is there. An agent that was there before, on an earlier conversation, is lost where it does not answer.
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

    /// Whether there is something to be sent.
    pub(super) fn has_out(&self) -> bool {
        !self.out.is_empty()
    }

    /// Whether the agent was told to be there.
    pub(super) fn is_live(&self) -> bool {
        self.is_live
    }

    /// What is to be sent; what was sent is taken out of it.
    pub(super) fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// When [`Self::pass`] has something to do.
    pub(super) fn due(&self) -> Instant {
        self.answer_by.map_or(self.next, |by| by.min(self.next))
    }

    /// Takes what came, and says what it means.
    pub(super) fn hear(&mut self, bytes: &[u8], now: Instant) -> Vec<Word> {
        let mut replies = Vec::new();
        // What is no reply is noise: a login's prompt, our own echo.
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
                // It may be back, or another one in its place.
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

    /// Only this node's agent counts, in a version that we understand.
    fn greeted(&mut self, identity: &Identity, now: Instant) -> Option<Word> {
        let version = identity.common_version().filter(|_| identity.node == Some(self.id))?;
        self.version = version;
        self.answer_by = None;
        self.ask(Request::Subscribe { on: true });
        self.next = now + RENEWAL;
        // Told again where it was known: somebody else may have written down that it is lost.
        self.is_live = true;
        Some(Word::Hello)
    }

    /// Takes note of the time.
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

    /// One question at a time waits to be sent: where nobody reads, more would only pile up.
    fn ask(&mut self, request: Request) {
        if !self.out.is_empty() {
            return;
        }
        let version = if request == Request::Hello { OLDEST } else { self.version };
        let call = Call { version, id: self.next_id, request };
        self.next_id = self.next_id.wrapping_add(1);
        // The empty line ends whatever is left of an earlier question.
        self.out.push(b'\n');
        self.out.extend_from_slice(call.to_line().as_bytes());
    }
}

#[cfg(test)]
mod tests;
