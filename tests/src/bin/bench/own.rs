//! What the command itself takes: instructions and memory.

use std::path::Path;

use clusterhat_tests::{
    chips::Expanders,
    instructions::{STATUS_LIMIT, of_a_status},
    table::{Amount, Row},
    vm::Vm,
};

use crate::{
    Result,
    boards::{Board, plug},
    run,
};

const MEMORY_LIMIT_KB: u64 = 8 * 1024;

/// The board that is looked at.
const BOARD: Board = Board::Hat(|| Expanders::running(0b0101));

/// What a `status` of a simulated board takes. Time would tell how the machine is made that it was measured in: a
/// guest's processor may be translated.
pub(crate) fn instructions(program: &Path) -> Result<Row> {
    Ok(Row {
        what: "instructions of a status".into(),
        measured: Amount::Instructions(of_a_status(program)?),
        limit: Some(Amount::Instructions(STATUS_LIMIT)),
        beside: None,
    })
}

/// The kernel's mark of the most memory that a `status` ever had, read while it rests before the
/// next.
pub(crate) fn memory(vm: &Vm) -> Result<Row> {
    let _plugged = plug(vm, &[BOARD])?;
    let script = "clusterhat status --watch=60 >/tmp/status &
        while [ ! -s /tmp/status ]; do usleep 10000; done
        grep VmHWM /proc/$!/status; kill $!";
    let said = run(vm, &["sh", "-c", script])?.stdout;
    let kb = said.split_whitespace().nth(1).and_then(|number| number.parse().ok());
    let kb = kb.ok_or_else(|| format!("no VmHWM: kB in {said:?}"))?;
    Ok(Row {
        what: "memory of a status".into(),
        measured: Amount::Memory(kb),
        limit: Some(Amount::Memory(MEMORY_LIMIT_KB)),
        beside: None,
    })
}
