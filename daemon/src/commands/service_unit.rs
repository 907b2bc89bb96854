//! The service that serves HTTPS from now on, and systemd, which runs it.

use std::path::PathBuf;

use system_config::Tools;
use system_config::changes::{Snapshot, SysPath};
use system_config::units;

use super::Failure;

/// Its unit.
pub(super) const NAME: &str = "clusterhatd.service";

/// The links that enable it and are not there yet, each with its target. One that is enabled already, by its package perhaps,
/// is not ours.
///
/// # Errors
/// It is not installed, or masked.
pub(super) fn links(system: &Snapshot) -> Result<Vec<(SysPath, PathBuf)>, Failure> {
    let found = units::links(system, NAME, NAME, "multi-user.target").ok_or_else(|| {
        failure(format!(
            "{NAME} is not installed below {}: install the package clusterhatd there first (or the units of daemon/share/systemd \
             in the source)",
            system.sysroot().root().display()
        ))
    })?;
    if units::is_usable(system, NAME) {
        return Ok(found);
    }
    Err(failure(format!("{NAME} is masked: unmask it first (systemctl unmask {NAME})")))
}

/// Whether there is a manager that can start it.
///
/// # Errors
/// There is none.
pub(super) fn check_manager(tools: &dyn Tools) -> Result<(), Failure> {
    let next = format!(
        "{NAME} is started by systemd: run setup on the controller itself, booted with systemd"
    );
    match tools.run("systemctl", &["is-system-running"]) {
        Err(error) => Err(failure(format!("systemctl cannot be run: {error}; {next}"))),
        // systemctl(1): these two say that no manager runs, or answers; others of no success are of one that does.
        Ok(printed) => match printed.stdout.trim() {
            state @ ("offline" | "unknown" | "") => {
                let state = if state.is_empty() { printed.stderr.trim() } else { state };
                Err(failure(format!("systemd does not run here ({state}); {next}")))
            }
            _ => Ok(()),
        },
    }
}

/// Starts it, or lets it read its configuration again.
///
/// # Errors
/// It does not start.
pub(super) fn start(tools: &dyn Tools) -> Result<(), Failure> {
    let next = "the configuration is written: see journalctl --unit=clusterhatd.service, then run setup again, or setup undo";
    systemctl(tools, &["daemon-reload"])
        .and_then(|()| systemctl(tools, &["reload-or-restart", NAME]))
        .map_err(|why| failure(format!("{NAME} does not start: {why}; {next}")))
}

/// Lets it read its configuration again, where it runs.
///
/// # Errors
/// It goes on as before.
pub(super) fn reload(tools: &dyn Tools) -> Result<(), Failure> {
    // Nothing runs that would have to be told.
    if check_manager(tools).is_err() {
        return Ok(());
    }
    let next = format!("HTTPS may be served still: systemctl stop {NAME}");
    systemctl(tools, &["daemon-reload"])
        .and_then(|()| systemctl(tools, &["try-reload-or-restart", NAME]))
        .map_err(|why| failure(format!("{NAME} did not reload: {why}; {next}")))
}

fn systemctl(tools: &dyn Tools, words: &[&str]) -> Result<(), String> {
    match tools.run("systemctl", words) {
        Ok(printed) if printed.success => Ok(()),
        Ok(printed) => Err(format!("systemctl {}: {}", words.join(" "), printed.stderr.trim())),
        Err(error) => Err(format!("systemctl cannot be run: {error}")),
    }
}

fn failure(message: String) -> Failure {
    Failure { kind: "service", message, exit_status: 1 }
}
