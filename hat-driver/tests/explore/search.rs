//! The search: runs are repeated with other choices until each state that can be reached has been left in
//! each way.
//!
//! A state is what the callers share, what the invariants remember, and what each caller has been told so
//! far: callers do nothing but what that leads to, so what follows from a state seen before is known.

use std::collections::HashSet;

/// A state, as its hash.
pub(crate) type State = u64;

/// A choice that was made: which of how many.
#[derive(Clone, Copy, Debug)]
struct Turn {
    chosen: usize,
    of: usize,
}

/// What is known so far.
#[derive(Debug, Default)]
pub(crate) struct Search {
    path: Vec<Turn>,
    /// How much of the path the current run has gone.
    at: usize,
    known: HashSet<State>,
    /// Runs that went to their end.
    pub(crate) ended: usize,
    pub(crate) runs: usize,
    pub(crate) deepest: usize,
}

impl Search {
    /// Which of `of` ways to take out of a state; `None` where all of them have been taken or are going to
    /// be.
    pub(crate) fn choose(&mut self, state: State, of: usize) -> Option<usize> {
        let turn = match self.path.get(self.at) {
            Some(turn) => *turn,
            None if !self.known.insert(state) => return None,
            None => {
                self.path.push(Turn { chosen: 0, of });
                Turn { chosen: 0, of }
            }
        };
        assert_eq!(turn.of, of, "a run does not repeat itself");
        self.at += 1;
        Some(turn.chosen)
    }

    /// Goes the only way out of a state. False where that was gone before.
    pub(crate) fn pass(&mut self, state: State) -> bool {
        self.at < self.path.len() || self.known.insert(state)
    }

    /// Prepares the next run. False where there is none.
    pub(crate) fn next(&mut self) -> bool {
        self.runs += 1;
        self.deepest = self.deepest.max(self.path.len());
        self.at = 0;
        while let Some(turn) = self.path.last_mut() {
            turn.chosen += 1;
            if turn.chosen < turn.of {
                return true;
            }
            self.path.pop();
        }
        false
    }

    pub(crate) fn states(&self) -> usize {
        self.known.len()
    }
}
