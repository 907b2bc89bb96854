//! One run: what the callers share, where each of them stands, and who is next.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::monitor::{Invariant, Monitor, Violation};
use super::scenario::{Call, Fault, Scenario};
use super::search::{Search, State};
use super::world::{Lock, Simulation};

/// What a caller is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Begin(Call),
    Record,
    Take(Lock),
    /// Until then, at least.
    Sleep(Duration),
    Clock,
    /// With a board: the register, and the value that is written.
    Transfer(usize, u8, Option<u8>),
    Tell,
}

/// No run takes as many steps, unless for ever.
const MOST_STEPS: usize = 3000;

/// All that is known of a run, and of those before it.
pub(crate) struct Table {
    scenario: Scenario,
    pub(crate) search: Search,
    pub(crate) world: Simulation,
    pub(crate) monitor: Monitor,
    pub(crate) seats: Vec<Seat>,
    /// Who runs.
    pub(crate) turn: usize,
    faults: u8,
    log: Vec<(usize, Op, Option<Fault>)>,
    pub(crate) violation: Option<Violation>,
    /// Whether the run has come to its end.
    pub(crate) is_over: bool,
    /// Threads that have not left the run yet.
    pub(crate) inside: usize,
    pub(crate) is_closed: bool,
}

#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) state: Seated,
    pub(crate) next: Op,
    pub(crate) fault: Option<Fault>,
    /// All that it has been told.
    history: u64,
    /// Whether it has just begun: its first step goes with the beginning.
    pub(crate) is_fresh: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Seated {
    /// Has not begun.
    Before,
    Inside,
    Killed,
    Left,
}

impl Seat {
    /// A step is done.
    pub(crate) fn hears(&mut self, op: Op, result: &impl Hash) {
        let mut hasher = DefaultHasher::new();
        (self.history, op, result).hash(&mut hasher);
        self.history = hasher.finish();
        self.is_fresh = matches!(op, Op::Begin(_));
    }
}

impl Table {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            scenario: scenario.clone(),
            search: Search::default(),
            world: Simulation::new(scenario),
            monitor: Monitor::new(scenario),
            seats: Vec::new(),
            turn: 0,
            faults: 0,
            log: Vec::new(),
            violation: None,
            is_over: true,
            inside: 0,
            is_closed: false,
        }
    }

    pub(crate) fn reset(&mut self) {
        self.world = Simulation::new(&self.scenario);
        self.monitor = Monitor::new(&self.scenario);
        let seat = |call| Seat {
            state: Seated::Before,
            next: Op::Begin(call),
            fault: None,
            history: 0,
            is_fresh: false,
        };
        self.seats = self.scenario.callers.iter().map(|caller| seat(caller.calls[0])).collect();
        (self.turn, self.faults, self.is_over) = (0, 0, false);
        self.log.clear();
    }

    pub(crate) fn has_record(&self) -> bool {
        self.scenario.has_record
    }

    /// Ends the run where an invariant does not hold.
    pub(crate) fn note(&mut self, result: Result<(), Violation>) {
        if let Err(Violation { invariant, text }) = result {
            if self.violation.is_none() {
                let text = format!("{text}\n{}", self.story());
                self.violation = Some(Violation { invariant, text });
            }
            self.is_over = true;
        }
    }

    pub(crate) fn is_waiting(&self, caller: usize) -> bool {
        let is_killed = self.seats[caller].state == Seated::Killed;
        !self.is_over && !is_killed && self.turn != caller
    }

    /// A caller has come to its next step: it may be killed there, and then somebody has a turn. A kill
    /// later on would differ in nothing but in how long others waited.
    pub(crate) fn arrived(&mut self, caller: usize) {
        let may_be_killed = self.may(Fault::Kill) && !self.seats[caller].is_fresh;
        if may_be_killed && !self.is_over {
            match self.search.choose(self.state(Some(caller), true), 2) {
                None => self.is_over = true,
                Some(0) => {}
                Some(_) => self.kill(caller),
            }
        }
        self.decide();
    }

    fn kill(&mut self, caller: usize) {
        self.faults += 1;
        self.log.push((caller, self.seats[caller].next, Some(Fault::Kill)));
        self.seats[caller].state = Seated::Killed;
        self.world.bury(caller);
        self.monitor.kill(caller);
    }

    fn may(&self, fault: Fault) -> bool {
        self.faults < self.scenario.most_faults && self.scenario.faults.contains(&fault)
    }

    /// Gives somebody the next turn.
    pub(crate) fn decide(&mut self) {
        if self.is_over {
            return;
        }
        let alone = self.is_alone(self.turn).then_some(self.turn);
        let choices = self.choices(alone);
        let chosen = match choices.len() {
            0 => return self.end(),
            1 if alone.is_some() || self.search.pass(self.state(None, false)) => Some(0),
            1 => None,
            of => self.search.choose(self.state(alone, false), of),
        };
        let Some((caller, fault)) = chosen.map(|chosen| choices[chosen]) else {
            self.is_over = true;
            return;
        };
        if self.log.len() == MOST_STEPS {
            return self.note(Err(Violation::of(Invariant::Progress, "it goes on for ever")));
        }
        self.faults += u8::from(fault.is_some());
        self.turn = caller;
        let seat = &mut self.seats[caller];
        seat.fault = fault;
        self.log.push((caller, seat.next, fault));
        self.inside += usize::from(seat.state == Seated::Before);
    }

    /// Nobody can go on: all is done, or somebody is blocked.
    fn end(&mut self) {
        let is_left = |seat: &Seat| matches!(seat.state, Seated::Before | Seated::Inside);
        if self.seats.iter().any(is_left) {
            self.note(Err(Violation::of(Invariant::Progress, "blocked for ever")));
        } else {
            self.search.ended += 1;
        }
        self.is_over = true;
    }

    /// Whether a caller's next step concerns nobody else, so that no turn of others comes before it: what
    /// is done to a board under its lock (an invariant sees to it that it is), and what is told.
    fn is_alone(&self, caller: usize) -> bool {
        let seat = &self.seats[caller];
        seat.state == Seated::Inside
            && match seat.next {
                Op::Record if seat.is_fresh => true,
                _ if self.scenario.finest => false,
                Op::Transfer(board, ..) => self.world.holds(Lock::Board(board), caller),
                Op::Clock | Op::Tell => true,
                _ => false,
            }
    }

    /// Who may have the next turn, and with which fault. Who runs comes first.
    fn choices(&self, alone: Option<usize>) -> Vec<(usize, Option<Fault>)> {
        let mut choices = Vec::new();
        let count = self.seats.len();
        let callers = (0..count).map(|n| (self.turn + n) % count);
        for caller in callers.filter(|caller| alone.is_none_or(|alone| alone == *caller)) {
            let seat = &self.seats[caller];
            if !matches!(seat.state, Seated::Before | Seated::Inside) {
                continue;
            }
            let is_free = !matches!(seat.next, Op::Take(lock) if !self.world.is_free(lock));
            if is_free {
                choices.push((caller, None));
            }
            let faults = self.scenario.faults.iter().filter(|fault| self.may(**fault));
            let faults = faults.filter(|fault| self.fits(seat.next, is_free, **fault));
            choices.extend(faults.map(|fault| (caller, Some(*fault))));
        }
        choices
    }

    fn fits(&self, op: Op, is_free: bool, fault: Fault) -> bool {
        match (fault, op) {
            (Fault::Stop, Op::Tell) | (Fault::Late, Op::Transfer(_, _, Some(_))) => true,
            (Fault::Refused, Op::Transfer(..)) => true,
            (Fault::Gone, Op::Transfer(board, ..)) => !self.world.boards[board].is_gone,
            (Fault::Timeout, Op::Take(_)) => !is_free,
            _ => false,
        }
    }

    /// The order of the callers' choices depends on whose turn it was.
    fn state(&self, alone: Option<usize>, is_kill: bool) -> State {
        let mut hasher = DefaultHasher::new();
        (alone, is_kill, self.faults).hash(&mut hasher);
        self.world.hash(&mut hasher);
        self.monitor.hash(self.world.now, &mut hasher);
        for seat in &self.seats {
            seat.state.hash(&mut hasher);
            if matches!(seat.state, Seated::Before | Seated::Inside) {
                (seat.next, seat.history).hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    /// The steps of the run so far.
    fn story(&self) -> String {
        let step = |(caller, op, fault): &(usize, Op, Option<Fault>)| {
            let fault = fault.map_or(String::new(), |fault| format!(" - {fault:?}"));
            format!("  {caller}: {op:?}{fault}\n")
        };
        format!("{}:\n{}", self.scenario.name, self.log.iter().map(step).collect::<String>())
    }
}
