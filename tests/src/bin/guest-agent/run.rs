//! Runs a program to its end.

use std::{
    io::Write,
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
    thread,
    time::Instant,
};

use clusterhat_tests::vm::protocol::{Output, Run};

use crate::Result;

pub(crate) fn run(run: &Run) -> Result<Output> {
    let (program, arguments) = run.argv.split_first().ok_or("no program named")?;
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .envs(&run.env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{program}: {e}"))?;
    let stdin = child.stdin.take();
    let output = thread::scope(|scope| {
        // A program that does not read to the end is no error.
        scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(run.stdin.as_bytes())));
        child.wait_with_output()
    })?;
    let wall_us = u64::try_from(start.elapsed().as_micros())?;
    Ok(Output {
        status: output
            .status
            .code()
            .or(output.status.signal().map(|signal| 128 + signal))
            .unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        wall_us,
    })
}
