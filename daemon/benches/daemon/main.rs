//! Measures clusterhatd on simulated boards against its limits, and fails if one is missed.
//!
//! `cargo bench -p clusterhat-daemon`; with names of parts (`start`, `memory` ...) these alone. `fuzz COUNT` and `week CYCLES` are
//! long, and run when they are asked for.
//!
//! Rates and times are compared with a bare axum that answers `hello` over the same TLS in the same run. Runs alternate, so
//! that what else the machine does falls on both.

#![expect(clippy::unwrap_used, reason = "what cannot be measured ends the program")]

use std::env;
use std::process::ExitCode;

use clusterhat_tests::table::{self, Row};

mod bare;
#[path = "../../tests/daemon/client.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod client;
mod fuzz;
mod idle;
mod load;
mod memory;
mod requests;
#[path = "../../tests/daemon/rig.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod rig;
mod start;
mod transfers;
mod week;

fn main() -> ExitCode {
    if let Some(folder) = bare::asked() {
        bare::serve(&folder);
    }
    // `cargo bench` passes options of its own harness, such as `--bench`.
    let wanted: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let rows = match &wanted[..] {
        [long, count] if long == "fuzz" => fuzz::rows(count.parse().unwrap()),
        [long, count] if long == "week" => week::rows(count.parse().unwrap()),
        names => measured(names),
    };
    table::print(&rows, "bare axum");
    if rows.iter().all(Row::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The parts of these names; all for none.
fn measured(names: &[String]) -> Vec<Row> {
    type Part = fn() -> Vec<Row>;
    let parts: [(&str, Part); 5] = [
        ("start", start::rows),
        ("requests", requests::rows),
        ("transfers", transfers::rows),
        ("memory", memory::rows),
        ("idle", idle::rows),
    ];
    let is_asked = |name: &str| names.is_empty() || names.iter().any(|word| word == name);
    parts.iter().filter(|(name, _)| is_asked(name)).flat_map(|(_, rows)| rows()).collect()
}
