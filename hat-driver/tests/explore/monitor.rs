//! The invariants, held against each change of the boards and what each caller is told in the end.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use super::scenario::{Call, Scenario};

/// What has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invariant {
    /// No update is lost: who writes changes what it was asked to, and nothing else.
    Update,
    /// No two nodes go on within the delay of the first.
    Stagger,
    /// No node goes on after an `off` that began later, or while one that has something to do before is about to switch it off.
    Off,
    /// No node is off after an `on` that began later than what spares such nodes.
    On,
    /// Nobody is blocked for ever, or goes on for ever.
    Progress,
    /// What a caller is told is so.
    Told,
}

#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) invariant: Invariant,
    pub(crate) text: String,
}

impl Violation {
    pub(crate) fn of(invariant: Invariant, text: impl Into<String>) -> Self {
        Self { invariant, text: text.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.invariant, self.text)
    }
}

/// The powered nodes, and the other outputs of the board in question once they are outputs.
pub(crate) type Shown = (u8, Option<u8>);

/// What the invariants remember of a run.
pub(crate) struct Monitor {
    /// Until when no other node may go on.
    quiet_until: Duration,
    calls: Vec<Option<Running>>,
    delays: Vec<Duration>,
    has_record: bool,
    has_hooks: bool,
}

/// A call that runs, or whose caller was killed in it. Bits stand for nodes, or for callers.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Running {
    pub(crate) call: Call,
    /// Callers whose calls began before this one.
    older: u8,
    /// Those of them that have read since that it is about to switch its nodes off, before they switch any on.
    warned: u8,
    /// Nodes that were switched off by a call that began later, or by one that returned.
    withdrawn: u8,
    /// Nodes that a call that began later has returned as on.
    wanted: u8,
    /// Nodes that other calls meanwhile asked to be off.
    pub(crate) contested: u8,
    /// Nodes that this call switched on, and off.
    pub(crate) on: u8,
    pub(crate) off: u8,
    /// The nodes that had power after its last transfer with their board.
    pub(crate) seen: u8,
    is_killed: bool,
}

impl Running {
    fn new(call: Call) -> Self {
        let (older, warned, withdrawn, wanted, contested) = (0, 0, 0, 0, 0);
        let (on, off, seen, is_killed) = (0, 0, 0, false);
        Self { call, older, warned, withdrawn, wanted, contested, on, off, seen, is_killed }
    }
}

impl Monitor {
    /// What of it matters from now on.
    pub(crate) fn hash(&self, now: Duration, state: &mut impl Hasher) {
        (self.quiet_until.max(now), &self.calls).hash(state);
    }

    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            quiet_until: Duration::ZERO,
            calls: vec![None; scenario.callers.len()],
            delays: scenario.callers.iter().map(|caller| caller.delay).collect(),
            has_record: scenario.has_record,
            has_hooks: scenario.has_hooks,
        }
    }

    /// A call begins. Callers that are at a board then may have read already what others ask.
    pub(crate) fn begin(&mut self, caller: usize, call: Call, at_board: u8) {
        self.end(caller);
        let mut running = Running::new(call);
        for (index, other) in self.calls.iter_mut().enumerate() {
            let Some(other) = other else { continue };
            running.contested |= other.call.off();
            running.older |= u8::from(!other.is_killed) << index;
            other.contested |= call.off();
        }
        if self.has_hooks && self.has_record && matches!(call, Call::Off(_)) {
            running.warned = running.older & !at_board;
        }
        self.calls[caller] = Some(running);
    }

    fn end(&mut self, caller: usize) -> Option<Running> {
        for other in self.calls.iter_mut().flatten() {
            other.older &= !(1 << caller);
            other.warned &= !(1 << caller);
        }
        self.calls[caller].take()
    }

    pub(crate) fn kill(&mut self, caller: usize) {
        for (index, other) in self.calls.iter_mut().enumerate() {
            let Some(other) = other else { continue };
            other.older &= !(1 << caller);
            other.warned &= !(1 << caller);
            if index == caller {
                *other = Running { is_killed: true, ..Running::new(other.call) };
            }
        }
    }

    /// A transfer of a caller, and what it changed.
    pub(crate) fn transfer(
        &mut self,
        caller: usize,
        board: usize,
        before: Shown,
        after: Shown,
        now: Duration,
    ) -> Result<(), Violation> {
        let (on, off) = (after.0 & !before.0, before.0 & !after.0);
        let others = self.calls.iter().flatten();
        let announced = others.filter(|other| other.warned >> caller & 1 == 1);
        let to_be_off = announced.fold(0, |nodes, other| nodes | other.call.off());
        let Some(running) = &mut self.calls[caller] else { return Ok(()) };
        let nodes = 0x0f << (4 * board);
        running.seen = running.seen & !nodes | after.0 & nodes;
        let call = running.call;
        if before.1.is_some() && after.1 != before.1 {
            return Err(Violation::of(
                Invariant::Update,
                format!("{call:?} changed other outputs"),
            ));
        }
        if on & !call.on() != 0 || off & !call.off() != 0 {
            let text = format!("{call:?} switched on {on:#b} and off {off:#b}");
            return Err(Violation::of(Invariant::Update, text));
        }
        if on & running.withdrawn != 0 && self.has_record {
            return Err(Violation::of(Invariant::Off, format!("{call:?} switched {on:#b} on")));
        }
        if on & to_be_off != 0 {
            let text = format!("{call:?} switched {on:#b} on, which is about to be off");
            return Err(Violation::of(Invariant::Off, text));
        }
        let spares = match call {
            Call::Spare(_) => true,
            Call::Off(_) => self.has_hooks,
            _ => false,
        };
        if spares && off & running.wanted != 0 && self.has_record {
            return Err(Violation::of(Invariant::On, format!("{call:?} switched {off:#b} off")));
        }
        running.on |= on;
        running.off |= off;
        let older = running.older;
        self.withdraw(older, off);
        if on == 0 { Ok(()) } else { self.stagger(caller, on, now) }
    }

    /// The delay that a node asks for is its caller's; who asks for none does not wait for others'.
    fn stagger(&mut self, caller: usize, on: u8, now: Duration) -> Result<(), Violation> {
        let delay = self.delays[caller];
        if !delay.is_zero() && (on.count_ones() > 1 || now < self.quiet_until) {
            let left = self.quiet_until.saturating_sub(now);
            let text = format!("caller {caller} switched {on:#b} on with {left:?} left");
            return Err(Violation::of(Invariant::Stagger, text));
        }
        self.quiet_until = self.quiet_until.max(now + delay);
        Ok(())
    }

    /// Calls that began before must not have these nodes on any more.
    fn withdraw(&mut self, callers: u8, nodes: u8) {
        for (index, other) in self.calls.iter_mut().enumerate() {
            if let (Some(other), true) = (other, callers >> index & 1 == 1) {
                other.withdrawn |= nodes;
            }
        }
    }

    /// A call has returned: what it did. An `off` that returned without an error holds from then on, but for the nodes that it
    /// says to keep their power.
    pub(crate) fn returned(&mut self, caller: usize, is_ok: bool, kept: u8) -> Option<Running> {
        let running = self.end(caller)?;
        if let (Call::Off(_), true) = (running.call, is_ok) {
            self.withdraw(running.older, running.call.off() & !kept);
        }
        if let (Call::On(_) | Call::Cycle(_), true) = (running.call, is_ok) {
            let calls = self.calls.iter_mut().enumerate();
            let older = calls.filter(|(index, _)| running.older >> index & 1 == 1);
            older.filter_map(|(_, other)| other.as_mut()).for_each(|other| {
                other.wanted |= running.call.on();
            });
        }
        Some(running)
    }
}
