//! Measures what the command takes while it runs for long: `status --watch`, and a console beside cat(1).
//!
//! `cargo bench -p clusterhat-cli`
//!
//! What a call takes (transfers, instructions, memory) is measured by the program `bench` of `clusterhat-tests`.

// What cannot be measured ends the program.
#![allow(clippy::unwrap_used)]

use std::process::ExitCode;

use clusterhat_tests::table::{self, Row};

#[path = "../../tests/command/mod.rs"]
mod command;
mod console;
#[path = "../../tests/console/devices.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use all of it")]
mod devices;
#[path = "../../tests/console/pty.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod pty;
mod watch;

fn main() -> ExitCode {
    let rows: Vec<Row> = watch::rows().into_iter().chain(console::rows()).collect();
    table::print(&rows, "cat");
    if rows.iter().all(Row::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
