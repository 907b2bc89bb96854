//! One JSON document on one line.

use std::io::{self, Write};

use super::{Printout, simulation};
use crate::failure::Failure;
use clusterhat::report::{Document, SCHEMA};
use clusterhat::shorten;

pub(super) fn print(output: &Printout<'_>) -> io::Result<()> {
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
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, &document)?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}
