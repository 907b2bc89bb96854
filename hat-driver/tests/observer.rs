//! An observer can stop an operation, and is told what it has done.

#![cfg(feature = "sim")]
// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod common;

use std::ops::ControlFlow;
use std::time::Duration;

use common::rig::Rig;
use common::row::{Row as _, place, places};
use common::{ALL_NODES, Ask, NODES, WIRINGS};
use hat_driver::linux::{ClusterError, PowerEvent};
use hat_driver::power::{Action, ResultingState};

/// Goes on as long as it is not so.
fn until(so: impl Fn(&PowerEvent) -> bool) -> impl FnMut(PowerEvent) -> ControlFlow<()> {
    move |event| if so(&event) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

#[test]
fn a_stop_in_a_wait_leaves_what_is_on() {
    for wired in WIRINGS {
        let (rig, mut cluster) = Rig::prepared(wired, &[Ask::Init]);
        let mut stop = until(|event| matches!(event, PowerEvent::Waiting { .. }));
        let error = cluster.switch(&cluster.pick(&[0, 1, 2]), Action::On, &mut stop).unwrap_err();
        let ClusterError::Stopped { left, done, .. } = &error else { panic!("{error:?}") };
        assert_eq!((places(left), places(&done.nodes)), (vec![1, 2], vec![0]), "{wired:?}");
        assert_eq!(error.to_string(), "stopped; not switched: nodes 2 3; switched on: node 1");
        assert_eq!(rig.shown().pins & NODES, 1, "{wired:?}");
        // Nothing is held any more, and the next call goes on from there.
        let switched = cluster.switch(&cluster.pick(ALL_NODES), Action::On, &mut |_| {}).unwrap();
        assert_eq!(places(&switched.changed), [1, 2, 3]);
    }
}

/// A node that is on already is as it was to become.
#[test]
fn a_stop_tells_nodes_that_were_right_already_from_those_left() {
    let (_rig, mut cluster) = Rig::prepared(WIRINGS[0], &[Ask::Init, Ask::On(&[0, 1])]);
    let mut stop =
        until(|event| matches!(event, PowerEvent::Switched { node, .. } if place(*node) == 2));
    let error = cluster.switch(&cluster.pick(ALL_NODES), Action::On, &mut stop).unwrap_err();
    assert_eq!(error.to_string(), "stopped; not switched: node 4; switched on: node 3");
    let states: Vec<_> =
        error.done().unwrap().results.iter().map(|result| result.resulting).collect();
    use ResultingState::{New, Old};
    assert_eq!(states, [New, New, New, Old]);
}

/// It need not wait for the end of a long wait.
#[test]
fn a_wait_asks_the_observer_again_and_again() {
    let (_rig, mut cluster) = Rig::prepared(WIRINGS[0], &[Ask::Init]);
    let mut waits = Vec::new();
    cluster
        .switch(&cluster.pick(&[0, 1]), Action::On, &mut |event| {
            if let PowerEvent::Waiting { duration } = event {
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
    let mut stop =
        until(|event| matches!(event, PowerEvent::Switched { node, .. } if place(*node) == 1));
    let error = cluster.switch(&cluster.pick(ALL_NODES), Action::On, &mut stop).unwrap_err();
    assert_eq!(error.to_string(), "stopped; not switched: nodes 3 4; switched on: nodes 1 2");
    assert_eq!(rig.shown().pins & NODES, 3);
}

#[test]
fn a_cycle_that_is_stopped_names_what_is_left_off() {
    let (rig, mut cluster) = Rig::prepared(WIRINGS[0], &[Ask::Init, Ask::On(&[0, 1])]);
    let mut stop = until(|event| matches!(event, PowerEvent::Waiting { .. }));
    let error =
        cluster.cycle(&cluster.pick(&[0, 1]), Duration::from_secs(2), &mut stop).unwrap_err();
    let ClusterError::Cycle { left_off, source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(places(left_off), [0, 1]);
    assert!(matches!(**source, ClusterError::Stopped { .. }), "{error}");
    assert_eq!(rig.shown().pins & NODES, 0);
}

/// Also where nothing was switched: each node is told with what stands of it.
#[test]
fn a_stop_after_an_initialisation_names_every_node() {
    for cycles in [false, true] {
        let (rig, mut cluster) = Rig::prepared(WIRINGS[0], &[]);
        let mut stop = until(|event| matches!(event, PowerEvent::Initialised { .. }));
        let result = match cycles {
            true => cluster.cycle(&cluster.pick(&[0, 1]), Duration::ZERO, &mut stop).map(drop),
            false => cluster.switch(&cluster.pick(&[0, 1]), Action::On, &mut stop).map(drop),
        };
        let error = result.unwrap_err();
        assert_eq!(error.to_string(), "stopped; not switched: nodes 1 2", "cycles: {cycles}");
        let states = error.done().map(|done| done.results.len());
        assert_eq!(states, Some(2), "cycles: {cycles}");
        assert_eq!(rig.shown().pins & NODES, 0);
    }
}

/// One write switches all of them off. Seen: who stopped at the first of them was not told of the others.
#[test]
fn who_stops_an_off_is_told_of_every_node_that_is_off() {
    for wired in WIRINGS {
        let (rig, mut cluster) = Rig::prepared(wired, &[Ask::Init, Ask::On(&[0, 1, 2])]);
        let mut told = Vec::new();
        let mut stop = |event| match event {
            PowerEvent::Switched { node, .. } => {
                told.push(place(node));
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        };
        let result = cluster.switch(&cluster.pick(&[0, 1, 2]), Action::Off, &mut stop);
        assert!(matches!(result, Err(ClusterError::Stopped { .. })), "{result:?}");
        assert_eq!((rig.shown().pins & NODES, told), (0, vec![0, 1, 2]), "{wired:?}");
    }
}
