use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use hat_driver::linux::Moment;
use hat_driver::power::Action;
use hat_driver::sim::builtin;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Work;
use crate::event::Event;
use crate::life::{NodeState, State};
use crate::nodes::NodeSet;
use crate::report::ShutdownResult;
use crate::{Cluster, Controller, Options, Shutdown};

/// Replaces the simulation in one step.
fn write(file: &Path, simulation: &Value) {
    let new = file.with_extension("new");
    fs::write(&new, simulation.to_string()).expect("it can be written");
    fs::rename(new, file).expect("it can be replaced");
}

fn open(file: &Path) -> Cluster {
    let simulation = Some(file.to_str().expect("UTF-8").to_owned());
    let options = Options { simulation, without_waits: true, ..Options::default() };
    Controller::new(&options).and_then(Controller::open).expect("the boards are there")
}

/// Two callers with one simulated board, as long as its folder is there.
fn two_callers() -> (TempDir, Cluster, Cluster) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("simulation.json");
    fs::write(&file, builtin::simulation("v2.5").expect("a built-in simulation").to_text())
        .expect("it can be written");
    let (first, second) = (open(&file), open(&file));
    (folder, first, second)
}

fn switch(cluster: &mut Cluster, action: Action) {
    let nodes = NodeSet::parse(&["p1"]).expect("a set");
    let switched = cluster.switch(&nodes, action, &mut |_| {}).expect("p1 is here");
    assert!(switched.error.is_none(), "{switched:?}");
}

/// The only node that is on leaves the USB now.
fn leave_usb(file: &Path) {
    let text = fs::read(file).expect("it can be read");
    let mut simulation: Value = serde_json::from_slice(&text).expect("JSON");
    let lives = simulation["lives"]["nodes"].as_object_mut().expect("nodes");
    let life = lives.values_mut().next().expect("a node");
    life["down"] = json!(Moment::now().uptime.as_nanos() as u64);
    write(file, &simulation);
}

/// Whoever asked the node heard no goodbye as it left the USB, and has taken back that it goes down: a second shutdown, which
/// only waits for the same halt, does not cut its power either.
#[test]
fn a_second_shutdown_cuts_nothing_once_the_node_does_not_go_down_any_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("simulation.json");
    let world = builtin::simulation("v2.5").expect("a built-in simulation");
    let mut world: Value = serde_json::from_str(&world.to_text()).expect("JSON");
    world["nodes"] = json!({ "p1": { "stays": "reachable" } });
    write(&file, &world);
    let (first, mut second) = (open(&file), open(&file));
    let nodes = NodeSet::parse(&["p1"]).expect("a set");
    switch(&mut second, Action::On);
    let p1 = first.driver().node(1).expect("p1");
    first.driver().set_going_down(p1, true).expect("p1");
    let mut has_left = false;
    let outcome = second.shut_down(&nodes, Shutdown::default(), &mut |event| {
        if matches!(event, Event::GoingDown { .. }) && !has_left {
            has_left = true;
            first.driver().set_going_down(p1, false).expect("p1");
            leave_usb(&file);
        }
        ControlFlow::Continue(())
    });
    let outcome = outcome.expect("p1 is here");
    assert_eq!(outcome.report.nodes[0].result, ShutdownResult::StillOn, "{outcome:?}");
    let why = outcome.error.expect("p1 keeps its power").message();
    assert!(why.contains("left the USB without a goodbye"), "{why}");
}

/// Seen: a shutdown that heard late that the node accepts took the cut by another command for the end of the node's way down.
#[test]
fn who_is_switched_off_meanwhile_does_not_go_down_any_more() {
    let (_folder, first, mut second) = two_callers();
    let mut switch = |action| switch(&mut second, action);
    switch(Action::On);
    let (p1, since) = (first.driver().node(1).expect("p1"), first.driver().asks_so_far());
    first.driver().set_going_down_since(p1, &since).expect("p1");
    assert!(first.driver().is_going_down(p1).expect("p1"));
    switch(Action::Off);
    assert!(!first.driver().is_going_down(p1).expect("p1"));
    first.driver().set_going_down_since(p1, &since).expect("p1");
    assert!(!first.driver().is_going_down(p1).expect("p1"));
}

/// Seen: the report said that a node is off which another command had switched on again.
#[test]
fn who_was_switched_off_is_looked_at_again_at_the_end() {
    let (_folder, mut first, mut second) = two_callers();
    let mut switch = |action| switch(&mut second, action);
    switch(Action::On);
    let (p1, since) = (first.driver().node(1).expect("p1"), first.driver().asks_so_far());
    let limit = Duration::from_secs(60);
    let mut work = Work::begin(&mut first, &[p1], &since, true, limit).expect("p1 is here");
    let off = NodeState { state: State::Off, ..work.watch.states()[0] };
    for (then, is_off) in [(Action::Off, true), (Action::On, false)] {
        switch(Action::Off);
        work.see(off).expect("p1");
        switch(then);
        work.look_again().expect("its board answers");
        let course = &work.courses[0];
        assert!(!course.is_under_way() && course.is_cut_by_another() == is_off, "{then:?}");
    }
}

/// Seen: "shut down", and exit status 0, of a node that had power: nobody had cut it.
#[test]
fn whose_power_another_command_is_to_have_cut_is_looked_at_before_it_counts_as_off() {
    let (_folder, mut first, mut second) = two_callers();
    for (action, is_off) in [(Action::On, false), (Action::Off, true)] {
        switch(&mut second, Action::On);
        let (p1, since) = (first.driver().node(1).expect("p1"), first.driver().asks_so_far());
        let limit = Duration::from_secs(60);
        let mut work = Work::begin(&mut first, &[p1], &since, false, limit).expect("p1 is here");
        switch(&mut second, action);
        work.cluster.driver.set_going_down(p1, true).expect("p1");
        let off = NodeState { state: State::Off, ..work.watch.states()[0] };
        work.see(off).expect("p1");
        work.look_again().expect("its board answers");
        let course = &work.courses[0];
        assert!(!course.is_under_way());
        assert_eq!(course.is_off(), is_off, "{:?}", course.failure(limit));
        work.cluster.driver.set_going_down(p1, false).expect("p1");
    }
}
