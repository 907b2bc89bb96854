//! The system's own programs, which are asked and told.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// Whether it says that it succeeded.
    pub success: bool,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

/// Runs programs.
pub trait Tools {
    /// Runs one to its end.
    ///
    /// # Errors
    /// It is not there, or cannot be run.
    fn run(&self, program: &str, words: &[&str]) -> io::Result<Printed>;

    /// Lets some time pass.
    fn pause(&self, time: Duration) {
        thread::sleep(time);
    }
}

/// Those of the running system.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinuxTools;

impl Tools for LinuxTools {
    fn run(&self, program: &str, words: &[&str]) -> io::Result<Printed> {
        // Users without root have no sbin in their path.
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new(program)
            .args(words)
            .env("PATH", format!("{path}:/usr/sbin:/sbin:/usr/bin:/bin"))
            .env("LC_ALL", "C")
            // A hang-up of the terminal is for us, who put things back, and not for what we wait for.
            .process_group(0)
            .stdin(Stdio::null())
            .output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Printed {
            success: output.status.success(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        })
    }
}
