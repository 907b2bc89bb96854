//! The logins on the node's serial ports, which systemd keeps.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// There where systemd runs (sd_booted(3)).
const SYSTEMD: &str = "/run/systemd/system";

/// The logins on gadget terminals that [`Self::stop`] ended and [`Self::restart`] brings back.
#[derive(Debug, Default)]
pub(crate) struct Gettys {
    stopped: Vec<String>,
}

impl Gettys {
    /// Stops what runs on these terminals (`/dev/ttyGS0` ...) and waits until it has ended.
    pub(crate) fn stop(&mut self, ttys: &[String]) -> io::Result<()> {
        if !Path::new(SYSTEMD).is_dir() {
            return Ok(());
        }
        let units: Vec<String> =
            ttys.iter().map(|tty| unit(tty)).filter(|u| is_active(u)).collect();
        if !units.is_empty() {
            systemctl("stop", &units)?;
            self.stopped = units;
        }
        Ok(())
    }

    /// Starts again what was stopped, as the terminals are there again.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        if self.stopped.is_empty() {
            return Ok(());
        }
        await_udev();
        // Not waited for: the unit waits itself for udev to tell of its terminal.
        systemctl("start", &std::mem::take(&mut self.stopped))
    }
}

fn unit(tty: &str) -> String {
    format!("serial-getty@{}.service", tty.trim_start_matches("/dev/"))
}

/// Waits until udev has told systemd what the kernel has told it: that the old terminals have gone. A login that is started
/// before is ended again then, and stays so if the new terminal is there before its end. A udev that is not there, or takes
/// longer, keeps no login from its start.
fn await_udev() {
    let mut command = Command::new("udevadm");
    command.args(["settle", "--timeout=20"]);
    let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

fn is_active(unit: &str) -> bool {
    let mut command = Command::new("systemctl");
    command.args(["--quiet", "is-active", unit]).stdin(Stdio::null());
    // One that waits for its next start is to be stopped, too.
    let activating = || {
        let shown = Command::new("systemctl").args(["show", "-P", "ActiveState", unit]).output();
        shown.is_ok_and(|output| output.stdout.starts_with(b"activating"))
    };
    command.status().is_ok_and(|status| status.success()) || activating()
}

fn systemctl(verb: &str, units: &[String]) -> io::Result<()> {
    let mut command = Command::new("systemctl");
    command.arg(verb);
    if verb == "start" {
        command.arg("--no-block");
    }
    let output = command.args(units).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("systemctl {verb} {}: {}", units.join(" "), said.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_the_terminal_s() {
        assert_eq!(unit("/dev/ttyGS0"), "serial-getty@ttyGS0.service");
    }
}
