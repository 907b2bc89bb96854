use std::sync::{Arc, OnceLock};

use hat_driver::linux::{Cluster as Driver, Options};
use hat_driver::sim::{Machine, builtin};

use super::*;
use crate::life::BOOT_LIMIT;

/// Tells what it was made with, a batch a call; then nothing, without waiting for the deadline.
struct Script {
    now: Vec<(Node, Event, Option<Duration>)>,
    batches: VecDeque<Vec<(Node, Event)>>,
    deadlines: Vec<Option<Instant>>,
}

impl Source for Script {
    fn now(&mut self) -> Result<Vec<(Node, Event, Option<Duration>)>, Error> {
        Ok(std::mem::take(&mut self.now))
    }

    fn next(&mut self, deadline: Option<Instant>) -> Result<Vec<(Node, Event)>, Error> {
        self.deadlines.push(deadline);
        Ok(self.batches.pop_front().unwrap_or_default())
    }
}

/// Of one cluster: no two clusters have a node in common.
fn nodes() -> &'static [Node] {
    static NODES: OnceLock<Vec<Node>> = OnceLock::new();
    NODES.get_or_init(|| {
        let machine = Machine::memory(builtin::simulation("v2.5").unwrap()).unwrap();
        Driver::open(Arc::new(machine), Options::default()).unwrap().nodes().collect()
    })
}

fn watch(now: Vec<(Node, Event, Option<Duration>)>, batches: &[Vec<(Node, Event)>]) -> Watch {
    let batches = batches.iter().cloned().collect();
    let script = Script { now, batches, deadlines: Vec::new() };
    Watch::new(&nodes()[..2], Box::new(script)).unwrap()
}

fn passed() -> Option<Instant> {
    Some(Instant::now())
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_present_is_no_change_and_has_its_time() {
    let &[one, two, ..] = nodes() else { panic!() };
    let now = vec![
        (one, Event::PowerOn, Some(SECOND)),
        (one, Event::GadgetSeen, Some(3 * SECOND)),
        (one, Event::LinkUp, None),
        (two, Event::PowerOn, None),
    ];
    let mut watch = watch(now, &[]);
    let [first, second] = watch.states() else { panic!() };
    assert_eq!(*first, NodeState { node: one, state: State::Link, since: None });
    assert_eq!(*second, NodeState { node: two, state: State::Powered, since: None });
    assert_eq!(watch.next(passed()).unwrap(), None);
}

#[test]
fn each_change_is_told_once_and_in_order() {
    let &[one, two, three, _] = nodes() else { panic!() };
    let first = vec![(one, Event::PowerOn), (one, Event::PowerOn), (three, Event::PowerOn)];
    let second = vec![(two, Event::PowerOn), (one, Event::GadgetSeen), (one, Event::PowerOff)];
    let mut watch = watch(vec![], &[first, second]);
    let before = Moment::now().uptime;
    let mut changes = Vec::new();
    while let Some(change) = watch.next(passed()).unwrap() {
        assert!(change.since.unwrap() >= before);
        changes.push((change.node, change.state));
    }
    let expected =
        [(one, State::Powered), (two, State::Powered), (one, State::Enumerated), (one, State::Off)];
    assert_eq!(changes, expected);
}

#[test]
fn waiting_ends_at_the_goal_at_the_deadline_or_by_the_observer() {
    let &[one, two, ..] = nodes() else { panic!() };
    let on = vec![(one, Event::PowerOn), (two, Event::PowerOn)];
    let seen = |node| vec![(node, Event::GadgetSeen)];
    let states = |watch: &mut Watch, goal, verdict| {
        let mut told = 0;
        let result = watch.until(goal, passed(), &mut |_| {
            told += 1;
            verdict
        });
        let result = result.unwrap();
        assert_eq!(result, watch.states());
        (result.iter().map(|node| node.state).collect::<Vec<_>>(), told)
    };
    let go = ControlFlow::Continue(());
    let mut all = watch(vec![], &[on.clone(), seen(two), seen(one)]);
    let both = vec![State::Enumerated; 2];
    assert_eq!(states(&mut all, State::Enumerated, go), (both.clone(), 4));
    assert_eq!(states(&mut all, State::Powered, go), (both, 0), "beyond it");
    let mut late = watch(vec![], &[on.clone(), seen(two)]);
    let one_only = vec![State::Powered, State::Enumerated];
    assert_eq!(states(&mut late, State::Enumerated, go), (one_only, 3));
    let mut stopped = watch(vec![], &[on, seen(two)]);
    let first = states(&mut stopped, State::Enumerated, ControlFlow::Break(()));
    assert_eq!(first, (vec![State::Powered, State::Powered], 1), "the batch is known all the same");
}

#[test]
fn a_node_that_never_comes_is_failed_and_wakes_the_watch_for_it() {
    let one = nodes()[0];
    let long_ago = Moment::now().uptime.checked_sub(BOOT_LIMIT);
    let recently = Some(Moment::now().uptime);
    let mut late = watch(vec![(one, Event::PowerOn, long_ago)], &[]);
    if long_ago.is_some() {
        let change = late.next(passed()).unwrap().unwrap();
        assert_eq!((change.node, change.state), (one, State::Failed));
    }
    let fresh = watch(vec![(one, Event::PowerOn, recently)], &[]);
    let due = fresh.next_overdue().unwrap() - Instant::now();
    assert!(due <= BOOT_LIMIT && due > BOOT_LIMIT - 10 * SECOND, "{due:?}");
    assert_eq!(watch(vec![(one, Event::PowerOn, None)], &[]).next_overdue(), None);
}
