//! How many transfers commands need, as the guest's kernel counts them.

use clusterhat_tests::{
    chips::{ADDRESS, Expanders},
    table::{Amount, Row},
    vm::Vm,
};
use hat_driver::expander::Chip;

use crate::{
    Result,
    boards::{A_PLUS_6, Board, PHAT, TRIPLE, plug},
    run,
};

/// A command whose transfers are counted.
struct Counted {
    what: &'static str,
    boards: &'static [Board],
    words: &'static [&'static str],
    limit: u64,
    /// What the vendor's tool needs for the same.
    vendor: u64,
}

const COUNTED: [Counted; 6] = [
    Counted {
        what: "status",
        boards: &[Board::Hat(|| Expanders::running(0b0101))],
        words: &["status"],
        limit: 4,
        vendor: 9,
    },
    Counted {
        what: "on of three nodes",
        boards: &[Board::Hat(|| Expanders::running(0b0000))],
        words: &["on", "p1", "p2", "p3"],
        // The latch is read again after each of the two pauses.
        limit: 8,
        vendor: 14,
    },
    Counted {
        what: "off of all nodes",
        boards: &[Board::Hat(|| Expanders::running(0b1111))],
        words: &["off"],
        limit: 4,
        vendor: 17,
    },
    Counted {
        what: "init of a fresh board",
        boards: &[Board::Hat(|| Expanders::new(Chip::Xra1200p, &[ADDRESS]))],
        words: &["init"],
        limit: 12,
        vendor: 27,
    },
    Counted {
        what: "status of a Triple",
        boards: &[TRIPLE],
        words: &["status"],
        // It has a voltage and a temperature to tell, as in tests/vm.
        limit: 24,
        vendor: 36,
    },
    Counted {
        what: "status of an A+6 and a pHAT",
        boards: &[A_PLUS_6, PHAT],
        words: &["status"],
        limit: 60,
        vendor: 80,
    },
];

/// Counts them.
pub(crate) fn rows(vm: &Vm) -> Result<Vec<Row>> {
    COUNTED.iter().map(|counted| transfers(vm, counted)).collect()
}

fn transfers(vm: &Vm, counted: &Counted) -> Result<Row> {
    let _plugged = plug(vm, counted.boards)?;
    vm.start_trace()?;
    run(vm, &[&["clusterhat"], counted.words].concat())?;
    let measured = Amount::Transfers(vm.stop_trace()?.len() as u64);
    let limit = Some(Amount::Transfers(counted.limit));
    let beside = Some(Amount::Transfers(counted.vendor));
    Ok(Row { what: counted.what.into(), measured, limit, beside })
}
