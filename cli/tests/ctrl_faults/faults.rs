//! A fault at each transfer.

use super::*;

const KINDS: [FaultKind; 4] =
    [FaultKind::Nak, FaultKind::Io, FaultKind::Timeout, FaultKind::IoAfter];

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lasts {
    Once,
    /// As often as a transfer is tried: the call fails, and the board can be asked afterwards.
    Burst,
    ForEver,
}

const LASTS: [Lasts; 3] = [Lasts::Once, Lasts::Burst, Lasts::ForEver];

/// Fails each transfer of each call, and returns how many faults there were.
fn fail_everywhere(name: &str, sample: usize) -> usize {
    let world = start(name);
    let mut faults = 0;
    for &ask in ASKS {
        let whole = machine(&world, &[]);
        let before = boards(&whole);
        call(&whole, ask).unwrap_or_else(|error| panic!("{name} {ask:?}: {}", chain(&error)));
        let (end, count) = (boards(&whole), whole.transfers());
        for transfer in (1..=count).step_by(sample) {
            for kind in KINDS {
                for lasts in LASTS {
                    faults += 1;
                    let context = format!("{name} {ask:?} {kind:?} at {transfer}, {lasts:?}");
                    let case = Case { ask, before: &before, end: &end, context };
                    fail(&world, &case, (transfer, kind, lasts));
                }
            }
        }
    }
    faults
}

fn fail(world: &Value, case: &Case<'_>, (transfer, kind, lasts): (u32, FaultKind, Lasts)) {
    let Case { ask, context, .. } = case;
    let struck = transfer..transfer + if lasts == Lasts::Burst { 3 } else { 1 };
    let lasting = lasts == Lasts::ForEver;
    let faults: Vec<_> = struck.map(|transfer| Fault { transfer, kind, lasting }).collect();
    let machine = machine(world, &faults);
    let result = call(&machine, *ask);
    let left = boards(&machine);
    let reached = case.check(&left);
    match &result {
        Ok(()) => assert!(reached.1, "{context}: done, it says: {left:?}"),
        Err(error) => {
            case.check_error(error, reached);
            if matches!(ask, Ask::On(_) | Ask::Off(_)) {
                case.check_done(error, &left);
            }
        }
    }
    match lasts {
        Lasts::ForEver => assert!(result.is_err(), "{context}: nothing could be read back"),
        // To the driver a missing acknowledge is a command that still runs.
        _ if kind == FaultKind::Nak => assert!(result.is_ok(), "{context}"),
        Lasts::Once if !ask.is_sent_once() => assert!(result.is_ok(), "{context}"),
        Lasts::Once | Lasts::Burst => {}
    }
    machine.change(|world| world.faults.clear()).unwrap();
    let again = match (ask, boards(&machine) == *case.end) {
        // It has its new order: under the old one there is none.
        (Ask::Order(_), true) => Ask::Status,
        _ => *ask,
    };
    call(&machine, again).unwrap_or_else(|error| panic!("{context}: then: {}", chain(&error)));
    assert_eq!(boards(&machine), *case.end, "{context}: the next call");
}

#[test]
fn a_triple_survives_a_fault_anywhere() {
    assert!(fail_everywhere("triple", 1) > 500);
}

#[test]
#[ignore = "5 seconds of both processors: tests/long faults"]
fn a_phat_survives_a_fault_anywhere() {
    assert!(fail_everywhere("phat", 1) > 500);
}

#[test]
fn an_a_plus_6_survives_a_fault_anywhere() {
    assert!(fail_everywhere("a+6", 1) > 500);
}

#[test]
#[ignore = "5 seconds of both processors: tests/long faults"]
fn a_single_survives_a_fault_anywhere() {
    assert!(fail_everywhere("single", 1) > 500);
}

#[test]
#[ignore = "5 seconds of both processors: tests/long faults"]
fn a_stack_survives_a_fault_anywhere() {
    assert!(fail_everywhere("stack", 1) > 500);
}

/// 32 nodes: every third transfer.
#[test]
fn a_da_survives_a_fault_anywhere() {
    assert!(fail_everywhere("da", 3) > 300);
}

#[test]
fn a_phat_behind_others_survives_a_fault_anywhere() {
    assert!(fail_everywhere("mixed", 1) > 500);
}

/// Of two boards, the one that fails does not keep the other from its turn.
#[test]
fn a_board_that_fails_leaves_the_others_their_turn() {
    let mut world = start("mixed");
    // The Triple is there to be found, and busy for ever after its first command.
    world["chips"]["11"]["slow"] = json!(u32::MAX);
    let machine = machine(&world, &[]);
    let mut cluster = open(&machine).unwrap();
    let nodes = [1, 5, 8].map(|number| cluster.node(number).unwrap());
    let error = cluster.switch(&nodes, Action::On, &mut |_| {}).unwrap_err();
    let text = chain(&error);
    assert!(text.contains("Triple") && text.contains("did not end within"), "{text}");
    assert!(!text.contains("pHAT"), "{text}");
    let done = error.done().unwrap();
    assert_eq!((&done.nodes[..], done.on), (&[nodes[0], nodes[2]][..], true), "{text}");
    assert_eq!(machine.simulation().ctrls[&12].p, [1, 1]);
    assert_eq!(machine.simulation().expanders[&(1, 0x20)].latch & 0x0f, 0x05);
}

/// What a board lacks is told as that.
#[test]
fn unsupported_is_no_failure_of_the_board() {
    let machine = machine(&start("phat"), &[]);
    let mut cluster = open(&machine).unwrap();
    let (board, nodes) = last_board(&cluster);
    assert_eq!(cluster.set_usb_boot(nodes[0], true).unwrap(), OutputResult::Unsupported);
    for output in [Output::Hub, Output::WriteProtect] {
        assert_eq!(
            cluster.set(board, output, false, &mut |_| {}).unwrap(),
            OutputResult::Unsupported
        );
    }
}
