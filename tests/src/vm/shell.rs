//! Scripts in the guest.

use std::io;

use super::Vm;

/// Looks for a condition, and the time between two: half a minute in all.
const LOOKS: u32 = 600;
const BETWEEN_US: u32 = 50_000;

impl Vm {
    /// Runs a script of the shell that has to end well; gives what it printed.
    ///
    /// # Errors
    /// If it does not: what it said is in the error.
    pub fn sh(&self, script: &str) -> io::Result<String> {
        let output = self.run(&["sh", "-ec", script])?;
        if output.status == 0 {
            return Ok(output.stdout.trim_end().to_owned());
        }
        let console = self.console();
        Err(io::Error::other(format!("{script}: {output:?}; the console said:\n{console}")))
    }

    /// Waits until a condition of the shell holds.
    ///
    /// # Errors
    /// If it does not come to.
    pub fn until(&self, condition: &str) -> io::Result<()> {
        let script = format!(
            "for i in $(seq {LOOKS}); do if {{ {condition}; }} >/dev/null 2>&1; then exit 0; fi; usleep {BETWEEN_US}; done; exit 1"
        );
        self.sh(&script).map(drop)
    }
}
