//! A connection to an agent, by either transport.

use std::collections::VecDeque;
use std::fmt;
use std::process::Child;
use std::time::{Duration, Instant};

use node_link::agent::{Call, Identity, Message, OLDEST, Reply, Request, SUBSCRIPTION, VERSION};
use serde::Serialize;

use super::error::AgentError;
use super::line::Line;
use crate::node_note::{Heard, NodeNote, Word};

/// Messages that are kept until they are read; beyond that, the oldest are dropped.
const UNTAKEN_LIMIT: usize = 64;

/// The transport by which an agent is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Transport {
    /// The node's second serial port, `/dev/ttypiNa`.
    Serial,
    /// `ssh NODE clusterhat-node agent --stdio`.
    Ssh,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Serial => "serial port",
            Self::Ssh => "ssh",
        })
    }
}

/// A connection to a node's agent. Ends when it is dropped.
pub struct Agent {
    transport: Transport,
    identity: Identity,
    version: u32,
    next_id: u32,
    line: Line,
    untaken: VecDeque<Message>,
    /// When the subscription is to be renewed, if there is one.
    renewal: Option<Instant>,
    ssh: Option<Child>,
    /// The note in which the agent's goodbye is recorded, for processes that follow the node.
    note: Option<NodeNote>,
}

impl Agent {
    /// Sends a hello in the oldest version, which every agent understands.
    pub(super) fn greet(
        transport: Transport,
        line: Line,
        ssh: Option<Child>,
        deadline: Instant,
    ) -> Result<Self, AgentError> {
        let identity = Identity::new();
        let untaken = VecDeque::new();
        let (version, next_id, renewal, note) = (OLDEST, 1, None, None);
        let mut agent =
            Self { transport, identity, version, next_id, line, untaken, renewal, ssh, note };
        // An empty line terminates the remains of an earlier connection.
        agent.line.send(b"\n", deadline)?;
        let Message::Hello(identity) = agent.exchange(Request::Hello, deadline)? else {
            return Err(AgentError::Nonsense);
        };
        let (oldest, newest) = (identity.oldest, identity.newest);
        agent.version = identity.common_version().ok_or(AgentError::Version { oldest, newest })?;
        agent.identity = identity;
        Ok(agent)
    }

    /// Records the agent's goodbye in a note.
    pub(super) fn noting(mut self, note: Option<NodeNote>) -> Self {
        self.note = note;
        self
    }

    /// The transport.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// The node's identity, from the reply to the hello.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Sends a request and waits for the reply. Unsolicited messages in the meantime are kept for [`Self::next`].
    ///
    /// # Errors
    /// [`AgentError::Refused`], [`AgentError::Silent`] after the limit, or [`AgentError::Closed`], after which a new connection is
    /// needed.
    pub fn ask(&mut self, request: Request, limit: Duration) -> Result<Message, AgentError> {
        let subscribes = match request {
            Request::Subscribe { on } => Some(on),
            _ => None,
        };
        let message = self.exchange(request, Instant::now() + limit)?;
        if let Some(on) = subscribes {
            self.renewal = on.then(|| Instant::now() + SUBSCRIPTION / 2);
        }
        Ok(message)
    }

    fn exchange(&mut self, request: Request, deadline: Instant) -> Result<Message, AgentError> {
        let id = self.send(request, deadline)?;
        loop {
            match self.receive(Some(deadline))? {
                None => return Err(AgentError::Silent),
                Some(Reply { id: Some(of), message, .. }) if of == id => {
                    return match message {
                        Message::Refused { error } => Err(AgentError::Refused(error)),
                        message => Ok(message),
                    };
                }
                // A reply to a request of an earlier connection.
                Some(Reply { id: Some(_), .. }) => {}
                Some(Reply { message, .. }) => self.keep(message),
            }
        }
    }

    fn send(&mut self, request: Request, deadline: Instant) -> Result<u32, AgentError> {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        let call = Call { version: self.version, id, request };
        self.line.send(call.to_line().as_bytes(), deadline)?;
        Ok(id)
    }

    /// The next unsolicited message; `None` if the deadline passes first. Renews the subscription, so that it lasts as
    /// long as this is called.
    ///
    /// # Errors
    /// [`AgentError::Closed`] after the end of the connection.
    pub fn next(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, AgentError> {
        loop {
            if let Some(message) = self.untaken.pop_front() {
                return Ok(Some(message));
            }
            let now = Instant::now();
            if self.renewal.is_some_and(|renewal| renewal <= now) {
                self.send(Request::Subscribe { on: true }, now + SUBSCRIPTION / 2)?;
                self.renewal = Some(now + SUBSCRIPTION / 2);
            }
            let wait = deadline.into_iter().chain(self.renewal).min();
            match self.receive(wait)? {
                Some(Reply { id: None, message, .. }) => return Ok(Some(message)),
                Some(_) => {}
                None if deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
                    return Ok(None);
                }
                None => {}
            }
        }
    }

    /// The next line that is a reply; noise is skipped. `None` if the deadline passes first.
    fn receive(&mut self, deadline: Option<Instant>) -> Result<Option<Reply>, AgentError> {
        while let Some(line) = self.line.next(deadline)? {
            match Reply::from_line(&line) {
                // Replies of a newer version are noise, since hello has established a common one.
                Ok(reply)
                    if reply.version <= VERSION || matches!(reply.message, Message::Hello(_)) =>
                {
                    self.write_down(&reply.message);
                    return Ok(Some(reply));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn write_down(&self, message: &Message) {
        if let (Message::Goodbye { reason }, Some(note)) = (message, &self.note) {
            // The caller gets the message even if it cannot be recorded.
            let _ = note.write(Heard::now(Word::of_goodbye(*reason)));
        }
    }

    fn keep(&mut self, message: Message) {
        if self.untaken.len() == UNTAKEN_LIMIT {
            self.untaken.pop_front();
        }
        self.untaken.push_back(message);
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some(ssh) = &mut self.ssh {
            // The agent that it started ends with it. One that has ended already needs no signal.
            let _ = ssh.kill();
            let _ = ssh.wait();
        }
    }
}

#[cfg(test)]
mod tests;
