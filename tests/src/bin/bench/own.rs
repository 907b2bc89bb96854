//! What the command itself takes: time and memory.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use clusterhat_tests::{chips::Expanders, vm::Vm};

use crate::{
    Result,
    boards::{Board, plug},
    median, run,
    table::{Amount, Row},
};

/// Runs of which the median counts.
const RUNS: usize = 20;

/// What the command itself may take for a `status`, the bus not counted.
const TIME_LIMIT: Duration = Duration::from_millis(5);

/// A command that runs in the guest as on the host.
const SIMULATED: &[&str] = &["--sim", "v2.5", "status"];

const MEMORY_LIMIT_KB: u64 = 8 * 1024;

/// The board that is looked at.
const BOARD: Board = Board::Hat(|| Expanders::running(0b0101));

/// A `status` in the guest, the same converted to the host's speed, and what both rest on.
pub(crate) fn times(vm: &Vm, program: &Path) -> Result<[Row; 4]> {
    let _plugged = plug(vm, &[BOARD])?;
    let host = median(repeat(|| host_time(program))?);
    let guest = median(repeat(|| guest_time(vm, &[&["clusterhat"], SIMULATED].concat()))?);
    let any = median(repeat(|| guest_time(vm, &["true"]))?);
    vm.start_trace()?;
    let own = median(repeat(|| guest_time(vm, &["clusterhat", "status"]))?);
    vm.stop_trace()?;
    let slower = guest.as_secs_f64() / host.as_secs_f64();
    let row = |what: &str, time, limit: Option<Duration>| Row {
        what: what.to_owned(),
        measured: Amount::Time(time),
        limit: limit.map(Amount::Time),
        vendor: None,
    };
    Ok([
        row("status in the guest, without its bus", own, Some(TIME_LIMIT)),
        row(&format!("  if it were not {slower:.0} times slower"), own.div_f64(slower), None),
        row("`true` in the guest", any, None),
        row("status on the host, simulated board", host, None),
    ])
}

fn repeat(mut measure: impl FnMut() -> Result<Duration>) -> Result<Vec<Duration>> {
    (0..RUNS).map(|_| measure()).collect()
}

/// From start to end, without the transfers that the trace has of it.
fn guest_time(vm: &Vm, argv: &[&str]) -> Result<Duration> {
    vm.clear_trace()?;
    let wall = Duration::from_micros(run(vm, argv)?.wall_us);
    let bus: Duration = vm.transfers()?.iter().map(|transfer| transfer.took).sum();
    Ok(wall.saturating_sub(bus))
}

fn host_time(program: &Path) -> Result<Duration> {
    let start = Instant::now();
    let status = Command::new(program).args(SIMULATED).stdout(Stdio::null()).status()?;
    let time = start.elapsed();
    if status.success() {
        return Ok(time);
    }
    Err(format!("clusterhat {} ended with {status}", SIMULATED.join(" ")).into())
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
        vendor: None,
    })
}
