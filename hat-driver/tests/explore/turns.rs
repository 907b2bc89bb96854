//! Whose turn it is: callers are threads of which one runs at a time, from one of its steps to the next.
//! Which one is next, and what befalls it, is the search's choice.

use std::hash::Hash;
use std::panic::resume_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::monitor::{Invariant, Violation};
use super::scenario::{Call, Fault, Scenario};
use super::table::{Op, Seated, Table};

/// What a caller that is no more unwinds with.
pub(crate) struct Unwound;

/// The callers' turns.
pub(crate) struct Turns {
    table: Mutex<Table>,
    bells: Vec<Condvar>,
    ended: Condvar,
}

impl Turns {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let bells = scenario.callers.iter().map(|_| Condvar::new()).collect();
        Self { table: Mutex::new(Table::new(scenario)), bells, ended: Condvar::new() }
    }

    pub(crate) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One run. Returns when all threads have left it.
    pub(crate) fn run(&self) -> MutexGuard<'_, Table> {
        let mut table = self.table();
        table.reset();
        table.decide();
        self.ring(&table);
        while !(table.is_over && table.inside == 0) {
            table = self.ended.wait(table).unwrap_or_else(PoisonError::into_inner);
        }
        table
    }

    /// Lets the threads end.
    pub(crate) fn close(&self) {
        self.table().is_closed = true;
        self.bells.iter().for_each(Condvar::notify_all);
    }

    /// Waits for a caller's first turn in a run. False where there is none any more.
    pub(crate) fn arrive(&self, caller: usize) -> bool {
        let mut table = self.table();
        let starts = |table: &Table| {
            !table.is_over && table.turn == caller && table.seats[caller].state == Seated::Before
        };
        while !table.is_closed && !starts(&table) {
            table = self.bells[caller].wait(table).unwrap_or_else(PoisonError::into_inner);
        }
        if table.is_closed {
            return false;
        }
        table.seats[caller].state = Seated::Inside;
        true
    }

    /// Whether the first run has begun.
    pub(crate) fn has_begun(&self) -> bool {
        !self.table().seats.is_empty()
    }

    /// One step, when its turn has come. `None` where the caller is no more, and is being unwound.
    pub(crate) fn step<R: Hash>(
        &self,
        caller: usize,
        op: Op,
        act: impl FnOnce(&mut Table, Option<Fault>) -> R,
    ) -> Option<R> {
        if thread::panicking() {
            return None;
        }
        let mut table = self.table();
        table.seats[caller].next = op;
        table.arrived(caller);
        self.ring(&table);
        while table.is_waiting(caller) {
            table = self.bells[caller].wait(table).unwrap_or_else(PoisonError::into_inner);
        }
        if table.is_over || table.seats[caller].state == Seated::Killed {
            drop(table);
            resume_unwind(Box::new(Unwound));
        }
        let fault = table.seats[caller].fault.take();
        let result = act(&mut table, fault);
        table.seats[caller].hears(op, &result);
        Some(result)
    }

    /// A caller begins a call. The first one began with its first turn.
    pub(crate) fn begin(&self, caller: usize, call: Call, is_first: bool) {
        let begin = |table: &mut Table| {
            let at_board = table.world.at_board();
            table.monitor.begin(caller, call, at_board);
        };
        if !is_first {
            self.step(caller, Op::Begin(call), |table, _| begin(table));
            return;
        }
        let mut table = self.table();
        begin(&mut table);
        table.seats[caller].is_fresh = true;
    }

    /// What a call came to, checked before anybody else has a turn.
    pub(crate) fn check(&self, check: impl FnOnce(&mut Table) -> Result<(), Violation>) {
        let mut table = self.table();
        let result = check(&mut table);
        table.note(result);
    }

    /// A thread leaves the run.
    pub(crate) fn leave(&self, caller: usize, panic: Option<String>) {
        let mut table = self.table();
        if let Some(text) = panic {
            table.note(Err(Violation { invariant: Invariant::Progress, text }));
        }
        table.inside -= 1;
        if table.seats[caller].state == Seated::Inside {
            table.seats[caller].state = Seated::Left;
            table.decide();
        }
        self.ring(&table);
    }

    fn ring(&self, table: &Table) {
        for (caller, bell) in self.bells.iter().enumerate() {
            let is_killed = table.seats[caller].state == Seated::Killed;
            if table.is_over || is_killed || table.turn == caller {
                bell.notify_all();
            }
        }
        if table.is_over && table.inside == 0 {
            self.ended.notify_all();
        }
    }
}
