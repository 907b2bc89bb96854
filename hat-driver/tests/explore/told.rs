//! What a caller is told, held against what it did and what the boards had at its last look.

use hat_driver::linux::{ClusterError, Cycled, Done, Node, NodeResult, Switched, Target};
use hat_driver::power::{Action, ResultingState};

use super::monitor::{Invariant, Running, Violation};
use super::row::place;
use super::scenario::{Call, Fault, Scenario, bits};

/// What a call came to.
pub(crate) enum Outcome {
    Switched(Result<Switched, ClusterError>),
    Cycled(Result<Cycled, ClusterError>),
    Other(Result<(), ClusterError>),
}

impl Outcome {
    /// The nodes that it leaves on, since others have asked for them.
    pub(crate) fn kept(&self) -> u8 {
        match self {
            Self::Switched(Ok(switched)) => nodes_bits(&switched.kept),
            _ => {
                self.error().and_then(ClusterError::done).map_or(0, |done| nodes_bits(&done.kept()))
            }
        }
    }

    pub(crate) fn error(&self) -> Option<&ClusterError> {
        match self {
            Self::Switched(result) => result.as_ref().err(),
            Self::Cycled(result) => result.as_ref().err(),
            Self::Other(result) => result.as_ref().err(),
        }
    }
}

/// Whether what is told is so.
pub(crate) fn check(
    outcome: &Outcome,
    did: &Running,
    scenario: &Scenario,
) -> Result<(), Violation> {
    let told = match outcome {
        Outcome::Switched(Ok(switched)) => {
            let changed = nodes_bits(&switched.changed);
            let nodes = did.call.nodes() & !nodes_bits(&switched.kept);
            let is_right = match did.call {
                Call::On(_) => (did.on, did.off) == (changed, 0) && nodes & !did.seen == 0,
                _ => (did.on, did.off) == (0, changed) && nodes & did.seen == 0,
            };
            is_right.then_some(()).ok_or(format!("{switched:?}"))
        }
        Outcome::Cycled(Ok(cycled)) => {
            let (off, on) = (nodes_bits(&cycled.off), nodes_bits(&cycled.on));
            let is_right = (did.on, did.off) == (on, off) && did.call.nodes() & !did.seen == 0;
            is_right.then_some(()).ok_or(format!("{cycled:?}"))
        }
        Outcome::Other(Ok(())) => Ok(()),
        outcome => outcome.error().map_or(Ok(()), |error| check_error(error, did, scenario)),
    };
    told.map_err(|text| Violation::of(Invariant::Told, format!("{text}, but {did:?}")))
}

/// Whether each node that was asked for is told with what stands of what was done to it.
fn states(done: &Done, did: &Running) -> bool {
    let is_so = |state: &NodeResult| {
        let node = nodes_bits(&[state.node]);
        let (done, seen) = match state.action {
            Action::On => (did.on, did.seen),
            Action::Off => (did.off, !did.seen),
        };
        match state.resulting {
            ResultingState::Old => node & done == 0,
            ResultingState::New => node & (done | seen) != 0,
            ResultingState::Unknown => true,
        }
    };
    let told = bits(done.results.iter().map(|state| place(state.node)));
    told == did.call.nodes() && done.results.iter().all(is_so)
}

/// Collects what an error tells, and holds each part against the truth.
struct Claims<'a> {
    did: &'a Running,
    scenario: &'a Scenario,
    /// Told as switched on, and off.
    on: u8,
    off: u8,
    /// Told to keep their power.
    kept: u8,
    /// Named with their resulting state.
    named: u8,
    left_off: Option<u8>,
}

fn check_error(error: &ClusterError, did: &Running, scenario: &Scenario) -> Result<(), String> {
    let kept = error.done().map_or(0, |done| nodes_bits(&done.kept()));
    let (on, off, named) = (0, 0, 0);
    let mut claims = Claims { did, scenario, on, off, kept, named, left_off: None };
    claims.add(error).map_err(|what| format!("{what} in: {error}"))?;
    let is = |so: bool, what: &str| if so { Ok(()) } else { Err(format!("{what} in: {error}")) };
    is(claims.on & !did.on == 0, "a node that was not switched on")?;
    is(claims.off & !did.off == 0, "a node that was not switched off")?;
    is(kept & (did.off | !did.call.off()) == 0, "a node that does not keep its power")?;
    if let (Call::Off(_) | Call::Spare(_), ClusterError::Board { .. }) = (did.call, error.cause()) {
        let told = claims.off | kept | claims.named;
        is(did.call.nodes() & did.seen & !told == 0, "a node that has power is missing")?;
    }
    is(did.on & !claims.on & !claims.named == 0, "a node that was switched on is missing")?;
    if let Some(done) = error.done() {
        is(states(done, did), "another state of a node")?;
    }
    let left_off = did.off & !did.on;
    match (did.call, claims.left_off) {
        (Call::Cycle(_), told) => {
            let told = told.unwrap_or(0);
            is(told & !did.off == 0 && left_off & !told & !claims.named == 0, "left off")
        }
        _ => is(
            did.off & !claims.off & !claims.named == 0,
            "a node that was switched off is missing",
        ),
    }
}

impl Claims<'_> {
    fn add(&mut self, error: &ClusterError) -> Result<(), String> {
        match error {
            ClusterError::Boards(errors) => errors.iter().try_for_each(|error| self.add(error))?,
            ClusterError::After { source, .. } => self.add(source)?,
            ClusterError::Cycle { left_off, source } => {
                self.left_off = Some(nodes_bits(left_off));
                self.add(source)?;
            }
            ClusterError::Board { target, resulting, .. } => self.board(target, *resulting)?,
            ClusterError::Undone { nodes, left, .. } => {
                let nodes = nodes_bits(nodes);
                is(nodes != 0 && nodes & !self.did.contested == 0, "nobody switched that off")?;
                self.left(left, nodes)?;
            }
            ClusterError::Stopped { left, .. } => {
                self.needs(Fault::Stop)?;
                self.left(left, 0)?;
            }
            ClusterError::Locked { .. } => self.needs(Fault::Timeout)?,
            other => return Err(format!("{other:?}")),
        }
        if let (Some(done), false) = (error.done(), matches!(error, ClusterError::Cycle { .. })) {
            self.done(done);
        }
        Ok(())
    }

    fn done(&mut self, Done { nodes, on, .. }: &Done) {
        let nodes = nodes_bits(nodes);
        if *on { self.on |= nodes } else { self.off |= nodes }
    }

    /// The nodes that a board's error names are as it says.
    fn board(&mut self, target: &Target, resulting: ResultingState) -> Result<(), String> {
        self.needs(Fault::Gone)?;
        let Running { call, on, off, seen, .. } = self.did;
        let nodes = match target {
            Target::None => 0,
            Target::Nodes(nodes) => nodes_bits(nodes),
            other => return Err(format!("{other:?}")),
        };
        self.named |= nodes;
        let is_so = match (resulting, call) {
            (ResultingState::Unknown, _) => true,
            (ResultingState::Old, Call::On(_)) => nodes & on == 0,
            (ResultingState::Old, Call::Off(_)) => nodes & off == 0,
            (ResultingState::New, Call::On(_)) => nodes & !seen == 0,
            (ResultingState::New, Call::Off(_)) => nodes & seen == 0,
            // In either half.
            _ => true,
        };
        is(is_so, "a state that does not stand")
    }

    /// Those that were not switched, beside those that somebody else switched off.
    fn left(&self, left: &[Node], undone: u8) -> Result<(), String> {
        let left = nodes_bits(left);
        is(left & !self.did.call.nodes() == 0, "left, but not asked for")?;
        let Running { call, on, off, seen, .. } = self.did;
        let (done, missing) = match call {
            Call::On(nodes) => (on, bits(nodes.iter().copied()) & !(left | undone | on | seen)),
            Call::Off(nodes) | Call::Spare(nodes) => {
                (off, bits(nodes.iter().copied()) & !(left | off | self.kept) & seen)
            }
            _ => return Ok(()),
        };
        is(left & done == 0, "left, but switched")?;
        is(missing == 0, "a node that was left is missing")
    }

    /// No error without its cause. Faults of the bus stand for each other.
    fn needs(&self, fault: Fault) -> Result<(), String> {
        let bus = [Fault::Gone, Fault::Refused, Fault::Late];
        let is_cause = |has: &Fault| *has == fault || bus.contains(&fault) && bus.contains(has);
        is(self.scenario.faults.iter().any(is_cause), "no such fault")
    }
}

fn is(so: bool, what: &str) -> Result<(), String> {
    if so { Ok(()) } else { Err(what.to_owned()) }
}

/// The bits of nodes.
fn nodes_bits(nodes: &[Node]) -> u8 {
    bits(nodes.iter().map(|&node| place(node)))
}
