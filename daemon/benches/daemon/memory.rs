//! How much memory clusters of several sizes take: the process's share (PSS), once it has answered everything.

use std::fs;
use std::sync::Arc;

use clusterhat_tests::command::World;
use clusterhat_tests::process;
use clusterhat_tests::running::until;
use clusterhat_tests::table::{Amount, Row};
use tempfile::TempDir;

use crate::client::Request;
use crate::rig::Daemon;

/// How many HATs with four nodes each, and how many kB they may take.
const SIZES: [(usize, u64); 3] = [(1, 15 * 1024), (10, 25 * 1024), (188, 80 * 1024)];

/// Everything that gathers what it says of all nodes.
const LARGE: [&str; 7] = [
    "/api/v1/nodes",
    "/api/v1/boards",
    "/api/v1/telemetry",
    "/metrics",
    "/redfish/v1/Systems?$expand=.",
    "/redfish/v1/Chassis?$expand=.",
    "/redfish/v1/Managers",
];

pub(crate) fn rows() -> Vec<Row> {
    SIZES.iter().flat_map(|&(boards, limit)| of(boards, limit)).collect()
}

fn of(boards: usize, limit: u64) -> [Row; 2] {
    let daemon = on(boards);
    let nodes = 4 * boards;
    until("what agents say", || {
        daemon.ask(&Request::get("/metrics")).body.contains("clusterhat_agent_reached")
    });
    for path in LARGE.iter().cycle().take(3 * LARGE.len()) {
        // An answer may be larger than a daemon of so many nodes gives.
        daemon.ask(&Request::get(path).basic("admin", &daemon.password));
    }
    let row = |what: &str, memory, limit| Row {
        what: format!("memory of {nodes} nodes{what}"),
        measured: Amount::Memory(memory),
        limit,
        beside: None,
    };
    let pid = daemon.pid();
    [
        row("", process::memory(pid), Some(Amount::Memory(limit))),
        row(", the most", process::most_memory(pid), None),
    ]
}

/// A daemon on so many HATs, all of whose nodes are on and run agents.
pub(crate) fn on(boards: usize) -> Daemon {
    let folder = Arc::new(TempDir::new().unwrap());
    let file = folder.path().join("boards.json");
    fs::write(&file, World::hats_value(boards).to_string()).unwrap();
    let options = ["--sim", file.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    Daemon::again(folder, &options, String::new())
}
