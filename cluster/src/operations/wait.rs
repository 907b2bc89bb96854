//! `wait`, and `on` and `cycle` that wait: until nodes are where they are wanted, or it takes too long.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hat_driver::linux::{ClusterError as DriverError, Done, Node, PowerEvent};
use hat_driver::power::Action;

use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Observer, Verdict};
use crate::life::{self, NodeState, State, Watch};
use crate::nodes::{NodeSet, label, set_of};
use crate::operations::hub::HUB_OFF;
use crate::outcome::Outcome;
use crate::report::{PowerReport, Since, StartReport, WaitNode, WaitReport, likely_cause};

/// What to wait for.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// The state; one that lies beyond it in a node's start will do ([`State::meets`]).
    pub goal: State,
    /// How long; after each power cycle again. `None` = for ever.
    pub limit: Option<Duration>,
    /// How often the power of nodes that are not on the USB by then is cycled.
    pub retries: u32,
}

/// How nodes get their power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Those that are off are switched on.
    On,
    /// Those that are on are switched off first.
    Cycle,
}

impl Cluster {
    /// Waits until nodes are in a state; an empty set means all nodes. Switches nothing, unless it is to retry. The observer
    /// gets each change of a state ([`Event::State`]), and may stop it then.
    ///
    /// # Errors
    /// [`Error::Nodes`], [`Error::Events`]; the outcome's error is [`Error::NotReached`], or what a retry failed with.
    pub fn wait<V: Verdict>(
        &mut self,
        set: &NodeSet,
        wait: &Wait,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Outcome<WaitReport>, Error> {
        let observer: &mut Observer<'_> = &mut |event: Event<'_>| observer(event).control();
        let mut watch = self.follow_to(wait.goal, set)?;
        waited(self, &mut watch, wait, wait.limit, observer)
    }

    /// A part of a wait without retries, for a caller that has to look up now and then: returns after `part` at the latest, and
    /// tells then what is so far of the whole wait, which may take as long as `limit`.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub fn wait_in_part(
        &mut self,
        set: &NodeSet,
        goal: State,
        limit: Duration,
        part: Duration,
    ) -> Result<Outcome<WaitReport>, Error> {
        let wait = Wait { goal, limit: Some(limit), retries: 0 };
        let mut watch = self.follow_to(goal, set)?;
        waited(self, &mut watch, &wait, Some(part), &mut |_| ControlFlow::Continue(()))
    }

    /// Switches nodes on, one after the other, or off and on, and waits for those that have power.
    ///
    /// # Errors
    /// As [`Self::switch`] and [`Self::wait`]. What the switching failed with is the outcome's error; the nodes that are on
    /// all the same are waited for, but not if it was stopped, undone, or ended by a sagging supply.
    pub fn bring_up<V: Verdict>(
        &mut self,
        set: &NodeSet,
        start: Start,
        wait: &Wait,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Outcome<StartReport>, Error> {
        let observer: &mut Observer<'_> = &mut |event: Event<'_>| observer(event).control();
        let mut watch = self.follow_to(wait.goal, set)?;
        let mut telling = |event: Event<'_>| {
            tell(&mut watch, &event);
            observer(event)
        };
        let Outcome { report: power, error } = match start {
            Start::On => self.switch(set, Action::On, &mut telling)?,
            Start::Cycle => self.cycle(set, &mut telling)?,
        };
        let is_over = error.as_ref().is_some_and(ends_all);
        watch.retain(|node| !is_over && is_on(&power, node));
        let waited = waited(self, &mut watch, wait, wait.limit, observer)?;
        let report = StartReport { power, wait: waited.report };
        Ok(Outcome { report, error }.or(waited.error))
    }

    /// Serial ports are opened only for goals that the agents report.
    fn follow_to(&mut self, goal: State, set: &NodeSet) -> Result<Watch, Error> {
        match goal {
            State::Agent | State::Halted => self.follow(set),
            _ => self.follow_kernel(set),
        }
    }
}

fn is_on(power: &PowerReport, node: Node) -> bool {
    let label = label(node);
    let mut nodes = power.nodes.iter();
    nodes.any(|is| is.node == label && is.power == Action::On && !is.undone)
}

/// Whether no other node is to be switched or waited for after this error.
fn ends_all(error: &Error) -> bool {
    use ErrorKind::{Interrupted, Stopped, UnderVoltage, Undone};
    matches!(error.kind(), Interrupted | Stopped | UnderVoltage | Undone)
}

/// What is switched here is known before the kernel notices.
fn tell(watch: &mut Watch, event: &Event<'_>) {
    if let Event::Power(PowerEvent::Switched { node, action }) = event {
        watch.tell(
            *node,
            match action {
                Action::On => life::Event::PowerOn,
                Action::Off => life::Event::PowerOff,
            },
        );
    }
}

fn waited(
    cluster: &mut Cluster,
    watch: &mut Watch,
    wait: &Wait,
    limit: Option<Duration>,
    observer: &mut Observer<'_>,
) -> Result<Outcome<WaitReport>, Error> {
    let mut verdict = ControlFlow::Continue(());
    for node in watch.states() {
        if observer(Event::State(*node)).is_break() {
            verdict = ControlFlow::Break(());
        }
    }
    let mut cycles: BTreeMap<Node, u32> = BTreeMap::new();
    let mut given_up = BTreeSet::new();
    let mut error = None;
    for attempt in 0..=wait.retries {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let states = match verdict {
            ControlFlow::Break(()) => watch.states().to_vec(),
            ControlFlow::Continue(()) => watch.until(wait.goal, deadline, &mut |node| {
                verdict = observer(Event::State(*node));
                verdict
            })?,
        };
        let missing = states.iter().filter(|node| is_off_usb(node) && !node.state.meets(wait.goal));
        let mut missing: Vec<_> = missing.map(|node| node.node).collect();
        missing.retain(|node| !given_up.contains(node));
        if wait.retries > attempt && !missing.is_empty() && verdict.is_continue() {
            // They may run: to cut their power would help nobody.
            let hidden = cluster.behind_hub_off(&missing);
            missing.retain(|node| !hidden.contains(node));
        }
        if verdict.is_break() {
            error = Some(stopped(&states, wait.goal));
            break;
        }
        if missing.is_empty() || attempt == wait.retries {
            break;
        }
        let Outcome { report: power, error: failure } = cycle(cluster, watch, &missing, observer);
        for &node in missing.iter().filter(|&&node| is_cycled(&power, node)) {
            *cycles.entry(node).or_default() += 1;
        }
        if failure.as_ref().is_some_and(ends_all) {
            error = failure;
            break;
        }
        // A board or a hook that refuses one node spoils nothing for the others.
        error = error.or(failure);
        let (on, failed): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|&node| is_on(&power, node));
        given_up.extend(failed);
        if on.is_empty() {
            break;
        }
    }
    let report = report(cluster, watch, wait, &cycles);
    let error = error.or_else(|| not_reached(&report, wait.limit));
    Ok(Outcome { report, error })
}

fn stopped(states: &[NodeState], goal: State) -> Error {
    let left = states.iter().filter(|node| !node.state.meets(goal)).map(|node| node.node);
    Error::Driver(DriverError::Stopped { left: left.collect(), done: Done::default() })
}

fn report(
    cluster: &mut Cluster,
    watch: &Watch,
    wait: &Wait,
    cycles: &BTreeMap<Node, u32>,
) -> WaitReport {
    let unseen = watch.states().iter();
    let unseen = unseen.filter(|node| is_off_usb(node) && !node.state.meets(wait.goal));
    let unseen: Vec<_> = unseen.map(|node| node.node).collect();
    let hidden = cluster.behind_hub_off(&unseen);
    let nodes = watch.states().iter().map(|node| {
        let row = row(cluster, node, wait, cycles);
        match hidden.contains(&node.node) {
            true => WaitNode { cause: Some(HUB_OFF.into()), ..row },
            false => row,
        }
    });
    WaitReport { goal: wait.goal, nodes: nodes.collect() }
}

/// Has power, and nothing of it is on the USB.
const fn is_off_usb(node: &NodeState) -> bool {
    matches!(node.state, State::Powered | State::Halted | State::Failed)
}

fn cycle(
    cluster: &mut Cluster,
    watch: &mut Watch,
    nodes: &[Node],
    observer: &mut Observer<'_>,
) -> Outcome<PowerReport> {
    let mut telling = |event: Event<'_>| {
        tell(watch, &event);
        observer(event)
    };
    let outcome = set_of(nodes).map_err(Error::from);
    let outcome = outcome.and_then(|set| cluster.cycle(&set, &mut telling));
    outcome.unwrap_or_else(|error| Outcome { report: PowerReport::default(), error: Some(error) })
}

fn is_cycled(power: &PowerReport, node: Node) -> bool {
    let label = label(node);
    power.nodes.iter().any(|row| row.node == label && row.cycled)
}

fn row(cluster: &Cluster, node: &NodeState, wait: &Wait, cycles: &BTreeMap<Node, u32>) -> WaitNode {
    let reached = node.state.meets(wait.goal);
    WaitNode {
        node: label(node.node),
        name: cluster.alias(node.node),
        state: node.state,
        since: node.since.map(Since),
        reached,
        cycles: cycles.get(&node.node).copied().unwrap_or(0),
        cause: (!reached).then(|| likely_cause(node.state, wait.goal, wait.limit)),
    }
}

fn not_reached(report: &WaitReport, limit: Option<Duration>) -> Option<Error> {
    let left = report.nodes.iter().filter(|node| !node.reached);
    let left: Vec<_> = left
        .map(|node| {
            let cause = node.cause.as_deref().unwrap_or_default();
            format!("{} is {} ({cause})", node.node, node.state)
        })
        .collect();
    let after = limit.map_or(String::new(), |limit| format!(" within {} s", limit.as_secs_f64()));
    (!left.is_empty()).then_some(Error::NotReached { goal: report.goal, after, left })
}
