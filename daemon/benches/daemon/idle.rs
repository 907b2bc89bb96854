//! What the daemon takes while nobody asks.

use std::thread;
use std::time::{Duration, Instant};

use clusterhat_tests::process;
use clusterhat_tests::table::{Amount, Row};

use crate::memory;

/// How long it is left alone before it counts.
const SETTLE: Duration = Duration::from_secs(15);

const TIME: Duration = Duration::from_secs(60);

pub(crate) fn rows() -> Vec<Row> {
    [1, 10].iter().flat_map(|&boards| of(boards)).collect()
}

fn of(boards: usize) -> [Row; 2] {
    let daemon = memory::on(boards);
    thread::sleep(SETTLE);
    let pid = daemon.pid();
    let before = (process::wakes(pid), process::cpu(pid));
    let begun = Instant::now();
    thread::sleep(TIME);
    let minutes = begun.elapsed().as_secs_f64() / 60.0;
    let wakes = (process::wakes(pid) - before.0) as f64 / minutes;
    let cpu = (process::cpu(pid) - before.1).div_f64(minutes);
    let row = |what: &str, measured| Row {
        what: format!("idle, {} nodes: {what} a minute", 4 * boards),
        measured,
        limit: None,
        beside: None,
    };
    [row("wake-ups", Amount::Count(wakes)), row("processor time", Amount::Time(cpu))]
}
