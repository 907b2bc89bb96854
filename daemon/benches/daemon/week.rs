//! A week's worth of power cycles within minutes: what the daemon keeps does not grow.
//!
//! `cargo bench -p clusterhat-daemon -- week 10080`: a node that is switched off and on once a minute

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use clusterhat_tests::command::World;
use clusterhat_tests::process;
use clusterhat_tests::table::{Amount, Row};
use serde_json::json;
use tempfile::TempDir;

use crate::client::Request;
use crate::rig::Daemon;

/// What the memory may become after the first tenth, in kB.
const GROWTH: u64 = 4 * 1024;

pub(crate) fn rows(cycles: u64) -> Vec<Row> {
    let folder = Arc::new(TempDir::new().unwrap());
    let file = folder.path().join("board.json");
    let mut board = World::hats_value(1);
    // It is there as soon as it has power.
    board["nodes"] = json!({"p1": {"boots_in": 0}});
    fs::write(&file, board.to_string()).unwrap();
    let daemon = Daemon::again(folder, &["--sim", file.to_str().unwrap()], String::new());
    let events = count_events(&daemon);
    let begun = Instant::now();
    cycle(&daemon, cycles / 10);
    let (before, threads) = (process::memory(daemon.pid()), process::threads(daemon.pid(), "comm"));
    cycle(&daemon, cycles - cycles / 10);
    let after = process::memory(daemon.pid());
    let growth = process::threads(daemon.pid(), "comm").len().saturating_sub(threads.len());
    let row =
        |what: &str, measured, limit| Row { what: what.to_owned(), measured, limit, beside: None };
    let count = |count: u64| Amount::Count(count as f64);
    vec![
        row("power cycles", count(cycles), None),
        row("  events told", count(events.load(Ordering::Relaxed)), None),
        row("  memory after a tenth", Amount::Memory(before), None),
        row("  memory after all", Amount::Memory(after), Some(Amount::Memory(before + GROWTH))),
        row("  threads more", count(growth as u64), Some(Amount::Count(8.0))),
        row("  log files", Amount::Memory(size(&daemon.path("consoles")) / 1024), None),
        row("  state folder", Amount::Memory(size(&daemon.path("state")) / 1024), None),
        row("  time", Amount::Time(begun.elapsed()), None),
    ]
}

fn cycle(daemon: &Daemon, count: u64) {
    for _ in 0..count {
        for action in ["off", "on"] {
            let report = daemon.power(&json!({"nodes": ["p1"], "action": action, "delay": 0}));
            assert_eq!(report.get("error"), None, "{report}");
        }
        let nodes = Request::get("/api/v1/nodes").header("cache-control", "max-age=60");
        assert_eq!(daemon.ask(&nodes).status, 200);
    }
}

/// Listens as a page does.
fn count_events(daemon: &Daemon) -> Arc<AtomicU64> {
    let mut socket = daemon.socket();
    socket.set_read_timeout(None).unwrap();
    socket.write_all(Request::get("/api/v1/events").text().as_bytes()).unwrap();
    let events = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&events);
    thread::spawn(move || {
        for line in BufReader::new(socket).lines().map_while(Result::ok) {
            counted.fetch_add(u64::from(line.starts_with("event:")), Ordering::Relaxed);
        }
    });
    events
}

/// Bytes in a folder's files.
fn size(folder: &Path) -> u64 {
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum()
}
