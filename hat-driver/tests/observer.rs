//! An observer can stop an operation, and is told what it has done.

#![cfg(feature = "sim")]
// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod common;

use std::ops::ControlFlow;
use std::time::Duration;

use common::rig::Rig;
use common::{ALL_NODES, Ask, NODES, WIRINGS};
use hat_driver::linux::{Error, Event};
use hat_driver::power::Action;

/// Goes on as long as it is not so.
fn until(so: impl Fn(&Event) -> bool) -> impl FnMut(Event) -> ControlFlow<()> {
    move |event| if so(&event) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

fn names(nodes: &[&str]) -> Vec<String> {
    nodes.iter().map(|&node| node.to_owned()).collect()
}

#[test]
fn a_stop_in_a_wait_leaves_what_is_on() {
    for wired in WIRINGS {
        let (rig, mut cluster) = Rig::prepared(wired, &[Ask::Init]);
        let mut stop = until(|event| matches!(event, Event::Waiting { .. }));
        let error = cluster.switch(&[0, 1, 2], Action::On, &mut stop).unwrap_err();
        let Error::Stopped { left, done, .. } = &error else { panic!("{error:?}") };
        assert_eq!(
            (&left[..], &*done.nodes),
            (&names(&["p2", "p3"])[..], &names(&["p1"])[..]),
            "{wired:?}"
        );
        assert_eq!(error.to_string(), "stopped; not switched: p2 p3; switched on: p1");
        assert_eq!(rig.shown().pins & NODES, 1, "{wired:?}");
        // Nothing is held any more, and the next call goes on from there.
        assert_eq!(cluster.switch(ALL_NODES, Action::On, &mut |_| {}).unwrap().changed, [1, 2, 3]);
    }
}

/// It need not wait for the end of a long wait.
#[test]
fn a_wait_asks_the_observer_again_and_again() {
    let (_rig, mut cluster) = Rig::prepared(WIRINGS[0], &[Ask::Init]);
    let mut waits = Vec::new();
    cluster
        .switch(&[0, 1], Action::On, &mut |event| {
            if let Event::Waiting { duration } = event {
                waits.push(duration);
            }
        })
        .unwrap();
    assert!(waits.len() >= 10, "{waits:?}");
    assert_eq!(waits[0], Duration::from_secs(1));
    assert!(waits.windows(2).all(|pair| pair[1] < pair[0]), "{waits:?}");
}

#[test]
fn a_stop_after_a_node_is_told_as_done() {
    let (rig, mut cluster) = Rig::prepared(WIRINGS[0], &[Ask::Init]);
    let mut stop = until(|event| matches!(event, Event::Switched { node: 1, .. }));
    let error = cluster.switch(ALL_NODES, Action::On, &mut stop).unwrap_err();
    assert_eq!(error.to_string(), "stopped; not switched: p3 p4; switched on: p1 p2");
    assert_eq!(rig.shown().pins & NODES, 3);
}

#[test]
fn a_cycle_that_is_stopped_names_what_is_left_off() {
    let (rig, mut cluster) = Rig::prepared(WIRINGS[0], &[Ask::Init, Ask::On(&[0, 1])]);
    let mut stop = until(|event| matches!(event, Event::Waiting { .. }));
    let error = cluster.cycle(&[0, 1], Duration::from_secs(2), &mut stop).unwrap_err();
    let Error::Cycle { left_off, source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(left_off, &names(&["p1", "p2"]));
    assert!(matches!(**source, Error::Stopped { .. }), "{error}");
    assert_eq!(rig.shown().pins & NODES, 0);
}

/// Also where nothing was switched: each node is told with what stands of it.
#[test]
fn a_stop_after_an_initialisation_names_every_node() {
    for cycles in [false, true] {
        let (rig, mut cluster) = Rig::prepared(WIRINGS[0], &[]);
        let mut stop = until(|event| matches!(event, Event::Initialised { .. }));
        let result = match cycles {
            true => cluster.cycle(&[0, 1], Duration::ZERO, &mut stop).map(drop),
            false => cluster.switch(&[0, 1], Action::On, &mut stop).map(drop),
        };
        let error = result.unwrap_err();
        assert_eq!(error.to_string(), "stopped; not switched: p1 p2", "cycles: {cycles}");
        let states = error.done().map(|done| done.states.len());
        assert_eq!(states, Some(2), "cycles: {cycles}");
        assert_eq!(rig.shown().pins & NODES, 0);
    }
}
