//! One operation on nodes, over all boards: what it holds, what it has promised to those who come
//! next, and what it looks out for. [`super::rules`] says why.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::asked::Asked;
use super::asks::AsksSoFar;
use super::event::PowerEvent;
use super::exclusion::{Exclusion, Stop};
use super::handle::Node;
use super::ledger::{LastOn, Ledger, SWITCHING, change, read};
use super::platform::{Platform, Resource};
use super::throttled::{UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_SEEN};
use crate::positions::Positions;
use crate::power::ResultingState;

/// How often the observer is asked while time passes, and the supply where no event tells.
const TICK: Duration = Duration::from_millis(100);

/// How long a sag may take to show after the node that caused it: the kernel asks the firmware
/// every two seconds.
const WATCH_AFTER: Duration = Duration::from_secs(3);

/// One operation.
pub(super) struct Session<'a> {
    platform: Arc<dyn Platform>,
    pub(super) lock_limit: Duration,
    asked: Vec<Asked>,
    /// Whether nodes keep their power that somebody asked to be on since it began.
    pub(super) spares_wanted: bool,
    /// Whether what it switches off has halted.
    pub(super) is_end: bool,
    /// Those that did.
    pub(super) kept: BTreeSet<Node>,
    /// The lock of those who switch nodes on; absent where nobody does.
    power_on: Option<Exclusion>,
    /// Whether it is kept while others' delay passes.
    pub(super) keeps_power_on: bool,
    /// The node that went on last: somebody else's until one of ours did.
    last: Option<LastOn>,
    /// Whether others' delay is waited for.
    heeds_others: bool,
    /// Others' node that went on last, where its delay is not waited for: it is for those who come next.
    unheeded: Option<LastOn>,
    /// What `last` was before a node was being switched.
    before: Option<LastOn>,
    /// The last node of ours that went on.
    ours: Option<Node>,
    /// Whether others cannot know of it.
    is_unrecorded: bool,
    /// The firmware's flags before the first node; absent where the supply does not matter.
    baseline: Option<u32>,
    observer: &'a mut dyn FnMut(PowerEvent) -> ControlFlow<()>,
}

impl<'a> Session<'a> {
    /// Begins. What others ask from here on, comes later; what they have asked since the given moment, too.
    pub(super) fn new(
        platform: Arc<dyn Platform>,
        lock_limit: Duration,
        mut asked: Vec<Asked>,
        since: Option<&AsksSoFar>,
        observer: &'a mut dyn FnMut(PowerEvent) -> ControlFlow<()>,
    ) -> Self {
        let ledger = since.map_or_else(|| read(&*platform), |since| since.ledger.clone());
        for asked in &mut asked {
            asked.note(ledger.as_ref());
            asked.has_asked_on = since.is_some_and(|since| since.has_asked_on);
        }
        Self {
            platform,
            lock_limit,
            asked,
            spares_wanted: since.is_some(),
            is_end: false,
            kept: BTreeSet::new(),
            power_on: None,
            keeps_power_on: false,
            last: None,
            heeds_others: false,
            unheeded: None,
            before: None,
            ours: None,
            is_unrecorded: false,
            baseline: None,
            observer,
        }
    }

    /// Keeps others' power-ons away from here on.
    pub(super) fn take_power_on(&mut self, heeds_others: bool) -> Result<(), Stop> {
        let mut exclusion = Exclusion::new(&*self.platform, Resource::PowerOn)?;
        exclusion.enter(self.lock_limit)?;
        self.power_on = Some(exclusion);
        self.heed_others(heeds_others);
        Ok(())
    }

    /// Waits for what others' last node asks for, or not.
    pub(super) fn heed_others(&mut self, heeds_others: bool) {
        self.heeds_others = heeds_others;
        let last = self.last_of_others();
        *(if heeds_others { &mut self.last } else { &mut self.unheeded }) = last;
    }

    /// Monitors the supply from here on, if the machine reports under-voltage.
    ///
    /// # Errors
    /// Where it sags already.
    pub(super) fn watch_supply(&mut self) -> Result<(), Stop> {
        self.baseline = self.platform.throttled();
        self.check_supply()
    }

    /// Nothing goes on for now.
    pub(super) fn leave_supply(&mut self) {
        self.baseline = None;
    }

    fn last_of_others(&self) -> Option<LastOn> {
        read(&*self.platform)?.last
    }

    /// What is left of the delay of the node that went on last.
    pub(super) fn rest(&self) -> Duration {
        self.last.as_ref().map_or(Duration::ZERO, |last| last.rest(&self.platform.moment()))
    }

    /// Tells the observer, and hears whether it wants to go on.
    pub(super) fn tell(&mut self, event: PowerEvent) -> Result<(), Stop> {
        match (self.observer)(event) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stop::Observer),
        }
    }

    /// Lets time pass before the next node. Where it is others' delay, they may use it, too.
    pub(super) fn wait(&mut self, duration: Duration) -> Result<(), Stop> {
        if self.ours.is_some() || self.keeps_power_on {
            return self.pass(duration);
        }
        let mut rest = duration;
        while !rest.is_zero() {
            if let Some(lock) = &mut self.power_on {
                lock.leave();
            }
            self.pass(rest)?;
            if let Some(lock) = &mut self.power_on {
                lock.enter(self.lock_limit)?;
            }
            let now = self.last_of_others().filter(|_| self.heeds_others);
            let waited_for = std::mem::replace(&mut self.last, now);
            // A simulated machine whose waits take no time would have the same rest for ever.
            rest = if self.last == waited_for { Duration::ZERO } else { self.rest() };
        }
        Ok(())
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, duration: Duration) -> Result<(), Stop> {
        self.pass_telling(duration, |duration| PowerEvent::Waiting { duration })
    }

    fn pass_telling(
        &mut self,
        duration: Duration,
        event: impl Fn(Duration) -> PowerEvent,
    ) -> Result<(), Stop> {
        let mut left = duration;
        while !left.is_zero() {
            self.tell(event(left))?;
            let slice = left.min(TICK);
            let passed = match self.baseline {
                Some(_) => self.platform.sleep_or_sag(slice),
                None => {
                    self.platform.sleep(slice);
                    slice
                }
            };
            self.check_supply()?;
            left = left.saturating_sub(passed);
        }
        Ok(())
    }

    /// A flag that was cleared and is set again means another drop of the voltage.
    pub(super) fn check_supply(&mut self) -> Result<(), Stop> {
        let Some(baseline) = self.baseline else { return Ok(()) };
        let flags = self.platform.throttled().unwrap_or(baseline);
        let new = flags & !baseline & UNDER_VOLTAGE_SEEN | flags & UNDER_VOLTAGE_NOW;
        self.baseline = Some(baseline & flags);
        if new == 0 { Ok(()) } else { Err(Stop::UnderVoltage { node: self.ours }) }
    }

    /// Nodes of a board are about to go on: recorded first, in case that we are killed before we can say when.
    pub(super) fn switching_on(&mut self, slot: usize, nodes: Positions, delay: Duration) {
        let mut at = self.platform.moment();
        at.uptime += SWITCHING;
        let place = self.asked.iter().find(|asked| asked.slot == slot);
        let place = place.map(|asked| asked.place.clone()).unwrap_or_default();
        self.before = self.record(Some(LastOn { at, delay }), |ledger| {
            ledger.starts(&place, nodes);
        });
    }

    /// It is on.
    pub(super) fn switched_on(&mut self, node: Node, delay: Duration) {
        self.ours = Some(node);
        self.record(Some(LastOn { at: self.platform.moment(), delay }), |_| {});
    }

    /// It may not be on.
    pub(super) fn not_switched_on(&mut self, delay: Duration, resulting: ResultingState) {
        let last = match resulting {
            ResultingState::Old => self.before.take(),
            _ => Some(LastOn { at: self.platform.moment(), delay }),
        };
        self.record(last, |_| {});
    }

    /// Returns what was recorded before.
    fn record(&mut self, last: Option<LastOn>, also: impl Fn(&mut Ledger)) -> Option<LastOn> {
        let recorded = last.clone().map(|last| self.with_unheeded(last));
        self.last = last;
        let mut before = None;
        let written = change(&*self.platform, |ledger| {
            before = std::mem::replace(&mut ledger.last, recorded.clone());
            also(ledger);
        });
        self.is_unrecorded = written.is_err();
        before
    }

    /// Who comes next waits for what is left of the delay that was not waited for here, too.
    fn with_unheeded(&self, last: LastOn) -> LastOn {
        let Some(unheeded) = &self.unheeded else { return last };
        let delay = last.delay.max(unheeded.rest(&self.platform.moment()));
        LastOn { delay, ..last }
    }

    /// Asks for a board's nodes to be off, but for those that keep their power. It is done all the same where
    /// that cannot be recorded. Returns those that keep it.
    pub(super) fn ask_off(&mut self, slot: usize) -> Positions {
        let mut kept = Positions::NONE;
        let (spares, is_end) = (self.spares_wanted, self.is_end);
        let Some(asked) = self.asked.iter_mut().find(|asked| asked.slot == slot) else {
            return kept;
        };
        let noted = change(&*self.platform, |ledger| {
            kept = if spares { asked.wanted(ledger) } else { kept };
            ledger.ask_off(&asked.place, asked.nodes.without(kept), is_end);
        });
        if noted.is_ok() {
            asked.note_own(asked.nodes.without(kept));
        }
        let kept_nodes = asked.first.all_beside(kept);
        self.kept.extend(kept_nodes);
        kept
    }

    /// Asks for a board's nodes to be on, once.
    pub(super) fn ask_on(&mut self, slot: usize) {
        let Some(asked) = self.asked.iter_mut().find(|asked| asked.slot == slot) else { return };
        if !std::mem::replace(&mut asked.has_asked_on, true) {
            // Who cannot read of it behaves as if nobody had asked.
            let _ = change(&*self.platform, |ledger| ledger.ask_on(&asked.place, asked.nodes));
        }
    }

    /// Stops where somebody asked for nodes to be off, or switched them off, since the operation
    /// began, and they are not on: on this board, and on those before it. Whoever is about to switch a node off
    /// does not have it switched on until then.
    pub(super) fn check_undone(
        &self,
        slot: usize,
        on: Positions,
        expected: Positions,
    ) -> Result<(), Stop> {
        let ledger = read(&*self.platform);
        let mut nodes = Vec::new();
        for asked in self.asked.iter().filter(|asked| asked.slot <= slot) {
            let mut undone = ledger.as_ref().map_or(Positions::NONE, |now| asked.withdrawn(now));
            if asked.slot == slot {
                let to_be_off = ledger.as_ref().map_or(Positions::NONE, |now| asked.to_be_off(now));
                undone = undone.union(to_be_off).union(expected).without(on);
            }
            nodes.extend(asked.first.all_beside(undone));
        }
        if nodes.is_empty() { Ok(()) } else { Err(Stop::Undone { nodes }) }
    }

    /// Ends: what the last node asks for is left to those who come next, who know of it, and the
    /// supply is watched until that node can have shown what it does to it.
    pub(super) fn finish(&mut self, watches_supply: bool) -> Result<(), Stop> {
        let mut watch = WATCH_AFTER;
        if self.is_unrecorded {
            let rest = self.rest();
            self.pass(rest)?;
            watch = watch.saturating_sub(rest);
        }
        self.power_on = None;
        if !watches_supply || self.ours.is_none() || self.baseline.is_none() {
            return Ok(());
        }
        self.pass_telling(watch, |duration| PowerEvent::Watching { duration })
    }
}
