//! The rules between callers and those of the supply, by a clock that goes on in waits alone: each
//! node has its time to the tick.

#![cfg(feature = "sim")]
// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

#[path = "common/clocked.rs"]
mod clocked;

#[path = "common/machine.rs"]
mod machine;
#[path = "common/row.rs"]
mod row;

use std::ops::ControlFlow;
use std::time::Duration;

use clocked::Clocked;
use hat_driver::linux::{
    Cluster, ClusterError, Options, Output, OutputResult, Platform as _, PowerEvent,
};
use hat_driver::power::{Action, Step};
use hat_driver::{Positions, Signals};
use row::{Row as _, place, places};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn delayed(delay: u64) -> Options {
    let mut options = Options::default();
    (options.delay, options.lock_limit) = (seconds(delay), Duration::ZERO);
    options
}

fn on(cluster: &mut Cluster, nodes: &[usize]) -> Result<(), ClusterError> {
    cluster.switch(&cluster.pick(nodes), Action::On, &mut |_| {}).map(|_| ())
}

fn off(cluster: &mut Cluster, nodes: &[usize]) {
    cluster.switch(&cluster.pick(nodes), Action::Off, &mut |_| {}).unwrap();
}

/// When each node goes on, in seconds.
fn times(machine: &Clocked, cluster: &mut Cluster, nodes: &[usize]) -> Vec<(usize, u64)> {
    let mut times = Vec::new();
    let mut observer = |event| {
        if let PowerEvent::Switched { node, .. } = event {
            times.push((place(node), machine.now().as_secs()));
        }
    };
    cluster.switch(&cluster.pick(nodes), Action::On, &mut observer).unwrap();
    times
}

/// Switches nodes on, and has something done by somebody else in the first wait.
fn with_others(
    cluster: &mut Cluster,
    nodes: &[usize],
    mut others: impl FnMut(),
) -> Result<(), ClusterError> {
    let mut is_first = true;
    let mut observer = |event| {
        if matches!(event, PowerEvent::Waiting { .. }) && std::mem::take(&mut is_first) {
            others();
        }
    };
    cluster.switch(&cluster.pick(nodes), Action::On, &mut observer).map(|_| ())
}

#[test]
fn each_node_waits_for_the_one_before_it_on_whatever_board() {
    let machine = Clocked::new();
    let mut options = delayed(2);
    options.node_delays = [(2, seconds(7)), (6, seconds(9))].into();
    let mut cluster = machine.open(options);
    let expected = [(0, 0), (1, 2), (4, 9), (5, 11), (6, 20)];
    assert_eq!(times(&machine, &mut cluster, &[0, 1, 4, 5, 6]), expected);
    assert_eq!(machine.now(), seconds(20), "nobody waits after the last node");
    assert_eq!(cluster.rest(), seconds(2));
}

#[test]
fn the_next_caller_waits_for_what_is_left() {
    let machine = Clocked::new();
    on(&mut machine.open(delayed(5)), &[0]).unwrap();
    let mut next = machine.open(delayed(5));
    assert_eq!(next.rest(), seconds(5));
    assert_eq!(
        machine.open(delayed(0)).rest(),
        Duration::ZERO,
        "who wants no delay waits for none"
    );
    assert_eq!(times(&machine, &mut next, &[0, 1]), [(1, 5)]);
    assert_eq!(times(&machine, &mut machine.open(delayed(0)), &[2, 3]), [(2, 5), (3, 5)]);
    off(&mut next, &[0, 1, 2, 3]);
    let left = (next.rest(), machine.now());
    assert_eq!(
        left,
        (seconds(5), seconds(5)),
        "what the one before them asked for holds, and no more"
    );
}

#[test]
fn others_may_use_the_delay_that_they_have_caused() {
    let machine = Clocked::new();
    on(&mut machine.open(delayed(5)), &[0]).unwrap();
    let mut times = Vec::new();
    let mut waiting = machine.open(delayed(5));
    with_others(&mut waiting, &[1], || {
        on(&mut machine.open(delayed(0)), &[2]).unwrap();
        times.push(machine.now());
    })
    .unwrap();
    assert_eq!((times, machine.now()), (vec![Duration::ZERO], seconds(5)));
    assert_eq!(machine.powered(), [0, 1, 2]);
}

/// Both wait for the first node; the one that gets the lock later waits for the other's node, too.
#[test]
fn a_caller_that_was_faster_is_waited_for() {
    let machine = Clocked::new();
    on(&mut machine.open(delayed(5)), &[0]).unwrap();
    with_others(&mut machine.open(delayed(1)), &[1], || {
        assert_eq!(times(&machine, &mut machine.open(delayed(7)), &[2]), [(2, 5)]);
    })
    .unwrap();
    assert_eq!((machine.now(), machine.powered()), (seconds(5 + 7), vec![0, 1, 2]));
}

#[test]
fn who_waits_for_a_node_of_his_own_keeps_the_others_of_everybody_away() {
    let machine = Clocked::new();
    let others = || {
        let error = on(&mut machine.open(delayed(0)), &[6]).unwrap_err();
        assert!(matches!(error, ClusterError::Locked { .. }), "{error:?}");
    };
    with_others(&mut machine.open(delayed(5)), &[4, 5], others).unwrap();
    assert_eq!(machine.powered(), [4, 5]);
    // So does a cycle from its beginning on.
    let mut observer = |event| {
        if matches!(event, PowerEvent::Waiting { .. }) {
            others();
        }
    };
    let mut cluster = machine.open(delayed(5));
    cluster.cycle(&cluster.pick(&[4, 5]), seconds(1), &mut observer).unwrap();
    assert_eq!(machine.powered(), [4, 5]);
}

/// The node's own `off` is none of somebody else's.
#[test]
fn a_cycle_is_ended_by_the_off_of_others_alone() {
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(5));
    on(&mut cluster, &[0, 1]).unwrap();
    cluster.cycle(&cluster.pick(&[0, 1]), seconds(1), &mut |_| {}).unwrap();
    assert_eq!(machine.powered(), [0, 1]);
    let mut is_first = true;
    let mut observer = |event| {
        if matches!(event, PowerEvent::Waiting { .. }) && std::mem::take(&mut is_first) {
            off(&mut machine.open(delayed(5)), &[1]);
        }
    };
    let error = cluster.cycle(&cluster.pick(&[0, 1]), seconds(1), &mut observer).unwrap_err();
    let ClusterError::Cycle { left_off, source } = &error else { panic!("{error:?}") };
    assert!(
        matches!(&**source, ClusterError::Undone { nodes, .. } if places(nodes) == [1]),
        "{error}"
    );
    assert!(places(left_off).contains(&1), "{error}");
}

#[test]
fn without_a_record_the_caller_waits_himself() {
    let machine = Clocked::without_record();
    let mut cluster = machine.open(delayed(5));
    on(&mut cluster, &[0]).unwrap();
    assert_eq!(machine.now(), seconds(5));
    cluster.switch(&cluster.pick(&[0]), Action::Off, &mut |_| {}).unwrap();
    assert_eq!((machine.now(), machine.powered()), (seconds(5), vec![]));
}

#[test]
fn a_node_that_was_asked_to_be_off_meanwhile_ends_the_on() {
    for (off, undone, left) in [
        (&[0][..], vec![0], vec![0, 4]),
        (&[5], vec![5], vec![0, 4]),
        (&[0, 1, 5], vec![0, 5], vec![0, 4]),
        (&[1, 6], vec![], vec![0, 4, 5]),
    ] {
        let machine = Clocked::new();
        let mut cluster = machine.open(delayed(5));
        on(&mut cluster, &[0]).unwrap();
        let ended = with_others(&mut cluster, &[0, 4, 5], || {
            self::off(&mut machine.open(delayed(5)), off);
        });
        let told = match ended {
            Ok(()) => Vec::new(),
            Err(ClusterError::Undone { nodes, .. }) => places(&nodes),
            Err(error) => panic!("{off:?}: {error}"),
        };
        assert_eq!(told, undone, "{off:?}");
        let powered: Vec<_> = left.into_iter().filter(|node| !off.contains(node)).collect();
        assert!(machine.powered().iter().all(|node| powered.contains(node)), "{off:?}");
    }
}

/// A program that knows none of the rules leaves no note: the board shows what it did.
/// Seen: a shutdown of a node that was still off was recorded nowhere, and the node went on after it.
#[test]
fn a_node_that_is_off_is_asked_to_stay_so_without_being_switched() {
    let machine = Clocked::new();
    let mut other = machine.open(delayed(0));
    let kept = with_others(&mut machine.open(delayed(5)), &[0, 1], || {
        let since = other.asks_so_far();
        let kept = other.keep_off(&other.pick(&[0, 1, 6]), &since).unwrap();
        assert_eq!((places(&kept.off), places(&kept.on)), (vec![1, 6], vec![0]));
        assert_eq!(machine.powered(), [0], "p1 is on, and stays so");
    });
    let Err(ClusterError::Undone { nodes, .. }) = kept else { panic!("{kept:?}") };
    assert_eq!((places(&nodes), machine.powered()), (vec![1], vec![0]));
    // Who asks for it later has the last word.
    let since = other.asks_so_far();
    let late = with_others(&mut machine.open(delayed(5)), &[0, 1], || {
        // A board that somebody else keeps affects no other.
        machine.hold_lock_after(1);
        let kept = other.keep_off(&other.pick(&[1, 2, 4]), &since).unwrap();
        assert!(matches!(kept.error, Some(ClusterError::Locked { .. })), "{:?}", kept.error);
        assert_eq!((places(&kept.off), places(&kept.wanted)), (vec![2], vec![1]));
    });
    assert!(late.is_ok(), "{late:?}");
}

#[test]
fn what_was_switched_off_without_a_note_is_seen_on_the_board() {
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(5));
    let ended = with_others(&mut cluster, &[0, 1], || {
        machine.change(|world| world.expanders.values_mut().for_each(|chip| chip.latch &= !1));
    });
    let Err(ClusterError::Undone { nodes, .. }) = ended else { panic!("{ended:?}") };
    assert_eq!((places(&nodes), machine.powered()), (vec![0], vec![]));
}

/// Seen: a node that was shut down once counted as halted when another program, or its board's reset, had started it again.
#[test]
fn what_the_record_says_of_a_way_down_ends_with_that_start() {
    let machine = Clocked::new();
    let (mut cluster, mut other) = (machine.open(delayed(0)), machine.open(delayed(0)));
    on(&mut cluster, &[0, 1, 4]).unwrap();
    let [first, second, third] = cluster.pick(&[0, 1, 4])[..] else { panic!("three nodes") };
    let all = [first, second, third];
    all.iter().for_each(|node| cluster.set_going_down(*node, true).unwrap());
    let since = cluster.asks_so_far();
    let is_down = |cluster: &Cluster, node| cluster.is_going_down(node).unwrap();
    assert!(all.iter().all(|node| is_down(&cluster, *node)));

    other.end_since(&other.pick(&[0]), &since, &mut |_| {}).unwrap();
    assert!(!is_down(&cluster, first));
    assert!(cluster.has_ended_since(first, &since).unwrap());
    assert!(!cluster.has_ended_since(first, &cluster.asks_so_far()).unwrap(), "that was before");
    on(&mut other, &[0]).unwrap();
    assert!(!cluster.has_ended_since(first, &since).unwrap());

    other.set(other.board(0), Output::Hub, false, &mut |_| {}).unwrap();
    assert!(!is_down(&cluster, second) && cluster.is_hidden(second).unwrap());
    assert!(!cluster.is_hidden(first).unwrap(), "it runs");
    off(&mut other, &[1]);
    assert!(!cluster.is_hidden(second).unwrap());

    other.reset(other.board(1)).unwrap();
    assert!(!is_down(&cluster, third));
    assert_eq!(places(&cluster.wanted_since(&[third], &since).unwrap()), [4]);
}

/// Seen: the word of a shutdown that was killed made a much later one take the loss of a cable for the node's halt.
#[test]
fn nobody_awaits_a_halt_that_was_accepted_long_ago() {
    let machine = Clocked::new();
    let cluster = machine.open(delayed(0));
    let [first, second] = cluster.pick(&[0, 4])[..] else { panic!("two nodes") };
    let since = cluster.asks_so_far();
    let is_awaited = || [first, second].map(|node| cluster.is_halt_awaited(node).unwrap());
    machine.sleep(seconds(100));
    cluster.set_going_down(first, true).unwrap();
    machine.sleep(seconds(900));
    cluster.set_going_down_since(second, &since).unwrap();
    assert_eq!(is_awaited(), [true, true]);
    machine.sleep(seconds(1));
    assert_eq!(is_awaited(), [false, true]);
    assert!(cluster.is_going_down(first).unwrap(), "it has accepted all the same");
    cluster.set_going_down(first, true).unwrap();
    assert_eq!(is_awaited(), [true, true]);
}

/// Seen: who was killed in its hooks, or ended before the others, made the nodes that another was about to switch off go on.
#[test]
fn whoever_is_about_to_switch_a_node_off_is_heeded_whatever_becomes_of_others() {
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(5));
    for ends in [false, true] {
        let (killed, other) = (machine.open(delayed(0)), machine.open(delayed(0)));
        killed.ask(&killed.pick(&[1]), Action::Off).unwrap();
        let ended = with_others(&mut cluster, &[0, 1], || {
            other.ask(&other.pick(&[1]), Action::Off).unwrap();
            if ends {
                killed.take_back(&killed.pick(&[1])).unwrap();
            }
        });
        let Err(ClusterError::Undone { nodes, .. }) = ended else { panic!("{ended:?}") };
        assert_eq!((places(&nodes), machine.powered()), (vec![1], vec![0]), "{ends}");
        other.take_back(&other.pick(&[1])).unwrap();
        off(&mut cluster, &[0]);
    }
}

/// Seen: every node had the same number, and others could not read a record of such a delay.
#[test]
fn numbers_and_delays_that_are_too_high_count_as_the_highest() {
    let machine = Clocked::new();
    let mut options = delayed(0);
    (options.first, options.delay) = (u32::MAX, Duration::MAX);
    options.node_delays = [(u32::MAX - 65535, Duration::MAX)].into();
    let mut cluster = machine.open(options);
    let numbers: Vec<_> = cluster.nodes().map(|node| node.number()).collect();
    let expected: Vec<_> = (u32::MAX - 65535..).take(numbers.len()).collect();
    assert_eq!(numbers, expected);
    on(&mut cluster, &[0]).unwrap();
    assert_eq!(machine.open(delayed(1)).rest(), seconds(300));
    let since = cluster.asks_so_far();
    off(&mut machine.open(delayed(1)), &[0]);
    assert!(cluster.is_asked_since(cluster.nth(0), &since).unwrap());
}

/// Direction and latch are read; the write is what fails.
#[test]
fn a_node_that_did_not_go_on_makes_the_next_caller_wait_only_where_it_may_have() {
    for (lasting, rest) in [(false, 0), (true, 4)] {
        let machine = Clocked::new();
        let mut cluster = machine.open(delayed(5));
        cluster.init(cluster.board(0)).unwrap();
        machine.fail_after(2, lasting);
        let error = on(&mut cluster, &[0]).unwrap_err();
        assert!(matches!(error, ClusterError::Board { .. }), "{error:?}");
        machine.sleep(seconds(1));
        assert_eq!(machine.open(delayed(5)).rest(), seconds(rest), "lasting: {lasting}: {error}");
    }
}

/// Neither half of a cycle begins on any board where one cannot be asked because of another process;
/// a board that does not answer is left out.
#[test]
fn a_cycle_is_of_the_boards_that_answer() {
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(0));
    on(&mut cluster, &[0, 4]).unwrap();
    let mut switched = Vec::new();
    let mut cycle = |cluster: &mut Cluster| {
        let observer = &mut |event| {
            if let PowerEvent::Switched { node, .. } = event {
                switched.push(place(node));
            }
        };
        let error = cluster.cycle(&cluster.pick(&[0, 4]), seconds(1), observer).unwrap_err();
        (std::mem::take(&mut switched), error)
    };
    machine.hold_lock_after(0);
    let (nodes, error) = cycle(&mut cluster);
    assert!(matches!(error, ClusterError::Locked { .. }), "{error:?}");
    assert!(nodes.is_empty(), "{nodes:?}");

    machine.change(|world| world.ctrls.get_mut(&11).unwrap().busy = u32::MAX);
    let (nodes, error) = cycle(&mut cluster);
    assert!(matches!(error, ClusterError::Board { .. }), "{error:?}");
    assert_eq!(nodes, [0, 0], "off and on");
}

/// It holds the board between the look at it and its initialisation.
#[test]
fn another_process_at_one_board_ends_the_turns_of_all() {
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(0));
    machine.hold_lock_after(1);
    let error = on(&mut cluster, &[0, 4]).unwrap_err();
    assert!(matches!(error, ClusterError::Locked { .. }), "{error:?}");
    assert!(machine.powered().is_empty());
}

#[test]
fn a_stop_names_the_nodes_of_all_boards_that_are_left() {
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(1));
    let mut observer = |event| match event {
        PowerEvent::Switched { node, .. } if place(node) == 4 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let error =
        cluster.switch(&cluster.pick(&[0, 4, 5, 7, 8]), Action::On, &mut observer).unwrap_err();
    let ClusterError::Stopped { left, done, .. } = &error else { panic!("{error:?}") };
    assert_eq!(places(left), [5, 7, 8]);
    assert_eq!(places(&done.nodes), [0, 4]);
    assert_eq!(machine.powered(), [0, 4]);
    // Who stops does not want to wait.
    let machine = Clocked::supplied(&[(0, 0)]);
    let mut cluster = machine.open(delayed(1));
    cluster.switch(&cluster.pick(&[0, 4]), Action::On, &mut observer).unwrap_err();
    assert_eq!((machine.powered(), machine.now()), (vec![0, 4], seconds(1)));
}

#[test]
fn a_plan_tells_each_wait() {
    let cluster = Clocked::new().open(delayed(3));
    let plan = |nodes: &[usize], on, action| {
        let (board, nodes) = (cluster.board(1), cluster.pick(nodes));
        cluster.plan(board, &nodes, on, action, seconds(2)).unwrap()
    };
    let step = |wait, nodes: &[u8]| Step {
        wait: seconds(wait),
        nodes: nodes.iter().copied().collect::<Positions>(),
    };
    let steps = vec![step(2, &[0]), step(3, &[2])];
    assert_eq!(plan(&[0, 4, 5, 6], Positions::one(1), Action::On), (steps, seconds(3)));
    assert_eq!(plan(&[4, 5], Positions::one(1), Action::Off), (vec![step(0, &[1])], seconds(0)));
    assert_eq!(plan(&[0], Positions::NONE, Action::On), (vec![], seconds(2)), "not of this board");
}

#[test]
fn only_a_supply_that_sags_now_bears_no_more() {
    for (flags, bears) in
        [(0, true), (1, false), (0x10000, true), (0x10001, false), (0xe_000e, true)]
    {
        let machine = Clocked::supplied(&[(0, flags)]);
        let mut cluster = machine.open(delayed(1));
        assert_eq!(cluster.check_supply().is_ok(), bears, "{flags:#x}");
        let switched = on(&mut cluster, &[0, 1]);
        assert_eq!(switched.is_ok(), bears, "{flags:#x}");
        if let Err(error) = switched {
            assert!(matches!(error, ClusterError::UnderVoltage { node: None, .. }), "{error:?}");
        }
        assert_eq!(machine.powered().len(), if bears { 2 } else { 0 }, "{flags:#x}");
        let mut ignore = delayed(1);
        ignore.ignore_under_voltage = true;
        machine.open(ignore.clone()).check_supply().unwrap();
        on(&mut machine.open(ignore), &[0, 1, 2]).unwrap();
    }
    Clocked::new().open(delayed(1)).check_supply().unwrap();
}

/// p1 goes on at 0 s, p2 would at 10 s, p5 at 20 s.
#[test]
fn a_sag_in_a_wait_ends_it() {
    for (flags, ends) in [
        (&[(0, 0), (4, 1), (5, 0)][..], Some(4)),
        (&[(0, 0), (4, 0x10000)], Some(4)),
        (&[(0, 0x10000), (4, 0), (6, 0x10000)], Some(6)),
        (&[(0, 0x10000)], None),
        (&[(0, 0), (4, 0x50004)], Some(4)),
        (&[(0, 0), (4, 0x4_0004)], None),
    ] {
        let machine = Clocked::supplied(flags);
        let result = on(&mut machine.open(delayed(10)), &[0, 1, 4]);
        match ends {
            None => result.unwrap(),
            Some(at) => {
                let error = result.unwrap_err();
                let ClusterError::UnderVoltage { node, left, done } = &error else {
                    panic!("{error:?}")
                };
                assert_eq!((node.map(place), machine.now()), (Some(0), seconds(at)), "{flags:x?}");
                assert_eq!((places(left), places(&done.nodes)), (vec![1, 4], vec![0]));
                assert_eq!(machine.powered(), [0]);
            }
        }
    }
}

#[test]
fn the_supply_is_watched_for_three_seconds_after_the_last_node() {
    let machine = Clocked::supplied(&[(0, 0), (3, 1)]);
    let error = on(&mut machine.open(delayed(1)), &[0]).unwrap_err();
    assert!(matches!(error, ClusterError::UnderVoltage { .. }), "{error:?}");
    assert_eq!((machine.powered(), machine.now()), (vec![0], seconds(3)));
    let machine = Clocked::supplied(&[(0, 0), (4, 1)]);
    on(&mut machine.open(delayed(1)), &[0]).unwrap();
    assert_eq!(machine.now(), seconds(3));
    // Where nothing was switched on, there is nothing to watch for.
    on(&mut machine.open(delayed(1)), &[0]).unwrap();
    assert_eq!(machine.now(), seconds(3));
}

#[test]
fn a_cycle_watches_the_supply_while_it_switches_on() {
    // A sag with the nodes off is none of theirs, but they do not come back into one.
    let machine = Clocked::supplied(&[(0, 0), (6, 1), (7, 0)]);
    let mut cluster = machine.open(delayed(1));
    on(&mut cluster, &[0]).unwrap();
    let cycled = cluster.cycle(&cluster.pick(&[0]), seconds(5), &mut |_| {}).unwrap();
    assert_eq!((places(&cycled.off), places(&cycled.on)), (vec![0], vec![0]));
    assert_eq!(machine.now(), seconds(3 + 5 + 3));
    let machine = Clocked::supplied(&[(0, 0), (8, 1)]);
    let mut cluster = machine.open(delayed(1));
    on(&mut cluster, &[0]).unwrap();
    let error = cluster.cycle(&cluster.pick(&[0]), seconds(5), &mut |_| {}).unwrap_err();
    let ClusterError::Cycle { left_off, source } = &error else { panic!("{error:?}") };
    assert!(matches!(**source, ClusterError::UnderVoltage { .. }), "{source:?}");
    assert_eq!((places(left_off), machine.powered()), (vec![0], vec![]));
}

/// Seen: "its halt cannot be observed" of a node that halted beside a HAT whose hub was switched off: nobody could shut it down
/// any more.
#[test]
fn a_hub_that_is_not_switched_off_hides_nobody() {
    let machine = Clocked::new();
    let mut cluster = machine.open(delayed(0));
    on(&mut cluster, &[0, 4]).unwrap();
    let [on_hat, on_ctrl] = cluster.pick(&[0, 4])[..] else { panic!("two nodes") };
    for node in [on_hat, on_ctrl] {
        cluster.set_going_down(node, true).unwrap();
    }
    let (hat, triple) = (cluster.board(0), cluster.board(1));
    let has_none = cluster.set(triple, Output::Hub, false, &mut |_| {}).unwrap();
    assert_eq!(has_none, OutputResult::Unsupported);
    assert!(cluster.is_going_down(on_ctrl).unwrap() && !cluster.is_hidden(on_ctrl).unwrap());
    // Wherever the bus fails.
    let mut failures = 0;
    for skip in 0.. {
        machine.fail_after(skip, false);
        let result = cluster.set(hat, Output::Hub, false, &mut |_| {});
        let is_hidden = cluster.is_hidden(on_hat).unwrap();
        assert_ne!(is_hidden, cluster.is_going_down(on_hat).unwrap());
        let is_hub_off = machine.change(|world| {
            world.expanders.values().any(|chip| chip.latch & Signals::HUB.bits() != 0)
        });
        assert_eq!(is_hidden, is_hub_off, "{skip}: {result:?}");
        if result.is_ok() {
            break;
        }
        failures += 1;
        machine.change(|world| world.faults.clear());
        cluster.set(hat, Output::Hub, true, &mut |_| {}).unwrap();
        cluster.set_going_down(on_hat, true).unwrap();
    }
    assert!(failures > 1, "before the write, and at it");
}
