//! `setup` for people.

use std::fmt::Write as _;

use clusterhat::report::SetupReport;

use super::files::files;

pub(super) fn render(report: &SetupReport) -> String {
    let word = if report.undo { "restored" } else { "changed" };
    let SetupReport { changed, removed, diff, .. } = report;
    let mut text = diff.clone().unwrap_or_else(|| files(word, changed, removed));
    for one in &report.groups {
        let verb = match (report.dry_run, report.undo) {
            (false, false) => "is now",
            (false, true) => "is no longer",
            (true, false) => "would be",
            (true, true) => "would no longer be",
        };
        // Writing to a String does not fail.
        let _ = writeln!(text, "{} {verb} in the group {}", one.user, one.group);
    }
    for note in &report.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text + &end(report)
}

fn end(report: &SetupReport) -> String {
    let nothing = report.changed.is_empty() && report.groups.is_empty();
    let but = if report.notes.is_empty() { "" } else { ", except as noted above" };
    match (nothing, report.dry_run, report.undo) {
        // The error that follows names them.
        _ if !report.edited.is_empty() => return String::new(),
        (true, _, true) => return "nothing to undo\n".to_owned(),
        (true, _, false) => return format!("this controller is set up{but}: nothing to change\n"),
        (_, true, _) => return "nothing was changed: this was a dry run\n".to_owned(),
        _ => {}
    }
    let mut text = match report.undo {
        true => format!("the setup was undone{but}\n"),
        false => format!("this controller is set up{but}\n"),
    };
    if report.reboot {
        text.push_str("reboot for it to take effect: nodes stay on, except on a v2.0 to v2.3 board on a Pi 4, where they lose power\n");
    }
    if !report.groups.is_empty() {
        text.push_str("group membership takes effect at the next login\n");
    }
    text
}
