//! What `status --watch` takes in an hour in which nothing happens.

use std::io::Read as _;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use clusterhat_tests::command::World;
use clusterhat_tests::process;
use clusterhat_tests::running::{Running, until};
use clusterhat_tests::table::{Amount, Row};

use crate::command::clusterhat;

/// What is measured of the hour.
const TIME: Duration = Duration::from_secs(60);

const HOUR: f64 = 3600.0;

pub(crate) fn rows() -> Vec<Row> {
    [1, 10].iter().flat_map(|&boards| of(boards)).collect()
}

/// Of simulated boards, whose file is what tells of changes.
fn of(boards: usize) -> [Row; 2] {
    let world = World::new(&World::hats_value(boards));
    let mut command = world.program(clusterhat());
    command.arg("--sim").arg(world.path()).args(["status", "--watch"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    // The first table is not what counts.
    assert!(stdout.read(&mut [0; 1 << 16]).unwrap() > 0);
    let mut running = Running::of(child);
    let pid = running.id();
    // What printing it takes does not count either.
    until("it waits for changes", || process::is_asleep(pid));
    let before = (process::wakes(pid), process::cpu(pid));
    let begun = Instant::now();
    thread::sleep(TIME);
    let hours = begun.elapsed().as_secs_f64() / HOUR;
    let cpu = (process::cpu(pid) - before.1).div_f64(hours);
    let wakes = (process::wakes(pid) - before.0) as f64 / hours;
    let row = |what: &str, measured| Row {
        what: format!("status --watch, {} nodes: {what} an hour", 4 * boards),
        measured,
        limit: None,
        beside: None,
    };
    [row("processor time", Amount::Time(cpu)), row("wake-ups", Amount::Count(wakes))]
}
