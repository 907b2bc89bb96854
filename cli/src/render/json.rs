//! One JSON document on one line.

use std::io::{self, Write};

use super::{Printout, simulation};
use crate::failure::Failure;
use clusterhat::report::{Document, SCHEMA};
use clusterhat::shorten;

pub(super) fn print(output: &Printout<'_>) -> io::Result<()> {
    write(output, io::stdout().lock())
}

/// As it would be printed.
pub(super) fn line(output: &Printout<'_>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    write(output, &mut line)?;
    Ok(line)
}

fn write(output: &Printout<'_>, mut to: impl Write) -> io::Result<()> {
    let warnings: Vec<_> = output.warnings.iter().map(|text| shorten(text)).collect();
    let document = Document {
        schema: SCHEMA,
        command: output.command,
        simulated: simulation::current(),
        report: output.report,
        bus: output.bus,
        warnings: &warnings,
        error: output.failure.map(Failure::report),
    };
    serde_json::to_writer(&mut to, &document)?;
    to.write_all(b"\n")?;
    to.flush()
}
