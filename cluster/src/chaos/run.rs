//! A run: faults and repairs in the order of their times, and all nodes restored at its end.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use hat_driver::linux::{AsksSoFar, Node};

use super::clock::Clock;
use super::error::ChaosError;
use super::nodes::{self, put_back, to_put_back};
use super::note::Note;
use super::plan::{ChaosPlan, Fault, FaultKind};
use super::schedule::Schedule;
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind};
use crate::event::Verdict;
use crate::nodes::{NodeSet, label};
use crate::outcome::Outcome;
use crate::report::{ChaosReport, PlannedFault, seconds};

/// The progress of a run. The observer may stop the run at each of these.
#[derive(Debug)]
#[non_exhaustive]
pub enum ChaosProgress<'a> {
    /// A step was done, or failed.
    Done(&'a ChaosReport, Option<Error>),
    /// Time passes: at least ten times a second.
    Waiting,
}

/// The interval of attempts to repair a node.
const AGAIN: Duration = Duration::from_secs(5);

/// The observer of a run.
type Observer<'a> = dyn FnMut(ChaosProgress<'_>) -> ControlFlow<()> + 'a;

impl Cluster {
    /// Cuts and restores the power of nodes at random, according to the plan. Nodes that are off at the
    /// beginning stay off. Nodes that an interrupted run has left off are restored first.
    ///
    /// # Errors
    /// [`Error::Nodes`] or [`Error::Chaos`]. The outcome's error: [`Error::ChaosStopped`] where the observer
    /// stopped it, why a node does not have its power back, or [`Error::FaultsFailed`].
    pub fn chaos<V: Verdict>(
        &mut self,
        set: &NodeSet,
        plan: &ChaosPlan,
        observer: &mut dyn FnMut(ChaosProgress<'_>) -> V,
    ) -> Result<Outcome<ChaosReport>, Error> {
        let observer: &mut Observer<'_> = &mut |progress| observer(progress).control();
        plan.check()?;
        if plan.hang && self.backend.root().is_some() {
            return Err(ChaosError::NoHang.into());
        }
        let mut note = Note::open(self)?;
        if !note.nodes()?.is_empty() {
            let (nodes, error) = put_back(self, &mut note);
            let report = ChaosReport::PutBack { nodes };
            // No further faults while a node cannot be restored.
            if error.is_some() {
                return Ok(Outcome { report, error });
            }
            if observer(ChaosProgress::Done(&report, None)).is_break() {
                return Ok(Outcome { report, error: Some(Error::ChaosStopped) });
            }
        }
        let (nodes, off) = on_and_off(self, set, &[])?;
        let begun = ChaosReport::begin(plan, &nodes, &off);
        let mut run = Run {
            cluster: self,
            note,
            observer,
            clock: Clock::start(),
            faults: 0,
            failed: 0,
            first_failure: None,
            to_repair: BTreeMap::new(),
        };
        let ended = match run.tell(&begun, None) {
            ControlFlow::Continue(()) => run.play(plan, &nodes),
            ControlFlow::Break(()) => Err(Error::ChaosStopped),
        };
        Ok(run.end(ended.err()))
    }

    /// What [`Self::chaos`] would do. Switches nothing.
    ///
    /// # Errors
    /// As [`Self::chaos`].
    pub fn plan_chaos(
        &mut self,
        set: &NodeSet,
        plan: &ChaosPlan,
        each: &mut dyn FnMut(&ChaosReport),
    ) -> Result<Outcome<ChaosReport>, Error> {
        plan.check()?;
        let (first_on, error) = to_put_back(self)?;
        if !first_on.is_empty() || error.is_some() {
            let report =
                ChaosReport::PutBack { nodes: first_on.iter().copied().map(label).collect() };
            if error.is_some() {
                return Ok(Outcome { report, error });
            }
            each(&report);
        }
        let (nodes, off) = on_and_off(self, set, &first_on)?;
        each(&ChaosReport::begin(plan, &nodes, &off));
        let mut schedule = Schedule::new(plan, &numbers(&nodes));
        let mut faults = 0;
        while let Some(fault) = schedule.take() {
            faults += 1;
            each(&ChaosReport::Fault { fault: PlannedFault::new(faults, &fault), actual_s: None });
        }
        Ok(ChaosReport::End { faults, failed: 0, put_back: Vec::new() }.into())
    }

    /// Restores the power of nodes that an interrupted run has left off.
    ///
    /// # Errors
    /// [`Error::Chaos`]; what boards fail with is the outcome's error.
    pub fn restore_after_chaos(&mut self) -> Result<Outcome<ChaosReport>, Error> {
        let mut note = Note::open(self)?;
        let (nodes, error) = put_back(self, &mut note);
        Ok(Outcome { report: ChaosReport::PutBack { nodes }, error })
    }
}

fn numbers(nodes: &[Node]) -> Vec<u32> {
    nodes.iter().map(|node| node.number()).collect()
}

/// Nodes with power, or that are to have it before the run begins, and nodes without. A board that cannot be read is an error.
fn on_and_off(
    cluster: &mut Cluster,
    set: &NodeSet,
    first_on: &[Node],
) -> Result<(Vec<Node>, Vec<Node>), Error> {
    let nodes = cluster.nodes(set)?;
    let status = cluster.status(set)?.into_result()?;
    let is_on = |node: &Node| {
        let name = label(*node);
        let mut rows = status.nodes.iter().filter(|one| one.node == name);
        first_on.contains(node) || rows.any(|one| one.seen == Some(true))
    };
    let (on, off): (Vec<_>, Vec<_>) = nodes.into_iter().partition(is_on);
    if on.is_empty() { Err(ChaosError::NothingOn.into()) } else { Ok((on, off)) }
}

struct Run<'a> {
    cluster: &'a mut Cluster,
    note: Note,
    observer: &'a mut Observer<'a>,
    clock: Clock,
    faults: u64,
    /// How many of them failed.
    failed: u64,
    /// Why the first of these did.
    first_failure: Option<ErrorKind>,
    /// What is to be repaired: when, and the node.
    to_repair: BTreeMap<(Duration, u32), Made>,
}

/// A fault that has changed a node, or may have.
struct Made {
    /// Its number.
    number: u64,
    kind: FaultKind,
    /// What had been asked of the node right after it.
    since: AsksSoFar,
}

impl Run<'_> {
    fn play(&mut self, plan: &ChaosPlan, nodes: &[Node]) -> Result<(), Error> {
        let mut schedule = Schedule::new(plan, &numbers(nodes));
        loop {
            let repair = self.to_repair.first_key_value().map(|(&(at, _), _)| at);
            let fault = schedule.next().map(|fault| fault.at);
            let next = repair.into_iter().chain(fault).min();
            // The end puts back what is off then.
            let Some(at) = next.filter(|at| *at < plan.duration) else { break };
            self.wait(at)?;
            let told = match repair == Some(at) {
                true => self.repair(),
                false => match schedule.take() {
                    Some(fault) => self.fail(&fault)?,
                    None => break,
                },
            };
            if told.is_break() {
                return Err(Error::ChaosStopped);
            }
        }
        self.wait(plan.duration)
    }

    fn wait(&mut self, until: Duration) -> Result<(), Error> {
        let Self { clock, cluster, observer, .. } = self;
        let waited =
            clock.wait(until, cluster.driver.platform(), &mut || observer(ChaosProgress::Waiting));
        if waited.is_break() { Err(Error::ChaosStopped) } else { Ok(()) }
    }

    /// Noted first: a kill between the two leaves a node in the note that is as it was found, which is harmless.
    fn fail(&mut self, fault: &Fault) -> Result<ControlFlow<()>, Error> {
        self.faults += 1;
        let (number, kind) = (self.faults, fault.kind);
        let Some(node) = self.cluster.driver.node(fault.node).filter(|n| self.is_on(*n)) else {
            let left = ChaosReport::Left { fault: number, node: format!("p{}", fault.node) };
            return Ok(self.tell(&left, None));
        };
        self.note.add(fault.node, kind == FaultKind::Hang)?;
        let observer = &mut self.observer;
        let is_stopped = &mut || observer(ChaosProgress::Waiting);
        let error = nodes::fail(self.cluster, node, kind, is_stopped).err();
        if let Some(error) = &error {
            self.failed += 1;
            self.first_failure.get_or_insert(error.kind());
        }
        if error.is_some() && nodes::is_untouched(self.cluster, node) {
            self.note.remove(&[fault.node])?;
        } else {
            let since = self.cluster.driver.asks_so_far();
            self.to_repair.insert((fault.until(), fault.node), Made { number, kind, since });
        }
        let actual_s = error.is_none().then(|| self.now());
        let report = ChaosReport::Fault { fault: PlannedFault::new(number, fault), actual_s };
        Ok(self.tell(&report, error))
    }

    fn repair(&mut self) -> ControlFlow<()> {
        let Some(((_, number), made)) = self.to_repair.pop_first() else {
            return ControlFlow::Continue(());
        };
        let (fault, label) = (made.number, format!("p{number}"));
        let Some(node) = self.cluster.driver.node(number) else {
            return ControlFlow::Continue(());
        };
        // The later request wins.
        if self.cluster.driver.is_asked_since(node, &made.since).is_ok_and(|asked| asked) {
            return self.tell(&ChaosReport::Left { fault, node: label }, None);
        }
        let result = nodes::bring_back(self.cluster, node, made.kind, Some(&made.since));
        let (actual_s, error) = match result {
            Ok(true) => (Some(self.now()), self.note.remove(&[number]).err().map(Error::from)),
            Ok(false) => return self.tell(&ChaosReport::Left { fault, node: label }, None),
            Err(error) => (None, Some(error)),
        };
        if actual_s.is_none() {
            self.to_repair.insert((self.clock.now() + AGAIN, number), made);
        }
        self.tell(&ChaosReport::Repair { fault, node: label, actual_s }, error)
    }

    fn is_on(&mut self, node: Node) -> bool {
        // A board that cannot be read reports its error when it is to switch.
        nodes::is_on(self.cluster, node).unwrap_or(true)
    }

    fn now(&self) -> f64 {
        seconds(self.clock.now())
    }

    fn tell(&mut self, report: &ChaosReport, error: Option<Error>) -> ControlFlow<()> {
        (self.observer)(ChaosProgress::Done(report, error))
    }

    fn end(mut self, stopped: Option<Error>) -> Outcome<ChaosReport> {
        let (put_back, error) = put_back(self.cluster, &mut self.note);
        let (faults, failed) = (self.faults, self.failed);
        let failure =
            self.first_failure.map(|kind| Error::FaultsFailed { failed, of: faults, kind });
        // Nodes that are still off are more important than the reason why the run ended.
        Outcome {
            report: ChaosReport::End { faults, failed, put_back },
            error: error.or(stopped).or(failure),
        }
    }
}
