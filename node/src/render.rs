//! From an outcome to what is printed, as text or JSON. Nothing else prints.

use std::fmt::{Display, Write as _};
use std::io::{self, ErrorKind, IsTerminal as _, Write as _, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::report::{
    CardReport, Document, DownReport, GadgetReport, Outcome, Report, SCHEMA, UndoReport, UpReport,
};

/// Prints what a command has to say, and gives its exit status. As JSON everything is one document on
/// standard output; for people, warnings and errors go to standard error.
pub(crate) fn finish(
    command: &str,
    outcome: &Outcome,
    warnings: &[String],
    json: bool,
) -> ExitCode {
    let report = outcome.report.as_ref();
    let printed = if json {
        let error = outcome.error.as_ref().map(|error| error.report());
        print_json(&Document { schema: SCHEMA, command, report, warnings, error })
    } else {
        for warning in warnings {
            tell(&format!("warning: {warning}"));
        }
        let text = report.map(Report::text).unwrap_or_default();
        let printed = io::stdout().write_all(text.as_bytes());
        if let Some(error) = &outcome.error {
            tell(&error.message());
        }
        printed
    };
    exit_of(outcome.exit_status(), printed)
}

/// The exit status of a run whose output may not have been written.
pub(crate) fn exit_of(status: u8, printed: io::Result<()>) -> ExitCode {
    match printed {
        // The reader has seen enough, as `head` does; what was asked for is done.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            tell(&format!("cannot write the output: {error}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::from(status),
    }
}

/// One line.
fn print_json(document: &Document<'_>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, document)?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}

/// A line beside the report, for people.
fn tell(line: &str) {
    // Nothing is left to be done where standard error is closed.
    let _ = writeln!(stderr(), "clusterhat-node: {line}");
}

/// A line on a terminal that tells what is waited for, and is gone at the end.
#[derive(Default)]
pub(crate) struct ProgressLine {
    is_shown: bool,
}

impl ProgressLine {
    pub(crate) fn show(&mut self, what: &impl Display) {
        self.is_shown = stderr().is_terminal();
        if self.is_shown {
            // One that cannot be written is no reason to stop.
            let _ = write!(stderr(), "\r\x1b[K{what}");
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

impl Report {
    /// Whole lines for people.
    fn text(&self) -> String {
        match self {
            Self::Up(report) if report.dry_run => planned_up(report),
            Self::Up(report) => up(report),
            Self::Down(DownReport { dry_run: true, removed: true }) => {
                format!("would remove the gadget\n{DRY_RUN}")
            }
            Self::Down(DownReport { removed: true, .. }) => "the gadget was removed\n".to_owned(),
            Self::Down(DownReport { removed: false, .. }) => "there is no gadget\n".to_owned(),
            Self::Status(report) => status(report),
            Self::Setup(report) => setup(report),
            Self::Undo(report) => undo(report),
        }
    }
}

fn planned_up(report: &UpReport) -> String {
    let (id, udc) = (report.identity.profile.id, &report.udc);
    let step = match (report.action, &report.because) {
        ("none", _) => return format!("node {id} is up already: nothing to change\n"),
        ("bound", _) => format!("would bind the gadget of node {id} to {udc}"),
        ("remade", Some(because)) => {
            format!("would recreate the gadget of node {id} on {udc} because {because}")
        }
        _ => format!("would create the gadget of node {id} on {udc}"),
    };
    format!("{step}\n{DRY_RUN}")
}

fn up(report: &UpReport) -> String {
    let profile = &report.identity.profile;
    let done = match (report.action, &report.because) {
        ("none", _) => "is up already".to_owned(),
        ("remade", Some(because)) => format!("is up, recreated because {because}"),
        _ => "is up".to_owned(),
    };
    let network = report.network.as_deref().unwrap_or("no interface yet");
    format!("node {} {done}\n", profile.id)
        + &line("UDC", &report.udc)
        + &line(
            "network",
            format_args!(
                "{network}, {}, {} (controller's end {})",
                profile.ethernet, report.identity.node_mac, report.identity.host_mac
            ),
        )
        + &line("serial", report.ttys.join(" "))
        + &second_port(report.without_second_port, report.refused.as_deref())
}

fn status(report: &GadgetReport) -> String {
    let mut text = match (report.state, &report.difference) {
        ("differs", Some(difference)) => {
            line("gadget", format_args!("not as configured: {difference}"))
        }
        ("unbound", _) => line("gadget", "present, but not bound to a UDC"),
        (state, _) => line("gadget", state),
    };
    if let Some(identity) = &report.identity {
        let profile = &identity.profile;
        text += &line(
            "node",
            format_args!(
                "{}, {}, {}, {} (controller's end {})",
                profile.id, profile.boot, profile.ethernet, identity.node_mac, identity.host_mac
            ),
        );
    }
    if let Some(udc) = &report.udc {
        text += &line("UDC", format_args!("{}, {}", udc.name, udc.state));
    }
    if let Some(network) = &report.network {
        text += &line("network", network);
    }
    if !report.ttys.is_empty() {
        text += &line("serial", report.ttys.join(" "));
    }
    text += &second_port(report.without_second_port, None);
    for other in &report.others {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{} is used by {}", other.udc, other.owner);
    }
    text
}

fn line(key: &str, value: impl Display) -> String {
    format!("{key:12}{value}\n")
}

/// Why the second serial port is missing, where it is.
fn second_port(is_without: bool, refused: Option<&str>) -> String {
    if !is_without {
        return String::new();
    }
    let why = refused.map_or_else(String::new, |why| format!(" ({why})"));
    format!(
        "warning: the second serial port is off, because the USB device controller refused it{why}; \
         set serial-ports = 1 in node.toml to leave it off\n"
    )
}

const DRY_RUN: &str = "nothing was changed: this was a dry run\n";

fn setup(report: &CardReport) -> String {
    let mut text = match &report.diff {
        Some(diff) => diff.clone(),
        None => lines("changed", &report.changed),
    };
    text += &notes(&report.notes);
    let id = report.id;
    text += &match (report.changed.is_empty(), report.dry_run) {
        (true, _) => format!("node {id} is set up already: nothing to change\n"),
        (false, true) => DRY_RUN.to_owned(),
        (false, false) => format!("node {id} is set up: takes effect at its next boot\n"),
    };
    text
}

fn undo(report: &UndoReport) -> String {
    let end = match (&*report.edited, [&report.restored, &report.removed, &report.kept]) {
        ([], paths) if paths.iter().all(|paths| paths.is_empty()) => "nothing to undo\n",
        _ if report.dry_run => DRY_RUN,
        ([], _) => "the setup was undone: takes effect at the next boot\n",
        _ => "",
    };
    let done = match &report.diff {
        Some(diff) => diff.clone(),
        None => {
            lines("restored", &report.restored)
                + &lines("removed", &report.removed)
                + &lines("kept, not empty:", &report.kept)
        }
    };
    done + &notes(&report.notes) + end
}

fn notes(notes: &[String]) -> String {
    notes.iter().map(|note| format!("note: {note}\n")).collect()
}

fn lines(what: &str, paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("{what} {}\n", path.display())).collect()
}

#[cfg(test)]
mod tests {
    use gadget_config::{BootMethod, Profile};

    use super::*;
    use crate::report::Identity;

    fn planned(action: &'static str, because: Option<&str>) -> String {
        let profile = Profile::new("3".parse().unwrap(), BootMethod::Card);
        let report = UpReport {
            dry_run: true,
            action,
            because: because.map(str::to_owned),
            identity: Identity::of(&profile),
            udc: "20980000.usb".to_owned(),
            network: None,
            ttys: Vec::new(),
            without_second_port: false,
            refused: None,
        };
        Report::Up(report).text()
    }

    #[test]
    fn a_dry_run_says_what_would_be_done() {
        let end = "nothing was changed: this was a dry run\n";
        for (action, because, text) in [
            ("made", None, "would create the gadget of node 3 on 20980000.usb\n"),
            ("bound", None, "would bind the gadget of node 3 to 20980000.usb\n"),
            (
                "remade",
                Some("idProduct is 0x0020"),
                "would recreate the gadget of node 3 on 20980000.usb because idProduct is 0x0020\n",
            ),
        ] {
            assert_eq!(planned(action, because), format!("{text}{end}"));
        }
        assert_eq!(planned("none", None), "node 3 is up already: nothing to change\n");
        let down = |removed| Report::Down(DownReport { dry_run: true, removed }).text();
        assert_eq!(down(true), format!("would remove the gadget\n{end}"));
        assert_eq!(down(false), "there is no gadget\n");
    }
}
