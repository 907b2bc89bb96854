//! Faults of the bus.

use super::*;

/// The undisturbed outcome, and how many transfers it took.
fn undisturbed(op: &Op) -> (Outcome, SimCtrl, usize) {
    let bench = Bench::new(&able());
    let outcome = (op.run)(&mut bench.open());
    let count = bench.take_log().len();
    (outcome, bench.take(|board| board.clone()), count)
}

/// The state of a board, but for registers that any attempt leaves behind.
fn state(board: &SimCtrl) -> Value {
    let mut state = serde_json::to_value(board).unwrap();
    for key in ["data", "status", "saved", "busy", "away", "returns"] {
        state.as_object_mut().unwrap().remove(key);
    }
    state
}

#[test]
fn one_fault_passes_without_a_trace() {
    let mut tried = 0;
    for op in OPS {
        let (outcome, end, count) = undisturbed(op);
        for transfer in 1..=count {
            for (kind, after) in [(NAK, false), (ErrorKind::Bus, false), (ErrorKind::Bus, true)] {
                let bench = Bench::new(&able());
                let mut device = bench.open();
                bench.fault.set(Some(Fault { transfer, kind, lasting: false, after }));
                let context = format!("{}: {kind:?} at {transfer}, after: {after}", op.name);
                tried += 1;
                let result = (op.run)(&mut device);
                let saved = bench.take(|board| board.saved.clone());
                if ONCE.contains(&op.name) && kind == ErrorKind::Bus {
                    // The first transfer sends it; of the others a test of their own speaks.
                    if transfer > 1 {
                        continue;
                    }
                    assert!(
                        matches!(result, Err(CtrlError::Bus { command: Some(_), .. })),
                        "{context}"
                    );
                    let log = bench.take_log();
                    assert_eq!(log.iter().filter(|(b, _)| b.len() > 1).count(), 1, "{context}");
                    continue;
                }
                assert_eq!(result, outcome, "{context}");
                bench.take(|board| assert_eq!(state(board), state(&end), "{context}"));
                // The EEPROM wears: it is written again only where nobody knows whether it was.
                let writes = saved.map_or(0, |saved| saved.len());
                let once = end.saved.as_ref().map_or(0, Vec::len);
                assert!(writes <= once + usize::from(after), "{context}: {writes} writes");
            }
        }
    }
    assert!(tried > 150, "{tried}");
}

#[test]
fn a_lasting_fault_is_an_error_in_time() {
    for op in OPS {
        let (_, _, count) = undisturbed(op);
        for transfer in 1..=count {
            for kind in [NAK, ErrorKind::Bus, ErrorKind::ArbitrationLoss, ErrorKind::Other] {
                let bench = Bench::new(&able());
                let mut device = bench.open();
                bench.fault.set(Some(Fault { transfer, kind, lasting: true, after: false }));
                let context = format!("{}: {kind:?} from {transfer} on", op.name);
                let error = (op.run)(&mut device).expect_err(&context);
                match error {
                    CtrlError::Timeout { command, .. } => {
                        assert_eq!(kind, NAK, "{context}");
                        assert!(bench.slept_ms() <= limit_ms(command, 100), "{context}");
                    }
                    CtrlError::Bus { source, .. } => {
                        assert_eq!(source, kind, "{context}");
                        if kind != NAK {
                            assert!(
                                bench.slept_ms() <= 2 * transfer as u64,
                                "{context}: no use in waiting"
                            );
                            assert!(bench.take_log().len() <= transfer + 2, "{context}");
                        }
                    }
                    other => panic!("{context}: {other}"),
                }
                // It works again as soon as the bus does.
                bench.fault.set(None);
                assert!(bench.open().power(2).is_ok(), "{context}");
            }
        }
    }
}

#[test]
fn what_passes_not_at_once_is_not_tried_again() {
    let bench = Bench::new(&able());
    let mut device = bench.open();
    bench.fault.set(Some(Fault {
        transfer: 1,
        kind: ErrorKind::Other,
        lasting: false,
        after: false,
    }));
    let error = device.set_power(1, true).unwrap_err();
    assert_eq!(error, CtrlError::Bus { command: Some(Command::On), source: ErrorKind::Other });
    assert_eq!(bench.take_log().len(), 1);
}
