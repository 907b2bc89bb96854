//! What a caller is told, held against what it did and what the boards had at its last look.

use hat_driver::linux::{Cycled, Done, Error, NodeState, Switched};
use hat_driver::power::{Action, Stands};

use super::monitor::{Invariant, Running, Violation};
use super::scenario::{Call, Fault, Scenario, bits};

/// What a call came to.
pub(crate) enum Outcome {
    Switched(Result<Switched, Error>),
    Cycled(Result<Cycled, Error>),
    Other(Result<(), Error>),
}

impl Outcome {
    pub(crate) fn error(&self) -> Option<&Error> {
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
            let changed = bits(switched.changed.iter().copied());
            let nodes = did.call.nodes();
            let is_right = match did.call {
                Call::On(_) => (did.on, did.off) == (changed, 0) && nodes & !did.seen == 0,
                _ => (did.on, did.off) == (0, changed) && nodes & did.seen == 0,
            };
            is_right.then_some(()).ok_or(format!("{switched:?}"))
        }
        Outcome::Cycled(Ok(cycled)) => {
            let (off, on) = (bits(cycled.off.iter().copied()), bits(cycled.on.iter().copied()));
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
    let is_so = |state: &NodeState| {
        let node = named(std::slice::from_ref(&state.node));
        let (done, seen) = match state.power {
            Action::On => (did.on, did.seen),
            Action::Off => (did.off, !did.seen),
        };
        match state.stands {
            Stands::Old => node & done == 0,
            Stands::New => node & (done | seen) != 0,
            Stands::Unknown => true,
        }
    };
    let told = done.states.iter().map(|state| state.node.clone()).collect::<Vec<_>>();
    named(&told) == did.call.nodes() && done.states.iter().all(is_so)
}

/// Collects what an error tells, and holds each part against the truth.
struct Claims<'a> {
    did: &'a Running,
    scenario: &'a Scenario,
    /// Told as switched on, and off.
    on: u8,
    off: u8,
    /// Named with which state stands.
    named: u8,
    left_off: Option<u8>,
}

fn check_error(error: &Error, did: &Running, scenario: &Scenario) -> Result<(), String> {
    let (on, off, named) = (0, 0, 0);
    let mut claims = Claims { did, scenario, on, off, named, left_off: None };
    claims.add(error).map_err(|what| format!("{what} in: {error}"))?;
    let is = |so: bool, what: &str| if so { Ok(()) } else { Err(format!("{what} in: {error}")) };
    is(claims.on & !did.on == 0, "a node that was not switched on")?;
    is(claims.off & !did.off == 0, "a node that was not switched off")?;
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
    fn add(&mut self, error: &Error) -> Result<(), String> {
        match error {
            Error::Boards(errors) => errors.iter().try_for_each(|error| self.add(error))?,
            Error::After { source, .. } => self.add(source)?,
            Error::Cycle { left_off, source } => {
                self.left_off = Some(named(left_off));
                self.add(source)?;
            }
            Error::Board { what, stands, .. } => self.board(what, *stands)?,
            Error::Undone { nodes, left, .. } => {
                let nodes = named(nodes);
                is(nodes != 0 && nodes & !self.did.contested == 0, "nobody switched that off")?;
                self.left(left, nodes)?;
            }
            Error::Stopped { left, .. } => {
                self.needs(Fault::Stop)?;
                self.left(left, 0)?;
            }
            Error::Locked { .. } => self.needs(Fault::Timeout)?,
            other => return Err(format!("{other:?}")),
        }
        if let (Some(done), false) = (error.done(), matches!(error, Error::Cycle { .. })) {
            self.done(done);
        }
        Ok(())
    }

    fn done(&mut self, Done { nodes, on, .. }: &Done) {
        let nodes = named(nodes);
        if *on { self.on |= nodes } else { self.off |= nodes }
    }

    /// The nodes that a board's error names are as it says.
    fn board(&mut self, what: &str, stands: Stands) -> Result<(), String> {
        self.needs(Fault::Gone)?;
        let Running { call, on, off, seen, .. } = self.did;
        let nodes = named(&what.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        self.named |= nodes;
        let is_so = match (stands, call) {
            (Stands::Unknown, _) => true,
            (Stands::Old, Call::On(_)) => nodes & on == 0,
            (Stands::Old, Call::Off(_)) => nodes & off == 0,
            (Stands::New, Call::On(_)) => nodes & !seen == 0,
            (Stands::New, Call::Off(_)) => nodes & seen == 0,
            // In either half.
            _ => true,
        };
        is(is_so, "a state that does not stand")
    }

    /// Those that were not switched, beside those that somebody else switched off.
    fn left(&self, left: &[String], undone: u8) -> Result<(), String> {
        let left = named(left);
        is(left & !self.did.call.nodes() == 0, "left, but not asked for")?;
        let Running { call, on, off, seen, .. } = self.did;
        let (done, missing) = match call {
            Call::On(nodes) => (on, bits(nodes.iter().copied()) & !(left | undone | on | seen)),
            Call::Off(nodes) => (off, bits(nodes.iter().copied()) & !(left | off) & seen),
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

/// The nodes with these names.
fn named(names: &[String]) -> u8 {
    let number = |name: &String| name.strip_prefix('p').and_then(|n| n.parse::<usize>().ok());
    bits(names.iter().map(|name| number(name).expect("a node's name") - 1))
}
