//! Boards that come, go and are plugged in elsewhere, and those that are away from the USB for a moment.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

#[path = "common/machine.rs"]
mod machine;
#[path = "common/row.rs"]
mod row;
#[path = "common/troubled.rs"]
mod troubled;

use std::time::Duration;

use hat_driver::linux::{Board, BoardChange, Cluster, ClusterError, Platform, Resource, chain};
use hat_driver::power::Action;
use row::Row as _;
use troubled::{Troubled, names, on};

#[test]
fn numbers_do_not_move_while_a_board_that_was_restarted_is_away() {
    let machine = Troubled::mixed();
    let mut first = machine.open().unwrap();
    machine.change(|world| world.ctrls.get_mut(&11).unwrap().lost = true);
    let error = first.reset(first.board(1)).unwrap_err();
    assert!(matches!(error, ClusterError::NotBack { .. }), "{error:?}");

    // It does not come back in time: it may have any order.
    let mut others = machine.open().unwrap();
    assert_eq!(names(&others), ["hat1", "ctrl30", "ctrl@1-11.1"]);
    assert_eq!(on(&mut others, &[0]).unwrap().changed, others.pick(&[0]));
    let text = chain(&on(&mut others, &[4]).unwrap_err());
    assert!(text.contains("node 5") && text.contains("USB 1-11.1"), "{text}");
    let error = others.check_open(others.board(2)).unwrap_err();
    assert!(chain(&error).contains("did not come back within 10 s"), "{}", chain(&error));

    // It comes back while others wait for it.
    machine.change(|world| world.ctrls.get_mut(&11).unwrap().away = 7);
    others.rescan().unwrap();
    assert_eq!(names(&others), ["hat1", "ctrl20", "ctrl30"]);
    machine.change(|world| world.ctrls.get_mut(&11).unwrap().away = 7);
    let mut others = machine.open().unwrap();
    assert_eq!(names(&others), ["hat1", "ctrl20", "ctrl30"]);
    on(&mut others, &[4]).unwrap();
    assert_eq!(machine.power().1, [vec![1, 0, 0], vec![0, 0]]);
}

/// Seen: it was waited for as if its hub had been off for as long as asked.
#[test]
fn a_ctrl_board_s_hub_is_not_off_for_longer_than_the_board_can_count() {
    let machine = Troubled::mixed();
    let mut cluster = machine.open().unwrap();
    machine.change(|world| world.ctrls.get_mut(&11).unwrap().lost = true);
    let off = Duration::from_secs(60);
    let error = cluster.cycle_hub(cluster.board(1), off, &mut |_| {}).unwrap_err();
    let ClusterError::NotBack { limit, .. } = error else { panic!("{error:?}") };
    assert_eq!(limit, Duration::from_secs(20) + Duration::from_millis(2550));
}

/// Seen: it began before the board's lock was there, and could be over while the board was away.
#[test]
fn the_time_that_a_board_may_be_away_begins_when_it_leaves() {
    let machine = Troubled::mixed();
    let mut cluster = machine.open().unwrap();
    machine.change(|world| world.ctrls.get_mut(&11).unwrap().lost = true);
    let mut lock = machine.lock(Resource::Bus(11)).unwrap();
    lock.acquire(Duration::ZERO).unwrap();
    let reset = std::thread::spawn(move || cluster.reset(cluster.board(1)).unwrap_err());
    std::thread::sleep(Duration::from_millis(200));
    let released = machine.moment().uptime.as_nanos();
    lock.release();
    reset.join().unwrap();
    let mut begun = None;
    let read = &mut |text: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix("away 1-11.1 ")).unwrap();
        begun = line.split(' ').nth(2).map(|uptime| uptime.parse::<u128>().unwrap());
        None
    };
    machine.record(read).unwrap();
    assert!(begun.unwrap() >= released);
}

#[test]
fn what_was_asked_of_a_boards_nodes_goes_with_the_board() {
    let machine = Troubled::mixed();
    let mut cluster = machine.open().unwrap();
    let before = cluster.asks_so_far();
    cluster.switch(&cluster.pick(&[4]), Action::Off, &mut |_| {}).unwrap();
    // Both are plugged in again, each as what the other one was.
    machine.change(|world| {
        let (triple, phat) = (world.ctrls.remove(&11).unwrap(), world.ctrls.remove(&12).unwrap());
        world.ctrls.extend([(12, triple), (11, phat)]);
    });
    cluster.rescan().unwrap();
    assert_eq!(names(&cluster), ["hat1", "ctrl20", "ctrl30"]);
    let is_asked = |node| cluster.is_asked_since(cluster.nth(node), &before).unwrap();
    assert_eq!([4, 7].map(is_asked), [true, false]);
}

#[test]
fn nobody_waits_for_a_board_that_is_back_or_was_pulled_out() {
    let machine = Troubled::mixed();
    let mut cluster = machine.open().unwrap();
    cluster.reset(cluster.board(1)).unwrap();
    assert_eq!(names(&machine.open().unwrap()), ["hat1", "ctrl20", "ctrl30"]);
    machine.change(|world| drop(world.ctrls.remove(&11)));
    assert_eq!(names(&machine.open().unwrap()), ["hat1", "ctrl30"]);
}

/// What changed, and the name of the board that it is about.
fn told(cluster: &mut Cluster) -> Vec<String> {
    let changes = cluster.rescan().unwrap();
    let name = |board: Board| cluster.info(board).unwrap().name.clone();
    let text = |change: BoardChange| match change {
        BoardChange::Came { board } => format!("{} came", name(board)),
        BoardChange::Reopened { board } => format!("{} reopened", name(board)),
        BoardChange::Failed { board } => format!("{} failed", name(board)),
        BoardChange::Went { info, .. } => format!("{} went", info.name),
        other => panic!("{other:?}"),
    };
    changes.into_iter().map(text).collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn boards_that_go_and_come_back_are_found_again() {
    let machine = Troubled::mixed();
    let mut cluster = machine.open().unwrap();
    on(&mut cluster, &[0, 7]).unwrap();
    assert_eq!(told(&mut cluster), NOTHING);

    let triple = machine.machine.change(|world| world.ctrls.remove(&11)).unwrap().unwrap();
    assert_eq!(told(&mut cluster), ["ctrl20 went"]);
    assert_eq!((names(&cluster), cluster.nodes().count()), (vec!["hat1", "ctrl30"], 6));
    on(&mut cluster, &[5]).unwrap();

    // At another bus, with the nodes as they were.
    machine.change(|world| drop(world.ctrls.insert(13, triple)));
    assert_eq!(told(&mut cluster), ["ctrl20 came"]);
    assert_eq!(cluster.boards().nth(1).unwrap().1.bus, Some(13));
    on(&mut cluster, &[4]).unwrap();
    assert_eq!(machine.power(), (0x01, vec![vec![1, 1], vec![1, 0, 0]]));
    assert_eq!(told(&mut cluster), NOTHING);
}

#[test]
fn a_board_that_moved_between_two_looks_is_opened_where_it_is() {
    let machine = Troubled::mixed();
    let mut cluster = machine.open().unwrap();
    machine.change(|world| {
        let phat = world.ctrls.remove(&12).unwrap();
        world.ctrls.insert(4, phat);
    });
    assert!(on(&mut cluster, &[7]).is_err());
    assert_eq!(told(&mut cluster), ["ctrl30 reopened"]);
    assert_eq!(
        on(&mut cluster, &[7]).unwrap().changed,
        cluster.pick(&[7]),
        "p8 still, by its order"
    );

    // Another order is another place in the row.
    machine.change(|world| world.ctrls.get_mut(&4).unwrap().order = 5);
    assert_eq!(told(&mut cluster), ["ctrl5 reopened"]);
    assert_eq!(names(&cluster), ["hat1", "ctrl5", "ctrl20"]);
}

#[test]
fn what_could_not_be_opened_is_tried_again() {
    let machine = Troubled::mixed();
    machine.change(|world| world.ctrls.get_mut(&12).unwrap().busy = u32::MAX);
    let mut cluster = machine.open().unwrap();
    assert_eq!(told(&mut cluster), NOTHING, "still deaf");
    machine.change(|world| world.ctrls.get_mut(&12).unwrap().busy = 0);
    assert_eq!(told(&mut cluster), ["ctrl30 reopened"]);
    on(&mut cluster, &[4, 8]).unwrap();
    assert_eq!(machine.power().1, [vec![1, 0, 0], vec![0, 1]]);

    machine.change(|world| world.ctrls.get_mut(&12).unwrap().busy = u32::MAX);
    assert_eq!(told(&mut cluster), ["ctrl@1-12.2 failed"]);
    // Nothing is left: no error, an empty row, and the way back.
    let world = machine.machine.simulation();
    machine.change(|world| world.ctrls.clear());
    assert_eq!(told(&mut cluster), ["ctrl20 went", "ctrl@1-12.2 went"]);
    machine.change(|now| now.ctrls = world.ctrls);
    assert_eq!(told(&mut cluster), ["ctrl20 came", "ctrl@1-12.2 came"]);
}

/// A kept board goes on where it was: its bus is not opened a second time.
#[test]
fn a_board_that_answers_stays_open() {
    let machine = Troubled::mixed();
    let mut cluster = machine.open().unwrap();
    cluster.status(cluster.board(0)).unwrap();
    let before = cluster.transfers();
    assert_eq!(told(&mut cluster), NOTHING);
    assert!(cluster.transfers() > before, "the count of transfers goes on");
    // A HAT that is silent is opened anew, but has not come back yet.
    let chips = machine.machine.simulation().expanders;
    machine.change(|world| world.expanders.clear());
    assert_eq!(told(&mut cluster), NOTHING);
    assert!(matches!(cluster.status(cluster.board(0)), Err(ClusterError::Board { .. })));
    machine.change(|world| world.expanders = chips);
    assert_eq!(told(&mut cluster), NOTHING);
    on(&mut cluster, &[0]).unwrap();
}
