use std::fs;

use clusterhat_tests::command::World;
use rustix::fs::{FlockOperation, flock};

use super::*;
use crate::{Action, Cluster, NodeSet, Options};

fn cluster(world: &World) -> Cluster {
    let mut options = Options::of_file(&world.path());
    options.overrides.lock_limit = Some(std::time::Duration::ZERO);
    options.cluster()
}

fn power(cluster: &Cluster) -> Power {
    let nodes: Vec<_> = cluster.driver.nodes().collect();
    Power::new(&cluster.driver, &nodes).unwrap()
}

fn events(power: &mut Power) -> Vec<Event> {
    power.read().into_iter().map(|(_, event)| event).collect()
}

#[test]
fn the_record_tells_of_power_and_nothing_else_does() {
    let world = World::builtin("v2.5");
    let mut cluster = cluster(&world);
    let mut power = power(&cluster);
    assert_eq!(events(&mut power), [Event::PowerOff; 4]);
    assert!(!power.has_changed().unwrap(), "reading changes nothing");
    fs::write(world.folder().join("another"), "x").unwrap();
    assert!(!power.has_changed().unwrap());
    let p2 = NodeSet::parse(&["p2"]).unwrap();
    for (action, event) in [(Action::On, Event::PowerOn), (Action::Off, Event::PowerOff)] {
        cluster.switch(&p2, action, &mut |_| {}).unwrap().into_result().unwrap();
        assert!(power.has_changed().unwrap());
        assert_eq!(events(&mut power)[1], event);
        assert!(!power.has_changed().unwrap());
    }
}

/// Who holds the lock may have noted what it has not done yet.
#[test]
fn a_board_is_read_when_nobody_switches_it() {
    let world = World::builtin("v2.5");
    let mut cluster = cluster(&world);
    let p1 = NodeSet::parse(&["p1"]).unwrap();
    cluster.switch(&p1, Action::On, &mut |_| {}).unwrap().into_result().unwrap();
    let board = cluster.driver.boards().next().unwrap().0;
    let lock = fs::File::open(world.lock("i2c-1")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let settled = cluster.driver.settled_status(board);
    assert!(matches!(settled, Err(ClusterError::Locked { .. })), "{settled:?}");
    assert_eq!(
        events(&mut power(&cluster))[0],
        Event::PowerOn,
        "what it shows is better than nothing"
    );
    drop(lock);
    assert!(cluster.driver.settled_status(board).is_ok());
}

#[test]
fn a_board_that_does_not_answer_says_nothing_of_its_nodes() {
    let world = World::builtin("v2.5");
    let mut power = power(&cluster(&world));
    let mut value = world.read();
    value["faults"] = serde_json::json!({"nack": [{"bus": 1}]});
    world.write(&value);
    assert_eq!(events(&mut power), [Event::BoardGone; 4]);
}
