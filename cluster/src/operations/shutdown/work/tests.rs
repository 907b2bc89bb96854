use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use hat_driver::linux::lock::FileLock;
use hat_driver::linux::{Moment, Output};
use hat_driver::power::Action;
use hat_driver::sim::builtin;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Work;
use crate::event::Event;
use crate::life::{NodeState, State};
use crate::nodes::NodeSet;
use crate::report::ShutdownResult;
use crate::{AfterShutdown, Cluster, Options, Shutdown};

const FORCED: Shutdown =
    Shutdown { limit: None, force: true, then: AfterShutdown::Off, beyond_size: false };

/// Replaces the simulation in one step.
fn write(file: &Path, simulation: &Value) {
    let new = file.with_extension("new");
    fs::write(&new, simulation.to_string()).expect("it can be written");
    fs::rename(new, file).expect("it can be replaced");
}

/// Changes the simulation between two transfers of others.
fn edit(file: &Path, change: impl FnOnce(&mut Value)) {
    let lock = file.with_file_name(".simulation.json.lock.transfer");
    let mut lock = FileLock::open(&lock).expect("the lock of a simulation that is in use");
    lock.acquire(Duration::from_secs(60)).expect("nobody holds it for long");
    let text = fs::read(file).expect("it can be read");
    let mut simulation: Value = serde_json::from_slice(&text).expect("JSON");
    change(&mut simulation);
    write(file, &simulation);
}

fn open(file: &Path) -> Cluster {
    Options::of_file(file).cluster()
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
    edit(file, |simulation| {
        let lives = simulation["lives"]["nodes"].as_object_mut().expect("nodes");
        let life = lives.values_mut().next().expect("a node");
        life["down"] = json!(Moment::now().uptime.as_nanos() as u64);
    });
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

/// Seen: "shut down" of a running node whose cable came loose: days before, a shutdown of it had timed out, and the node had
/// started again from within.
#[test]
fn a_node_that_has_accepted_long_ago_is_not_taken_for_one_that_goes_down() {
    let (folder, first, mut second) = two_callers();
    let file = folder.path().join("simulation.json");
    switch(&mut second, Action::On);
    let nodes = NodeSet::parse(&["p1"]).expect("a set");
    let p1 = first.driver().node(1).expect("p1");
    first.driver().set_going_down(p1, true).expect("p1");
    let record = first.driver().look_at_record().0;
    let text = fs::read_to_string(&record).expect("it was written");
    let (before, after) = text.split_once("/1d").expect("p1 was asked to be on once");
    let end = after.trim_start_matches(|c: char| c.is_ascii_digit());
    // A time to come is believed as little, and this machine may have just started.
    fs::write(&record, format!("{before}/1d9999999999{end}")).expect("it can be written");
    assert!(first.driver().is_going_down(p1).expect("p1"));
    edit(&file, |simulation| simulation["nodes"] = json!({ "p1": { "stays": "reachable" } }));
    let mut has_left = false;
    let outcome = second.shut_down(&nodes, Shutdown::default(), &mut |event| {
        if matches!(event, Event::GoingDown { .. }) && !has_left {
            has_left = true;
            leave_usb(&file);
        }
        ControlFlow::Continue(())
    });
    let outcome = outcome.expect("p1 is here");
    assert_eq!(outcome.report.nodes[0].result, ShutdownResult::StillOn, "{outcome:?}");
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
    let mut work = Work::begin(&mut first, &[p1], &[], &since, FORCED, limit).expect("p1 is here");
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
    for is_on_again in [true, false] {
        switch(&mut second, Action::On);
        let (p1, since) = (first.driver().node(1).expect("p1"), first.driver().asks_so_far());
        let limit = Duration::from_secs(60);
        let mut work = Work::begin(&mut first, &[p1], &[], &since, Shutdown::default(), limit)
            .expect("p1 is here");
        end(&mut second);
        let off = NodeState { state: State::Off, ..work.watch.states()[0] };
        work.see(off).expect("p1");
        if is_on_again {
            switch(&mut second, Action::On);
        }
        work.look_again().expect("its board answers");
        let course = &work.courses[0];
        assert!(!course.is_under_way());
        assert_eq!(course.is_off(), !is_on_again, "{:?}", course.failure(limit));
    }
}

/// Seen: "its power could not be cut", for what its neighbour's cut failed for.
#[test]
fn whose_power_another_command_wants_is_told_so_where_its_board_fails() {
    let (folder, mut first, mut second) = two_callers();
    let file = folder.path().join("simulation.json");
    let both = NodeSet::parse(&["p1-p2"]).expect("a set");
    assert!(second.switch(&both, Action::On, &mut |_| {}).is_ok_and(|on| on.error.is_none()));
    let nodes: Vec<_> = first.driver().nodes().take(2).collect();
    let since = first.driver().asks_so_far();
    let limit = Duration::from_secs(60);
    let mut work =
        Work::begin(&mut first, &nodes, &[], &since, FORCED, limit).expect("they are here");
    switch(&mut second, Action::On);
    let faults = json!([{ "transfer": 1, "kind": "io", "lasting": true }]);
    edit(&file, |simulation| simulation["faults"] = faults);
    work.cut(&nodes, &mut |_| ControlFlow::Continue(())).expect("they are here");
    let [p1, p2] = [0, 1].map(|index| work.courses[index].failure(limit).expect("it failed"));
    assert_eq!(p1, "keeps its power, as another command has requested it since");
    assert!(p2.starts_with("its power could not be cut: "), "{p2}");
}

/// Cuts p1's power as at the end of a shutdown.
fn end(cluster: &mut Cluster) {
    let (p1, since) = (cluster.driver().node(1).expect("p1"), cluster.driver().asks_so_far());
    cluster.driver().set_going_down(p1, true).expect("p1");
    let ended = cluster.driver.end_since(&[p1], &since, &mut |_| {});
    assert!(ended.is_ok_and(|ended| ended.changed == [p1]));
}

/// Another program starts p1, which is not on the USB yet.
fn start_unrecorded(file: &Path) {
    edit(file, |simulation| {
        let registers = simulation["chips"]["1"]["r"].as_array_mut().expect("registers");
        for register in &mut registers[..2] {
            *register = json!(register.as_u64().expect("a byte") | 1);
        }
        simulation["nodes"] = json!({ "p1": { "stays": "powered" } });
    });
}

/// Shuts p1 down. Returns why it keeps its power, which it has.
fn kept_by_shutdown(cluster: &mut Cluster) -> String {
    let nodes = NodeSet::parse(&["p1"]).expect("a set");
    let go_on = &mut |_: Event<'_>| ControlFlow::Continue(());
    let outcome = cluster.shut_down(&nodes, Shutdown::default(), go_on).expect("p1 is here");
    assert_eq!(outcome.report.nodes[0].result, ShutdownResult::StillOn, "{outcome:?}");
    let status = cluster.status(&nodes).expect("p1 is here").report;
    assert_eq!(status.nodes[0].commanded, Some(true));
    outcome.error.expect("p1 keeps its power").message()
}

/// Seen: "shut down", and exit status 0, of a node that was starting: the record still said that it had accepted the shutdown before.
#[test]
fn what_was_shut_down_before_is_not_taken_for_halted_once_another_program_has_started_it() {
    let (folder, mut first, mut second) = two_callers();
    switch(&mut first, Action::On);
    end(&mut first);
    start_unrecorded(&folder.path().join("simulation.json"));
    let why = kept_by_shutdown(&mut second);
    assert!(!why.contains("halted"), "{why}");
}

/// Its shutdown was killed. Seen: the same.
#[test]
fn a_node_that_has_accepted_before_is_not_taken_for_halted_by_who_has_not_seen_it() {
    let (folder, mut first, mut second) = two_callers();
    switch(&mut first, Action::On);
    let p1 = first.driver().node(1).expect("p1");
    first.driver().set_going_down(p1, true).expect("p1");
    start_unrecorded(&folder.path().join("simulation.json"));
    let why = kept_by_shutdown(&mut second);
    let text = "it has halted, or has been started again";
    assert!(why.contains(text), "{why}");
    let hub = first.driver().boards().next().expect("a HAT").0;
    first.driver.set(hub, Output::Hub, false, &mut |_| {}).expect("it has a hub");
    first.driver().set_going_down(p1, true).expect("p1");
    let why = kept_by_shutdown(&mut second);
    assert!(why.contains("the USB hub of its board is off"), "{why}");
}

/// Its system may have to write for long yet.
#[test]
fn a_node_that_leaves_the_usb_with_its_hub_has_not_halted() {
    let (folder, first, mut second) = two_callers();
    switch(&mut second, Action::On);
    let nodes = NodeSet::parse(&["p1"]).expect("a set");
    let (p1, mut hub_is_on) = (first.driver().node(1).expect("p1"), true);
    let mut other = open(&folder.path().join("simulation.json"));
    let outcome = second.shut_down(&nodes, Shutdown::default(), &mut |event| {
        if matches!(event, Event::GoingDown { .. })
            && hub_is_on
            && first.driver().is_going_down(p1).is_ok_and(|goes| goes)
        {
            hub_is_on = false;
            let board = other.driver().boards().next().expect("a HAT").0;
            other.driver.set(board, Output::Hub, false, &mut |_| {}).expect("it has a hub");
        }
        ControlFlow::Continue(())
    });
    let outcome = outcome.expect("p1 is here");
    assert_eq!(outcome.report.nodes[0].result, ShutdownResult::StillOn, "{outcome:?}");
    let why = outcome.error.expect("p1 keeps its power").message();
    assert!(why.contains("its halt cannot be observed"), "{why}");
}
