//! Asks nodes' agents, each in its own thread, since ssh may be slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use hat_driver::linux::Node;
use node_link::agent::{Goodbye, Message, Request};

use crate::agent::{Agent, AgentError, Endpoint, Transport};
use crate::cluster::Cluster;

/// How long an agent may take to be reached and to accept a request; starting ssh on a Zero takes seconds.
const ASK_LIMIT: Duration = Duration::from_secs(30);

/// How long another process may hold a node's serial port: `top` and the fan's unit have it for the time of an answer.
const BUSY_LIMIT: Duration = Duration::from_secs(5);

/// How often a listener looks whether it is still wanted.
const STEP: Duration = Duration::from_millis(200);

/// What came of asking a node.
#[derive(Debug)]
pub(super) enum Said {
    /// It does as it is asked.
    Accepted(Transport),
    /// It does not, or could not be asked.
    Failed(AgentError),
    /// Its agent ends.
    Goodbye(Goodbye),
    /// The connection has ended.
    Ended,
}

/// Nodes that are being asked. What they say is listened to as long as this lives.
pub(super) struct Asking {
    pub(super) said: Receiver<(Node, Said)>,
    is_over: Arc<AtomicBool>,
}

/// The end of a time limit. A limit beyond ten years counts as ten years, which an [`Instant`] can hold.
pub(super) fn deadline(now: Instant, limit: Duration) -> Instant {
    now + limit.min(Duration::from_secs(10 * 365 * 24 * 3600))
}

impl Asking {
    pub(super) fn begin(
        cluster: &Cluster,
        nodes: &[Node],
        request: &Request,
        deadline: Instant,
    ) -> Self {
        let (sender, said) = channel();
        let is_over = Arc::new(AtomicBool::new(false));
        for &node in nodes {
            let endpoint = Endpoint::new(cluster, node).with_busy_limit(BUSY_LIMIT);
            let (request, is_over) = (request.clone(), Arc::clone(&is_over));
            let speaker = Speaker { node, sender: sender.clone() };
            let name = format!("agent of p{}", node.number());
            let failed = speaker.clone();
            let spawned = thread::Builder::new().name(name).spawn(move || {
                speaker.ask(endpoint, request, deadline, &is_over);
            });
            if let Err(error) = spawned {
                failed.say(Said::Failed(error.into()));
            }
        }
        Self { said, is_over }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

#[derive(Clone)]
struct Speaker {
    node: Node,
    sender: Sender<(Node, Said)>,
}

impl Speaker {
    fn say(&self, said: Said) {
        // The receiver may be gone.
        let _ = self.sender.send((self.node, said));
    }

    fn ask(self, endpoint: Endpoint, request: Request, deadline: Instant, is_over: &AtomicBool) {
        let limit = || deadline.saturating_duration_since(Instant::now()).min(ASK_LIMIT);
        let asked = endpoint.connect(limit()).and_then(|mut agent| {
            agent.ask(request, limit())?;
            Ok(agent)
        });
        match asked {
            Ok(agent) => {
                self.say(Said::Accepted(agent.transport()));
                self.listen(agent, deadline, is_over);
            }
            Err(error) => self.say(Said::Failed(error)),
        }
    }

    /// Until the goodbye, the end of the connection, or the end of the wait.
    fn listen(&self, mut agent: Agent, deadline: Instant, is_over: &AtomicBool) {
        while Instant::now() < deadline && !is_over.load(Ordering::Relaxed) {
            match agent.next(Some(Instant::now() + STEP)) {
                Ok(Some(Message::Goodbye { reason })) => return self.say(Said::Goodbye(reason)),
                Ok(_) => {}
                Err(_) => return self.say(Said::Ended),
            }
        }
    }
}
