//! The library as a program uses it: on another thread, stopped in the middle, with typed reports.

use std::ops::ControlFlow;
use std::path::Path;
use std::{fs, thread};

use clusterhat::life::State;
use clusterhat::report::StatusReport;
use clusterhat::{
    Action, Cluster, Controller, Error, ErrorKind, Event, NodeSet, Options, PowerEvent, System,
    Wait,
};
use hat_driver::sim::builtin;

/// Four nodes, all off.
fn options(folder: &Path) -> Options {
    let world = builtin::simulation("v2.5").expect("a built-in simulation");
    let file = folder.join("simulation.json");
    fs::write(&file, world.to_text()).expect("it can be written");
    let simulation = Some(file.to_str().expect("UTF-8").to_owned());
    Options { simulation, without_waits: true, ..Options::default() }
}

fn open(options: &Options) -> Cluster {
    Controller::new(options).and_then(Controller::open).expect("the boards are there")
}

fn all() -> NodeSet {
    NodeSet::parse(&["all"]).expect("a set")
}

fn on(report: &StatusReport) -> Vec<&str> {
    let on = report.nodes.iter().filter(|node| node.commanded == Some(true));
    on.map(|node| &*node.node).collect()
}

#[test]
fn a_cluster_may_move_to_another_thread() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut cluster = open(&options(folder.path()));
    let nodes = NodeSet::parse(&["p[1-2]"]).expect("a set");
    let worker = thread::spawn(move || {
        let done = cluster.switch(&nodes, Action::On, &mut |_| {}).expect("a set of nodes here");
        (cluster, done)
    });
    let (mut cluster, done) = worker.join().expect("it ends");
    assert!(done.error.is_none(), "{done:?}");
    assert!(done.report.nodes.iter().all(|node| node.changed && node.power == Action::On));
    let status = cluster.status(&all()).expect("the nodes are here").report;
    assert_eq!(on(&status), ["p1", "p2"]);
}

/// Its number is one of this cluster's, and has a configured path here; it is another node all the same.
#[test]
fn a_node_of_another_cluster_has_no_usb_path_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("clusterhat.toml");
    fs::write(&config, "[nodes.p2]\nusb-path = \"1-1.2\"\n").expect("it can be written");
    let options = Options { config: Some(config), ..options(folder.path()) };
    let (mut cluster, other) = (open(&options), open(&options));
    let p2 = |cluster: &Cluster| cluster.driver().node(2).expect("a node");
    let (own, foreign) = (p2(&cluster), p2(&other));
    assert_eq!(cluster.usb_path(own).expect("it is configured").as_deref(), Some("1-1.2"));
    assert!(cluster.usb_path(foreign).is_err());
}

#[test]
fn who_stops_at_the_beginning_has_changed_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path());
    let mut cluster = open(&options);
    for action in [Action::On, Action::Off] {
        let stop = |event: Event<'_>| match event {
            Event::Begun { nodes, .. } => {
                assert_eq!(nodes.len(), 4);
                ControlFlow::Break(())
            }
            event => panic!("{event:?} after a stop"),
        };
        let done = cluster.switch(&all(), action, &mut { stop }).expect("the nodes are here");
        assert_eq!(done.error.map(|error| error.kind()), Some(ErrorKind::Stopped));
        assert!(done.report.nodes.is_empty(), "{:?}", done.report);
    }
    assert_eq!(cluster.bus_use().transfers, 0, "no board was touched");
}

#[test]
fn what_was_switched_before_a_stop_stays_and_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut cluster = open(&options(folder.path()));
    let mut stop = |event: Event<'_>| match event {
        Event::Power(PowerEvent::Switched { .. }) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let done = cluster.switch(&all(), Action::On, &mut stop).expect("the nodes are here");
    let told: Vec<_> = done.report.nodes.iter().map(|node| &*node.node).collect();
    assert_eq!(told, ["p1"]);
    let report = done.error.expect("it was stopped").report();
    assert_eq!((report.kind, report.exit_status), (ErrorKind::Stopped, None));
    assert_eq!(on(&cluster.status(&all()).expect("the nodes are here").report), ["p1"]);
}

#[test]
fn errors_have_kinds_and_name_no_options() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path());
    let cluster = open(&options);
    let unknown = cluster.nodes(&NodeSet::parse(&["p9"]).expect("a set")).expect_err("4 nodes");
    assert_eq!(unknown.kind(), ErrorKind::Nodes);
    let error = System::new(&options).expect_err("a simulation has no system");
    assert!(matches!(error, Error::NoSystem));
    let nowhere = Options { root: Some(folder.path().join("none")), ..Options::default() };
    let error = Controller::new(&nowhere).err().expect("there is no such folder");
    for error in [error, unknown] {
        assert!(!error.message().contains("--"), "{}", error.message());
    }
}

/// Seen: who had asked to stop before the first state was told waited for the next one all the same.
#[test]
fn a_wait_that_is_stopped_at_its_beginning_does_not_begin() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut cluster = open(&options(folder.path()));
    let wait = Wait { goal: State::Agent, limit: None, retries: 0 };
    let waited = cluster.wait(&all(), &wait, &mut |_| ControlFlow::Break(()));
    let error = waited.expect("the nodes are here").error.expect("no node is on");
    assert_eq!(error.kind(), ErrorKind::Stopped);
}
