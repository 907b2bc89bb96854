//! What the programs cost as they are released.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::{
    io,
    path::PathBuf,
    process::{Command, Stdio},
};

use clusterhat_tests::instructions::{STATUS_LIMIT, of_a_status};

mod agent;

/// The folder of the programs, built if they are not current.
fn released() -> io::Result<PathBuf> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../packages/static");
    let output = Command::new(script).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("{script} ended with {}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().into())
}

#[test]
fn a_status_takes_few_instructions() {
    let program = released().expect("released programs").join("clusterhat");
    let taken = of_a_status(&program).expect("a count");
    assert!(taken <= STATUS_LIMIT, "{taken} instructions, allowed are {STATUS_LIMIT}");
}
