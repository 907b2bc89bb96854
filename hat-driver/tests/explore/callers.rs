//! The callers' threads, and the search over their runs.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use hat_driver::linux::{BoardOptions, Cluster, Options};
use hat_driver::power::Action;
use hat_driver::revisions::Version;

use super::monitor::Violation;
use super::platform::{BUSES, Seat};
use super::row::Row as _;
use super::scenario::{Call, Caller, DELAY, Scenario};
use super::search::Search;
use super::told::{self, Outcome};
use super::turns::{Turns, Unwound};

/// What an exploration came to.
pub(crate) struct Explored {
    pub(crate) figures: Figures,
    pub(crate) violation: Option<Violation>,
}

#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) states: usize,
    runs: usize,
    ended: usize,
    deepest: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, runs, ended, deepest } = self;
        write!(
            f,
            "{runs} runs through {states} states, {ended} to the end of all calls, up to {deepest} choices"
        )
    }
}

impl From<&Search> for Figures {
    fn from(search: &Search) -> Self {
        let Search { runs, ended, deepest, .. } = *search;
        Self { states: search.states(), runs, ended, deepest }
    }
}

/// Every order of the callers' steps, with every fault that may be.
pub(crate) fn explore(scenario: &Scenario) -> Explored {
    let turns = Arc::new(Turns::new(scenario));
    thread::scope(|scope| {
        for (number, caller) in scenario.callers.iter().enumerate() {
            let seat = Seat { turns: Arc::clone(&turns), caller: number };
            let options = options(caller, scenario);
            let mut cluster = Cluster::open(Arc::new(seat.clone()), options).unwrap();
            scope.spawn(move || be(&seat, caller, scenario, &mut cluster));
        }
        let explored = loop {
            let mut table = turns.run();
            let goes_on = table.search.next();
            if table.violation.is_some() || !goes_on {
                let figures = Figures::from(&table.search);
                break Explored { figures, violation: table.violation.take() };
            }
        };
        turns.close();
        explored
    })
}

/// A caller, run after run.
fn be(seat: &Seat, caller: &Caller, scenario: &Scenario, cluster: &mut Cluster) {
    while seat.turns.arrive(seat.caller) {
        let calls = || {
            for (index, call) in caller.calls.iter().enumerate() {
                seat.turns.begin(seat.caller, *call, index == 0);
                let outcome = make(*call, cluster, seat, scenario);
                seat.turns.check(|table| {
                    let is_ok = outcome.error().is_none();
                    let did = table.monitor.returned(seat.caller, is_ok, outcome.kept());
                    did.map_or(Ok(()), |did| told::check(&outcome, &did, scenario))
                });
            }
        };
        let end = catch_unwind(AssertUnwindSafe(calls));
        let panic = end.err().filter(|payload| !payload.is::<Unwound>());
        seat.turns.leave(seat.caller, panic.map(|payload| words(&*payload)));
    }
}

fn options(caller: &Caller, scenario: &Scenario) -> Options {
    let mut options = Options::default();
    options.delay = caller.delay;
    for bus in &BUSES[..scenario.boards.len()] {
        let mut board = BoardOptions::default();
        board.bus = Some(*bus);
        board.revision = Some(Version { major: 2, minor: 5 });
        options.boards.push(board);
    }
    options
}

fn make(call: Call, cluster: &mut Cluster, seat: &Seat, scenario: &Scenario) -> Outcome {
    let observer = &mut |_| seat.verdict();
    let asked = |cluster: &Cluster, nodes: &[_], action| {
        let since = cluster.ask(nodes, action).unwrap();
        // A step: the hooks. No caller of theirs stops in them.
        let _ = seat.verdict();
        since
    };
    match call {
        Call::On(nodes) if scenario.has_hooks => {
            let nodes = cluster.pick(nodes);
            let since = asked(cluster, &nodes, Action::On);
            Outcome::Switched(cluster.switch_since(&nodes, Action::On, &since, observer))
        }
        Call::Off(nodes) if scenario.has_hooks => {
            let nodes = cluster.pick(nodes);
            let since = asked(cluster, &nodes, Action::Off);
            let switched = cluster.switch_since(&nodes, Action::Off, &since, observer);
            cluster.take_back(&nodes).unwrap();
            Outcome::Switched(switched)
        }
        Call::Cycle(nodes) if scenario.has_hooks => {
            let nodes = cluster.pick(nodes);
            let since = asked(cluster, &nodes, Action::On);
            Outcome::Cycled(cluster.cycle_since(&nodes, DELAY, &since, observer))
        }
        Call::On(nodes) => {
            Outcome::Switched(cluster.switch(&cluster.pick(nodes), Action::On, observer))
        }
        Call::Off(nodes) => {
            Outcome::Switched(cluster.switch(&cluster.pick(nodes), Action::Off, observer))
        }
        Call::Spare(nodes) => {
            let since = cluster.asks_so_far();
            let nodes = cluster.pick(nodes);
            Outcome::Switched(cluster.end_since(&nodes, &since, observer))
        }
        Call::Cycle(nodes) => Outcome::Cycled(cluster.cycle(&cluster.pick(nodes), DELAY, observer)),
        Call::Init(board) => Outcome::Other(cluster.init(cluster.board(board)).map(drop)),
        Call::Status(board) => Outcome::Other(cluster.status(cluster.board(board)).map(drop)),
    }
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or(payload.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}
