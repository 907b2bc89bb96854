//! The trace of the nodes' power that a simulation may ask for.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use super::regular_file;
use super::simulation::Simulation;
use crate::linux::Moment;

/// Changes a simulation, and traces which nodes went on and off with it.
pub(super) fn traced<R>(
    simulation: &mut Simulation,
    change: impl FnOnce(&mut Simulation) -> R,
) -> io::Result<R> {
    if simulation.trace().is_none() {
        return Ok(change(simulation));
    }
    let before = simulation.powered();
    let result = change(simulation);
    let (uptime, pid) = (Moment::now().uptime.as_nanos(), std::process::id());
    let changes = before.into_iter().zip(simulation.powered()).enumerate();
    let lines: String = changes
        .filter(|(_, (before, now))| before != now)
        .map(|(node, (_, (_, on)))| {
            format!("{uptime} {} {node} {pid}\n", if on { "on" } else { "off" })
        })
        .collect();
    if let Some(path) = simulation.trace().filter(|_| !lines.is_empty()) {
        append(path, &lines).map_err(|error| {
            let problem = format!(
                "cannot write the simulation's trace {}: {error}; correct \"trace\" in the simulation",
                path.display()
            );
            io::Error::new(error.kind(), problem)
        })?;
    }
    Ok(result)
}

fn append(path: &Path, lines: &str) -> io::Result<()> {
    let mut file = regular_file::open(path, OpenOptions::new().append(true).create(true))?;
    file.write_all(lines.as_bytes())
}
