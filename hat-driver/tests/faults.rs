//! Every operation with a fault at every one of its transfers: what is reported is what happened.

#![cfg(feature = "sim")]
// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "faults/fixed.rs"]
mod fixed;
#[path = "faults/folded.rs"]
mod folded;
#[path = "faults/stuck.rs"]
mod stuck;

use std::sync::Arc;

use common::rig::{Access, Rig, Shown, What};
use common::row::places;
use common::told::{Case, check_message, check_resulting};
use common::{ALERT, ALL_NODES, Ask, HUB, LED, NODES, PLACE, WIRINGS, WP, Wired};
use embedded_hal::i2c::{I2c, Operation};
use hat_driver::expander::{Expander, Register};
use hat_driver::linux::{BoardError, BoardOptions, Cluster, ClusterError, Options};
use hat_driver::power::ResultingState;
use hat_driver::revisions::Version;
use hat_driver::sim;
use hat_driver::sim::fault::{Fault, FaultKind};
use hat_driver::{Access as Direction, HatError};

const KINDS: [FaultKind; 4] =
    [FaultKind::Nak, FaultKind::Io, FaultKind::Timeout, FaultKind::IoAfter];

/// How often a transfer is tried: the driver's promise, restated.
const ATTEMPTS: u32 = 3;

fn cases() -> Vec<Case> {
    const INIT: &[Ask] = &[Ask::Init];
    const P3_ON: &[Ask] = &[Ask::Init, Ask::On(&[2])];
    const HUB_OFF: &[Ask] = &[Ask::Init, Ask::Set(HUB, false)];
    let asked: [(&[Ask], Ask); 13] = [
        (&[], Ask::Init),
        (&[], Ask::On(&[0])),
        (INIT, Ask::On(&[0])),
        (P3_ON, Ask::On(&[0])),
        (INIT, Ask::On(ALL_NODES)),
        (P3_ON, Ask::On(ALL_NODES)),
        (&[Ask::Init, Ask::On(&[0, 2])], Ask::Off(ALL_NODES)),
        (P3_ON, Ask::Set(ALERT, true)),
        (&[], Ask::Set(ALERT, true)),
        (P3_ON, Ask::Set(LED, false)),
        (P3_ON, Ask::Set(HUB, false)),
        (P3_ON, Ask::Set(WP, false)),
        (HUB_OFF, Ask::Set(HUB, true)),
    ];
    let all = |wired: Wired| asked.map(|(before, ask)| Case { wired, before, ask });
    WIRINGS.into_iter().flat_map(all).collect()
}

/// The undisturbed run: its accesses, and what is shown after it.
fn undisturbed(case: Case) -> (Vec<Access>, Shown) {
    let (rig, mut cluster) = Rig::prepared(case.wired, case.before);
    let before = case.wired.signals(rig.shown().latch);
    let fresh = rig.shown().outputs == 0;
    case.ask.run(&mut cluster).unwrap();
    let start = if fresh { case.wired.resting(0) } else { before };
    let meaning = case.wired.meaning();
    assert_eq!(
        case.wired.signals(rig.shown().latch),
        case.ask.applied(start) & meaning,
        "{case:?}: what is commanded at the end"
    );
    assert_eq!(rig.shown().pins & meaning, rig.shown().latch & meaning, "{case:?}");
    (rig.take_log(), rig.shown())
}

/// A board with faults to come, counted from the next transfer.
fn faulty(case: Case, faults: &[Fault]) -> (Rig, Cluster) {
    let (rig, cluster) = Rig::prepared(case.wired, case.before);
    let made = rig.machine.transfers();
    let later = |fault: &Fault| Fault { transfer: made + fault.transfer, ..*fault };
    rig.change(|world| world.faults = faults.iter().map(later).collect());
    (rig, cluster)
}

fn check_end(case: Case, rig: &Rig, end: Shown, context: &str) {
    let meaning = case.wired.meaning();
    let now = rig.shown();
    // Registers have to be the same; a line that was not asked for may be an input yet.
    let outputs = if case.wired.is_expander() { end.outputs } else { now.outputs };
    assert_eq!(
        (now.latch & meaning, now.pins & meaning, now.outputs),
        (end.latch & meaning, end.pins & meaning, outputs),
        "{context}: latch, pins and outputs"
    );
}

/// Nodes that were not asked for keep their level, at every moment.
fn check_bystanders(case: Case, log: &[Access], before: Shown, context: &str) {
    let (asked, _) = case.ask.target();
    let others = NODES & !asked;
    for access in log {
        for shown in &access.shown {
            assert_eq!(shown.pins & others, before.pins & others, "{context}: {access:?}");
        }
    }
}

/// Takes the fault away and asks again.
fn check_recovery(case: Case, rig: &Rig, cluster: &mut Cluster, end: Shown, context: &str) {
    rig.change(|world| world.faults.clear());
    let again = case.ask.run(cluster);
    assert!(again.is_ok(), "{context}: without the fault: {again:?}");
    check_end(case, rig, end, &format!("{context}: without the fault"));
}

/// The first access at which what was asked for is commanded.
fn first_change(case: Case, log: &[Access]) -> usize {
    let (asked, on) = case.ask.target();
    let wanted = if on { asked } else { 0 };
    let reached = |shown: &Shown| {
        let now = case.wired.signals(shown.latch);
        let outputs = shown.outputs & asked != 0;
        outputs && (on && now & wanted != 0 || !on && now & asked != asked)
    };
    let changes = |access: &Access| access.what.is_write() && access.shown.iter().any(reached);
    log.iter().position(changes).map_or(log.len(), |index| index + 1)
}

#[test]
fn a_passing_fault_is_repeated_and_counted() {
    for case in cases() {
        let (log, end) = undisturbed(case);
        for (index, access) in log.iter().enumerate() {
            for kind in KINDS {
                let n = index as u32 + 1;
                let context = format!("{case:?}, {kind:?} at {n} of {}", log.len());
                let fault = Fault { transfer: n, kind, lasting: false };
                let (rig, mut cluster) = faulty(case, &[fault]);
                let (before, (_, retries)) = (rig.shown(), cluster.transfers());
                let result = case.ask.run(&mut cluster);
                check_bystanders(case, &rig.take_log(), before, &context);
                match result {
                    Ok(_) => check_end(case, &rig, end, &context),
                    // Lines are not tried again, nor is the last try of a register that is absent.
                    Err(error) if !case.wired.is_expander() || access.failed => {
                        check_resulting(case, &error, before, rig.shown(), false, &context);
                        check_recovery(case, &rig, &mut cluster, end, &context);
                    }
                    Err(error) => panic!("{context}: {error}"),
                }
                // An absent register is refused without a fault too, and may be asked for again.
                if case.wired.is_expander() && !access.failed {
                    let refused = log.iter().filter(|access| access.failed).count() as u32;
                    let counted = cluster.transfers().1 - retries;
                    assert!((1..=1 + refused).contains(&counted), "{context}: {counted} counted");
                }
            }
        }
    }
}

#[test]
fn a_lasting_fault_ends_the_operation_and_is_told_truly() {
    for case in cases() {
        let (log, end) = undisturbed(case);
        let stake = first_change(case, &log);
        for n in 1..=log.len() {
            for kind in KINDS {
                let context = format!("{case:?}, {kind:?} from {n} of {} on", log.len());
                let fault = Fault { transfer: n as u32, kind, lasting: true };
                let (rig, mut cluster) = faulty(case, &[fault]);
                let before = rig.shown();
                let error = match case.ask.run(&mut cluster) {
                    Err(error) => error,
                    Ok(_) => panic!("{context}: nothing was reported"),
                };
                check_message(case, &error, n >= stake, &context);
                check_resulting(case, &error, before, rig.shown(), true, &context);
                check_bystanders(case, &rig.take_log(), before, &context);
                check_recovery(case, &rig, &mut cluster, end, &context);
            }
        }
    }
}

/// A write that fails for good on a bus that answers again: the driver reads the resulting state.
#[test]
fn after_a_short_disturbance_the_driver_knows_which_state_stands() {
    let (mut old, mut new) = (0, 0);
    for case in cases().into_iter().filter(|case| case.wired.is_expander()) {
        let (log, end) = undisturbed(case);
        for n in 1..=log.len() as u32 {
            for kind in KINDS {
                let context = format!("{case:?}, {kind:?} at {n} and twice more");
                let burst = (n..n + ATTEMPTS)
                    .map(|transfer| Fault { transfer, kind, lasting: false })
                    .collect::<Vec<_>>();
                let (rig, mut cluster) = faulty(case, &burst);
                let before = rig.shown();
                match case.ask.run(&mut cluster) {
                    Ok(_) => check_end(case, &rig, end, &context),
                    Err(error) => {
                        check_resulting(case, &error, before, rig.shown(), false, &context);
                        if let ClusterError::Board {
                            resulting,
                            source: BoardError::Hat(HatError::Bus { access: Direction::Write, .. }),
                            ..
                        } = error
                        {
                            old += u32::from(resulting == ResultingState::Old);
                            new += u32::from(resulting == ResultingState::New);
                        }
                    }
                }
                check_bystanders(case, &rig.take_log(), before, &context);
                check_recovery(case, &rig, &mut cluster, end, &context);
            }
        }
    }
    assert!(old > 0 && new > 0, "{old} times old and {new} times new");
}

/// A disturbed bus is no sign of a chip without pull-up register: the pull-ups carry the record of
/// the write-protect link, and what is wrong there stays wrong until the power goes.
#[test]
fn a_disturbance_does_not_turn_one_chip_into_the_other() {
    let case = Case { wired: WIRINGS[0], before: &[], ask: Ask::Init };
    let (log, _) = undisturbed(case);
    for n in 1..=log.len() as u32 {
        for kind in [FaultKind::Io, FaultKind::Timeout] {
            let burst = [n, n + 1, n + 2].map(|transfer| Fault { transfer, kind, lasting: false });
            let (rig, mut cluster) = faulty(case, &burst);
            if case.ask.run(&mut cluster).is_ok() {
                let pull_up = rig.machine.simulation().expanders[&PLACE].pull_up;
                assert_eq!(pull_up, 0x7f, "{kind:?} at {n} and twice more");
            }
            rig.change(|world| world.faults.clear());
            let result = Ask::Set(WP, false).run(&mut cluster);
            assert!(result.is_ok(), "{kind:?} at {n} and twice more, then wp off: {result:?}");
        }
    }
}

#[test]
fn status_fails_or_is_true() {
    for wired in WIRINGS {
        for before in [&[][..], &[Ask::Init, Ask::On(&[1])]] {
            let case = Case { wired, before, ask: Ask::Init };
            let (rig, mut cluster) = Rig::prepared(wired, before);
            let truth = common::status(&mut cluster).unwrap();
            for n in 1..=rig.take_log().len() as u32 {
                for kind in KINDS {
                    let fault = Fault { transfer: n, kind, lasting: true };
                    let (rig, mut cluster) = faulty(case, &[fault]);
                    let told = common::status(&mut cluster);
                    assert!(rig.take_log().iter().all(|access| !access.what.is_write()));
                    match told {
                        // A chip that does not acknowledge register 4 is a PCA9554 by definition.
                        Ok(told) if kind == FaultKind::Nak => {
                            assert_eq!((told.commanded, told.seen), (truth.commanded, truth.seen));
                        }
                        Ok(told) => assert_eq!(told, truth, "{case:?}, {kind:?} from {n} on"),
                        Err(error) => {
                            check_message(case, &error, false, &format!("{case:?} {kind:?} {n}"));
                        }
                    }
                }
            }
        }
    }
}

/// A bus on which nothing that is written stays.
struct Deaf;

impl embedded_hal::i2c::ErrorType for Deaf {
    type Error = hat_driver::BusError;
}

impl I2c for Deaf {
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), Self::Error> {
        for operation in operations {
            if let Operation::Read(buffer) = operation {
                buffer.fill(0xff);
            }
        }
        Ok(())
    }
}

#[test]
fn a_register_that_does_not_take_a_value_is_told() {
    let error = Expander::new(Deaf, 0x20).write(Register::Latch, 0x91).unwrap_err();
    let HatError::ReadBack { register, written, found } = error else { panic!("{error:?}") };
    assert_eq!((register, written, found), (Register::Latch, 0x91, 0xff));
    assert!(error.to_string().contains("latch (0x01) register holds 0xff after 0x91"), "{error}");
}

/// Two fresh boards: p1 to p4 on the lower, p5 to p8 on the upper one.
fn two_boards() -> (Rig, Cluster) {
    let rig = Rig::new(sim::builtin::simulation("two-hats").unwrap());
    let boards = [(0x20, "lower"), (0x23, "upper")].map(|(address, name)| {
        let mut board = BoardOptions::default();
        board.name = Some(name.to_owned());
        board.address = Some(address);
        board.revision = Version::parse("2.5");
        board
    });
    let mut options = Options::default();
    options.boards = boards.to_vec();
    let cluster = Cluster::open(Arc::new(rig.clone()), options).unwrap();
    (rig, cluster)
}

/// With two boards, a failure on the second tells what was switched on the first.
#[test]
fn what_was_switched_on_an_earlier_board_is_told() {
    let (rig, mut cluster) = two_boards();
    Ask::On(&[0, 4]).run(&mut cluster).unwrap();
    let log = rig.take_log();
    let upper = log.iter().position(|access| matches!(access.what, What::Bus(0x23, _))).unwrap();
    for n in upper + 1..=log.len() {
        let (rig, mut cluster) = two_boards();
        let fault = Fault { transfer: n as u32, kind: FaultKind::Timeout, lasting: true };
        rig.change(|world| world.faults = vec![fault]);
        let error = Ask::On(&[0, 4]).run(&mut cluster).unwrap_err();
        assert_eq!(rig.machine.simulation().expanders[&(1, 0x20)].latch & NODES, 1);
        let text = error.to_string();
        assert!(text.starts_with("board upper (v2.5, i2c-1 0x23)"), "from {n} on: {text}");
        let done = error.done().map(|done| places(&done.nodes)).unwrap_or_default();
        assert!(done.starts_with(&[0]), "from {n} on: {done:?}: {text}");
    }
}

/// A board that fails does not keep the next one from its turn, whatever it fails at.
#[test]
fn the_next_board_has_its_turn() {
    for what in ["is partly configured", "is another chip", "has a stuck output"] {
        let (rig, mut cluster) = two_boards();
        rig.change(|world| {
            let lower = world.expanders.get_mut(&PLACE).unwrap();
            match what {
                "is partly configured" => lower.direction = 0x0f,
                "is another chip" => lower.polarity = 0x01,
                _ => lower.stuck[6] = Some(true),
            }
        });
        let error = Ask::On(&[0, 4]).run(&mut cluster).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("board lower (v2.5, i2c-1 0x20)"), "{what}: {text}");
        let upper = rig.machine.simulation().expanders[&(1, 0x23)].clone();
        assert_eq!((upper.direction, upper.latch & NODES), (0, 1), "the lower {what}: {text}");
        assert_eq!(places(&error.done().unwrap().nodes), [4], "{what}: {text}");
    }
}
