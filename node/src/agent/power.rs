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
        Ok(jobs) => of_jobs(&jobs),
        Err(_) => Goodbye::Other,
    }
}

/// A line is the job's number, its unit, what is to be done and how far it is.
fn of_jobs(jobs: &str) -> Goodbye {
    let reason = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        match (words.next()?, words.next()?) {
            ("poweroff.target", "start") => Some(Goodbye::Poweroff),
            ("halt.target", "start") => Some(Goodbye::Halt),
            ("reboot.target" | "kexec.target" | "soft-reboot.target", "start") => {
                Some(Goodbye::Reboot)
            }
            _ => None,
        }
    };
    jobs.lines().find_map(reason).unwrap_or(Goodbye::Stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_target_that_systemd_is_on_its_way_to() {
        let stop = "612 clusterhat-node-agent.service stop running\n";
        for (jobs, reason) in [
            ("590 poweroff.target start waiting\n", Goodbye::Poweroff),
            ("590 halt.target       start waiting\n", Goodbye::Halt),
            ("590 reboot.target start waiting\n", Goodbye::Reboot),
            ("590 kexec.target start waiting\n", Goodbye::Reboot),
            ("590 poweroff.target stop waiting\n", Goodbye::Stopped),
            ("", Goodbye::Stopped),
        ] {
            assert_eq!(of_jobs(&format!("{stop}{jobs}")), reason, "{jobs}");
        }
    }
}
