//! Power-off and restart, by systemd's logind, and why the system goes down.

use std::io;

use node_link::agent::Goodbye;

use super::process::output;

/// What ends the system.
#[derive(Clone, Copy, Debug)]
pub(super) enum PowerAction {
    Poweroff,
    Reboot,
}

/// Begins it. The agent's user may do just these two (`clusterhat-node.rules`); a package manager or whoever else keeps the system from going
/// down by an inhibitor lock is heeded.
pub(super) fn begin(action: PowerAction) -> io::Result<()> {
    let verb = match action {
        PowerAction::Poweroff => "poweroff",
        PowerAction::Reboot => "reboot",
    };
    let done = output("systemctl", &["--no-ask-password", "--no-wall", verb]);
    match done {
        Err(error) if is_unauthorised(&error) => {
            // Who is logged in by ssh may do it by sudo only, on Raspberry Pi OS without a password.
            output("sudo", &["-n", "systemctl", verb]).map(drop).map_err(|_| error)
        }
        done => done.map(drop),
    }
}

/// Whether polkit says no, and not an inhibitor, which sudo would pass over.
fn is_unauthorised(error: &io::Error) -> bool {
    let text = error.to_string();
    ["authentication required", "Access denied", "Permission denied"]
        .iter()
        .any(|no| text.contains(no))
}

/// Why this agent is being stopped, by the jobs of systemd.
pub(super) fn reason() -> Goodbye {
    match output("systemctl", &["list-jobs", "--no-legend", "--plain"]) {
        Ok(jobs) => Goodbye::of_jobs(&jobs),
        Err(_) => Goodbye::Other,
    }
}
