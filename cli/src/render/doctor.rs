//! `doctor` for people: problems first.

use std::fmt::Write as _;

use clusterhat::doctor::{DoctorFinding, Severity};
use clusterhat::report::{CheckNotMade, DoctorReport, FixDone};

use super::table::{Tone, paint};

pub(super) fn render(report: &DoctorReport) -> String {
    let is_well = report.findings.is_empty();
    let mut text = report.fixed.as_ref().map_or(String::new(), |done| fixed(done, is_well));
    text.extend(report.findings.iter().map(finding));
    text.push_str(&not_made(&report.not_made));
    text + &summary(report)
}

fn finding(finding: &DoctorFinding) -> String {
    let (word, tone) = match finding.severity {
        Severity::Error => ("error:", Tone::Bad),
        Severity::Warning => ("warning:", Tone::Bad),
        Severity::Note => ("note:", Tone::Head),
    };
    let (what, why, fix) = (&finding.what, finding.why, &finding.fix);
    let by_itself = if finding.fixable { " (or `sudo clusterhat doctor --fix`)" } else { "" };
    format!("{} {what}\n  why: {why}\n  fix: {fix}{by_itself}\n", paint(word, tone))
}

/// What the fixes did; `is_well` says that nothing is left to fix.
fn fixed(done: &FixDone, is_well: bool) -> String {
    let mut text = done.diff.clone().unwrap_or_default();
    let word = if done.dry_run { "would be" } else { "was" };
    // Writing to a String does not fail.
    for path in &done.changed {
        let _ = writeln!(text, "{} {word} changed", path.display());
    }
    for one in &done.groups {
        let _ = writeln!(
            text,
            "{} {word} added to the group {}; effective from the next login",
            one.user, one.group
        );
    }
    if !done.loaded.is_empty() {
        let _ = writeln!(text, "{} {word} loaded, until the next boot", done.loaded.join(" "));
    }
    for failed in &done.failed {
        let _ = writeln!(text, "{} {failed}", paint("not fixed:", Tone::Bad));
    }
    let is_nothing = done.changed.is_empty() && done.groups.is_empty();
    if !(done.dry_run || is_nothing) {
        text.push_str("`clusterhat setup undo` restores the files and groups\n");
    }
    if done.reboot {
        text.push_str("reboot for it to take effect\n");
    }
    match (text.is_empty(), is_well) {
        (true, true) => "nothing to fix\n".to_owned(),
        (true, false) => "nothing here is safe to fix automatically\n".to_owned(),
        (false, _) => text,
    }
}

/// A line for each reason.
fn not_made(checks: &[CheckNotMade]) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for CheckNotMade { check, reason, .. } in checks {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, checks)) => checks.push(check),
            None => reasons.push((reason, vec![check])),
        }
    }
    let line = |(reason, checks): (&str, Vec<&str>)| {
        format!("not checked: {}: {reason}\n", checks.join(", "))
    };
    reasons.into_iter().map(line).collect()
}

fn summary(report: &DoctorReport) -> String {
    let notes = report.findings.iter().filter(|one| one.severity == Severity::Note).count();
    let problems = report.findings.len() - notes;
    let counted = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let passed = counted(report.passed.len(), "check");
    let found = match (problems, notes) {
        (0, 0) => paint("nothing found", Tone::Good),
        (0, notes) => counted(notes, "note"),
        (problems, 0) => counted(problems, "problem"),
        (problems, notes) => {
            format!("{}, {}", counted(problems, "problem"), counted(notes, "note"))
        }
    };
    match report.not_made.len() {
        0 => format!("{found}; {passed} passed\n"),
        // What was not looked at is not well.
        count if report.findings.is_empty() => {
            format!("{found} by the {passed} that could be run; {count} could not\n")
        }
        count => format!("{found}; {passed} passed, {count} could not be run\n"),
    }
}
