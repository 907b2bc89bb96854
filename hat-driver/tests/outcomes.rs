//! What callers are told beside what was switched: of nodes at which their board failed, of where a
//! switch would start, and of the record.

#![cfg(feature = "sim")]
// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

#[path = "common/clocked.rs"]
mod clocked;

#[path = "common/machine.rs"]
mod machine;
#[path = "common/row.rs"]
mod row;

use std::fs;
use std::io::ErrorKind;
use std::time::Duration;

use clocked::Clocked;
use hat_driver::Positions;
use hat_driver::linux::{
    Cluster, ClusterError, Options, Platform as _, PowerEvent, Resource, Switched, chain,
};
use hat_driver::power::{Action, ResultingState};
use row::{Row as _, place, places};

const SECOND: Duration = Duration::from_secs(1);

fn delayed(delay: Duration) -> Options {
    let mut options = Options::default();
    (options.delay, options.lock_limit) = (delay, Duration::ZERO);
    options
}

fn switch(
    cluster: &mut Cluster,
    nodes: &[usize],
    action: Action,
) -> Result<Switched, ClusterError> {
    cluster.switch(&cluster.pick(nodes), action, &mut |_| {})
}

fn positions(positions: &[u8]) -> Positions {
    positions.iter().copied().collect()
}

/// What is known of each node after an error.
fn results(error: &ClusterError) -> Vec<(usize, Action, ResultingState)> {
    let results = error.done().unwrap().results.iter();
    results.map(|result| (place(result.node), result.action, result.resulting)).collect()
}

/// In the on half, direction and latch are read before the first node's write, and the latch before the second's.
#[test]
fn a_cycle_names_as_left_off_only_nodes_that_are_sure_to_be() {
    use Action::{Off, On};
    use ResultingState::{New, Unknown};
    let off = |node| (node, Off, New);
    for (transfers, lasting, left, told) in [
        (2, false, &[0, 1][..], [off(0), off(1)]),
        (2, true, &[1], [(0, On, Unknown), off(1)]),
        (4, false, &[1], [(0, On, New), off(1)]),
    ] {
        let machine = Clocked::new();
        let mut cluster = machine.open(delayed(SECOND));
        switch(&mut cluster, &[0, 1], Action::On).unwrap();
        let mut observer = |event| {
            if matches!(event, PowerEvent::Waiting { duration } if duration == 2 * SECOND) {
                machine.fail_after(transfers, lasting);
            }
        };
        let nodes = cluster.pick(&[0, 1]);
        let error = cluster.cycle(&nodes, 2 * SECOND, &mut observer).unwrap_err();
        let ClusterError::Cycle { left_off, .. } = &error else { panic!("{error:?}") };
        assert_eq!((places(left_off), results(&error)), (left.to_vec(), told.to_vec()), "{error}");
    }
}

/// Nodes of a ClusterCTRL board are switched one by one even in one step.
#[test]
fn of_a_step_that_fails_in_the_middle_what_was_reached_is_told() {
    let mut told = Vec::new();
    for transfer in 0..40 {
        let machine = Clocked::new();
        let mut cluster = machine.open(delayed(Duration::ZERO));
        machine.fail_after(transfer, false);
        let Err(error) = switch(&mut cluster, &[4, 5, 6], Action::On) else { continue };
        let done = places(&error.done().unwrap().nodes);
        let powered = machine.powered();
        assert!(done.iter().all(|node| powered.contains(node)), "{transfer}: {error}");
        told.push(done);
    }
    assert!(told.contains(&vec![4]) && told.contains(&vec![4, 5]), "{told:?}");
}

/// Not as switched off by somebody else in the wait, and no other node waits for it in vain.
#[test]
fn a_node_that_does_not_follow_is_told_after_the_others_had_their_turn() {
    let machine = Clocked::new();
    machine.change(|world| {
        world.ctrls.get_mut(&11).unwrap().stuck = Some(vec![None, Some(0), None]);
    });
    let mut cluster = machine.open(delayed(SECOND));
    let error = switch(&mut cluster, &[4, 5, 6], Action::On).unwrap_err();
    assert!(chain(&error).contains("node 2 of the board does not follow"), "{}", chain(&error));
    assert_eq!(places(&error.done().unwrap().nodes), [4, 6]);
}

/// The board was on its way out of the USB before it was asked for anything: with it went its power.
#[test]
fn the_nodes_of_a_board_that_went_may_be_off() {
    use ResultingState::{New, Unknown};
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(Duration::ZERO));
    machine.change(|world| world.ctrls.get_mut(&11).unwrap().away = u32::MAX);
    let error = switch(&mut cluster, &[0, 4], Action::On).unwrap_err();
    assert!(matches!(error.cause(), ClusterError::Gone { .. }), "{error:?}");
    assert_eq!(results(&error), [(0, Action::On, New), (4, Action::On, Unknown)], "{error}");
}

/// What went on before has lost its power, too: to begin anew would switch it on unasked.
#[test]
fn a_board_that_loses_its_power_between_two_nodes_is_not_begun_again() {
    use ResultingState::Old;
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(SECOND));
    cluster.init(cluster.board(0)).unwrap();
    let (mut events, mut is_first) = (Vec::new(), true);
    let mut observer = |event| {
        if matches!(event, PowerEvent::Waiting { .. }) && std::mem::take(&mut is_first) {
            machine.change(|world| {
                let chip = world.expanders.values_mut().next().unwrap();
                (chip.latch, chip.direction, chip.pull_up) = (0xff, 0xff, 0xff);
            });
        }
        events.push(event);
    };
    let error = cluster.switch(&cluster.pick(&[0, 1]), Action::On, &mut observer).unwrap_err();
    assert!(chain(&error).contains("has not been initialised"), "{}", chain(&error));
    assert_eq!(places(&error.done().unwrap().nodes), [0; 0], "the first one is off again");
    assert_eq!(results(&error), [(0, Action::On, Old), (1, Action::On, Old)], "{error}");
    let is_init = |event: &PowerEvent| matches!(event, PowerEvent::Initialised { .. });
    assert!(!events.iter().any(is_init) && machine.powered().is_empty(), "{error}: {events:?}");
}

#[test]
fn where_a_switch_would_start_is_told_without_switching() {
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(Duration::ZERO));
    let (hat, triple) = (cluster.board(0), cluster.board(1));
    let all = positions(&[0, 1, 2]);
    // The HAT was not initialised since power-up.
    assert_eq!(cluster.starts_from(hat, all, Action::On).unwrap(), None);
    switch(&mut cluster, &[1, 6], Action::On).unwrap();
    for action in [Action::On, Action::Off] {
        assert_eq!(cluster.starts_from(hat, all, action).unwrap(), Some(positions(&[1])));
        assert_eq!(cluster.starts_from(triple, all, action).unwrap(), Some(positions(&[2])));
    }
    assert_eq!(machine.powered(), [1, 6]);
    // A ClusterCTRL board is asked by commands: others have to be kept off.
    machine.hold_lock_after(0);
    let error = cluster.starts_from(triple, all, Action::On).unwrap_err();
    assert!(matches!(error, ClusterError::Locked { .. }), "{error:?}");
}

/// As a switch of them is; boards that are asked for nothing do not matter.
#[test]
fn a_plan_of_nodes_that_would_be_refused_is_refused() {
    let machine = Clocked::new();
    // A board that does not tell its order makes the numbers of the one before it uncertain.
    machine.change(|world| world.ctrls.get_mut(&12).unwrap().busy = u32::MAX);
    let cluster = machine.open(delayed(SECOND));
    let plan = |nodes: &[usize]| {
        let (board, nodes) = (cluster.board(1), cluster.pick(nodes));
        cluster.plan(board, &nodes, Positions::NONE, Action::On, SECOND)
    };
    assert!(matches!(plan(&[0, 4]), Err(ClusterError::Uncertain { .. })));
    assert_eq!(plan(&[0]).unwrap(), (vec![], SECOND));
}

/// Its board is not even read.
#[test]
fn a_node_that_was_asked_to_be_on_since_is_kept_on_a_board_that_does_not_answer() {
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(Duration::ZERO));
    let since = cluster.asks_so_far();
    switch(&mut machine.open(delayed(Duration::ZERO)), &[0], Action::On).unwrap();
    machine.fail_after(0, true);
    let nodes = cluster.pick(&[0]);
    let kept = cluster.switch_since(&nodes, Action::Off, &since, &mut |_| {}).unwrap();
    assert_eq!((kept.changed, places(&kept.kept)), (vec![], vec![0]));
}

/// Seen: it was told only where no board failed, so that nothing said of it that it has power.
#[test]
fn a_node_that_was_asked_to_be_on_since_is_told_beside_a_board_that_fails() {
    use ResultingState::{Old, Unknown};
    for (wanted, other, goes, told) in
        [(0, 1, false, Old), (0, 4, false, Old), (4, 5, false, Old), (4, 5, true, Unknown)]
    {
        let machine = Clocked::new();
        let mut cluster = machine.open(delayed(Duration::ZERO));
        switch(&mut cluster, &[wanted, other], Action::On).unwrap();
        let since = cluster.asks_so_far();
        switch(&mut machine.open(delayed(Duration::ZERO)), &[wanted], Action::On).unwrap();
        match goes {
            true => machine.change(|world| world.ctrls.get_mut(&11).unwrap().away = u32::MAX),
            false => machine.fail_after(0, true),
        }
        let nodes = cluster.pick(&[wanted, other]);
        let error = cluster.switch_since(&nodes, Action::Off, &since, &mut |_| {}).unwrap_err();
        // Whose board has gone does not keep its power.
        let kept = if goes { vec![] } else { vec![wanted] };
        assert_eq!(places(&error.done().unwrap().kept()), kept, "{error}");
        assert_eq!(results(&error), [(wanted, Action::Off, told), (other, Action::Off, told)]);
        let text = format!(
            "; node {} keeps its power, as another command has requested it since",
            wanted + 1
        );
        assert_eq!(chain(&error).contains(&text), !goes, "{error}");
    }
}

/// Its board is begun with twice.
#[test]
fn a_node_that_was_asked_to_be_on_since_is_told_once_where_its_board_is_initialised() {
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(Duration::ZERO));
    let since = cluster.asks_so_far();
    cluster.ask(&cluster.pick(&[0]), Action::On).unwrap();
    let nodes = cluster.pick(&[0, 1]);
    let switched = cluster.switch_since(&nodes, Action::Off, &since, &mut |_| {}).unwrap();
    assert_eq!(places(&switched.kept), [0]);
}

/// What its system has accepted ends with its next start, on whichever board it is.
#[test]
fn a_node_that_starts_is_no_longer_on_its_way_down() {
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(Duration::ZERO));
    let nodes = cluster.pick(&[0, 1, 4, 5]);
    for &node in &nodes {
        cluster.set_going_down(node, true).unwrap();
    }
    // Of different positions, so that no board's are taken for the other's.
    switch(&mut cluster, &[1, 4], Action::On).unwrap();
    let is_down = nodes.iter().map(|&node| cluster.is_going_down(node).unwrap());
    assert_eq!(is_down.collect::<Vec<_>>(), [true, false, false, true]);
}

#[test]
fn a_damaged_record_is_told_and_begun_anew() {
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(5 * SECOND));
    let path = machine.lock_path(Resource::Record).unwrap();
    let check = |cluster: &Cluster| {
        let (checked, result) = cluster.check_record();
        assert_eq!(checked, path);
        result.map_err(|error| error.kind())
    };
    assert_eq!(check(&cluster), Ok(()), "none yet");
    switch(&mut cluster, &[0], Action::On).unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    assert_eq!(check(&cluster), Ok(()));
    assert_eq!(fs::read_to_string(&path).unwrap(), whole, "left as it was");

    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(check(&cluster), Err(ErrorKind::InvalidData));
    assert_eq!(check(&cluster), Ok(()), "begun anew");
    switch(&mut cluster, &[1], Action::On).unwrap();
    assert_eq!(cluster.rest(), 5 * SECOND);

    let (_, result) = Clocked::without_record().open(delayed(SECOND)).check_record();
    assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied);
}
