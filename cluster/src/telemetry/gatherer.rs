//! Gathers readings from the agents of many nodes in parallel.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use hat_driver::linux::Node;
use node_link::agent::{Message, Request, Telemetry};

use super::controller::{hottest, temperature};
use crate::agent::{Agent, AgentError, Endpoint, Transport};
use crate::cluster::Cluster;
use crate::error::Error;
use crate::life::State;
use crate::nodes::{NodeSet, label};
use crate::outcome::Outcome;
use crate::ports::PortError;
use crate::report::{NoAgent, NodeStatus, TopNode, TopReport};

/// The time limit for connecting to an agent, and for its reply.
const LIMIT: Duration = Duration::from_secs(3);

/// The interval of attempts to reach an agent, since a login by ssh is expensive for a node.
const AGAIN: Duration = Duration::from_secs(10);

/// Gathers readings round by round. A serial port is released after each reply, so that the node can be shut down
/// meanwhile; a login by ssh is kept, and the agent pushes its readings.
#[derive(Default)]
pub struct Gatherer {
    /// By the nodes' numbers.
    nodes: BTreeMap<u32, Contact>,
}

/// How a node's agent was reached last, and what it said then.
#[derive(Default)]
struct Contact {
    reached: Option<Reached>,
    /// A connection that is kept.
    agent: Option<Box<Agent>>,
    error: Option<String>,
    /// The same, way by way.
    no_agent: Vec<NoAgent>,
    is_usual_in_a_start: bool,
    /// When another try is worth it.
    again: Option<Instant>,
    /// The node's state in the last round.
    state: Option<State>,
}

/// An agent that answered.
#[derive(Clone)]
struct Reached {
    transport: Transport,
    is_simulated: bool,
    telemetry: Option<Telemetry>,
}

/// What is done about a node in a round.
enum Work {
    Connect(Box<Endpoint>),
    Listen(Box<Agent>),
}

impl Gatherer {
    /// Reads every node, and waits until the given time for agents that push; without any, it returns earlier.
    /// Switches nothing.
    ///
    /// # Errors
    /// [`Error::Nodes`]. What boards fail with is the outcome's error; why an agent is not reached is in the report.
    pub fn round(
        &mut self,
        cluster: &mut Cluster,
        set: &NodeSet,
        until: Instant,
    ) -> Result<Outcome<TopReport>, Error> {
        let nodes = cluster.nodes(set)?;
        let Outcome { report: status, error } = cluster.status(set)?;
        let row = |node: Node| {
            let name = label(node);
            status.nodes.iter().find(|row| row.node == name)
        };
        let with_power = |&node: &Node| {
            row(node).filter(|row| row.seen == Some(true)).map(|row| (node, row.state))
        };
        let powered: Vec<_> = nodes.iter().filter_map(with_power).collect();
        self.nodes.retain(|number, _| powered.iter().any(|(node, _)| node.number() == *number));
        self.listen(cluster, &powered, until);
        let rows = nodes.iter().map(|&node| {
            let contact = self.nodes.get(&node.number());
            let reached = contact.and_then(|contact| contact.reached.as_ref());
            let starts = |row: &NodeStatus| row.is_starting() && !status.is_hub_off(&row.board);
            let is_starting = row(node).is_some_and(starts);
            let (error, no_agent) =
                contact.map_or_else(Default::default, |contact| contact.why_not(is_starting));
            TopNode {
                node: label(node),
                name: cluster.alias(node),
                state: reached.map_or_else(|| row(node)?.state, |_| Some(State::Agent)),
                transport: reached.map(|reached| reached.transport),
                simulated: reached.is_some_and(|reached| reached.is_simulated),
                telemetry: reached.and_then(|reached| reached.telemetry.clone()),
                error,
                no_agent,
            }
        });
        let nodes: Vec<_> = rows.collect();
        let controller_c = cluster.backend.root().and_then(temperature);
        let of_nodes = nodes.iter().filter_map(|node| node.telemetry.as_ref()?.temperature_c);
        let hottest_c = hottest(of_nodes.chain(controller_c));
        Ok(Outcome { report: TopReport { controller_c, hottest_c, nodes }, error })
    }

    /// In parallel, so that a node that hangs does not delay the others.
    fn listen(&mut self, cluster: &Cluster, nodes: &[(Node, Option<State>)], until: Instant) {
        let mut work = Vec::new();
        for &(node, state) in nodes {
            let contact = self.nodes.entry(node.number()).or_default();
            contact.see(state);
            match contact.agent.take() {
                Some(agent) => work.push((node.number(), Work::Listen(agent))),
                None if contact.again.is_some_and(|again| again > Instant::now()) => {}
                None => work
                    .push((node.number(), Work::Connect(Box::new(Endpoint::new(cluster, node))))),
            }
        }
        let done: Vec<_> = thread::scope(|scope| {
            let started = work
                .into_iter()
                .map(|(number, work)| (number, scope.spawn(move || work.carry_out(until))));
            let started: Vec<_> = started.collect();
            started.into_iter().map(|(number, thread)| (number, thread.join())).collect()
        });
        for (number, result) in done {
            let contact = self.nodes.entry(number).or_default();
            match result {
                Ok(Ok((agent, telemetry))) => contact.heard(agent, telemetry),
                Ok(Err(error)) => contact.lose(&error),
                Err(_) => *contact = Contact::default(),
            }
        }
    }
}

impl Contact {
    fn heard(&mut self, agent: Box<Agent>, telemetry: Option<Telemetry>) {
        let (transport, is_simulated) = (agent.transport(), agent.identity().simulated);
        let before = self.reached.take().and_then(|reached| reached.telemetry);
        let reached = Reached { transport, is_simulated, telemetry: telemetry.or(before) };
        let agent = Some(agent).filter(|_| transport != Transport::Serial);
        *self = Self { reached: Some(reached), agent, state: self.state, ..Self::default() };
    }

    /// Allows another attempt at once where the node's state has changed.
    fn see(&mut self, state: Option<State>) {
        if std::mem::replace(&mut self.state, state) != state {
            self.again = None;
        }
    }

    /// Discards the previous reading.
    fn lose(&mut self, error: &AgentError) {
        // Somebody else is asking just now.
        let is_busy = matches!(error, AgentError::Unreachable { serial, .. }
            if matches!(**serial, AgentError::Port(PortError::Busy { .. })));
        let again = (!is_busy).then(|| Instant::now() + AGAIN);
        *self = Self {
            error: Some(error.with_fix()),
            no_agent: NoAgent::of(error),
            is_usual_in_a_start: error.is_usual_in_a_start(),
            again,
            state: self.state,
            ..Self::default()
        };
    }

    /// Why the agent is not reached, in a sentence and per transport. While a node starts, that is the reason, unless another
    /// process has the port or a wrong agent answers.
    fn why_not(&self, is_starting: bool) -> (Option<String>, Vec<NoAgent>) {
        match is_starting && self.is_usual_in_a_start {
            true => {
                let starting = NoAgent::starting();
                (Some(starting.message.clone()), vec![starting])
            }
            false => (self.error.clone(), self.no_agent.clone()),
        }
    }
}

impl Work {
    /// The connection, and the last reading that came.
    fn carry_out(self, until: Instant) -> Result<(Box<Agent>, Option<Telemetry>), AgentError> {
        match self {
            Self::Connect(endpoint) => {
                let mut agent = Box::new(endpoint.connect(LIMIT)?);
                let status = agent.ask(Request::Status, LIMIT)?;
                if agent.transport() != Transport::Serial {
                    agent.ask(Request::Subscribe { on: true }, LIMIT)?;
                }
                Ok((agent, reading(status)))
            }
            Self::Listen(mut agent) => {
                let mut last = None;
                while let Some(message) = agent.next(Some(until))? {
                    if let Message::Goodbye { .. } = message {
                        return Err(AgentError::Closed);
                    }
                    last = reading(message).or(last);
                }
                Ok((agent, last))
            }
        }
    }
}

fn reading(message: Message) -> Option<Telemetry> {
    match message {
        Message::Status(telemetry) => Some(telemetry),
        _ => None,
    }
}
