//! The longer texts of errors.

use crate::hooks::HookFailure;

pub(super) fn problems(count: usize) -> String {
    match count {
        1 => "one problem found".to_owned(),
        _ => format!("{count} problems found"),
    }
}

pub(super) fn list(refusals: &[HookFailure]) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn orders(connected: &[u8]) -> String {
    let known: Vec<_> = connected.iter().map(u8::to_string).collect();
    match known[..] {
        [] => "none is connected".to_owned(),
        _ => format!("connected: {}", known.join(", ")),
    }
}

/// Each node with why; their power is as it was.
fn keep_power(action: &str, failures: &[(String, String)], fixes: &[&str]) -> String {
    let nodes = failures.iter().map(|(node, why)| format!("{node}: {why}"));
    let parts: Vec<_> = nodes.chain(fixes.iter().map(|&fix| fix.to_owned())).collect();
    format!("did not {action}, and keep their power: {}", parts.join("; "))
}

pub(super) fn not_shut_down(
    failures: &[(String, String)],
    fixes: &[&str],
    cut: &[String],
) -> String {
    let failed = (!failures.is_empty()).then(|| keep_power("shut down", failures, fixes));
    let (were, they) = if cut.len() == 1 { ("was", "it") } else { ("were", "they") };
    let cut = (!cut.is_empty()).then(|| {
        let nodes = cut.join(" ");
        format!("{nodes} {were} switched off by another command before {they} had halted; {they} may have lost data")
    });
    cut.into_iter().chain(failed).collect::<Vec<_>>().join("; ")
}

pub(super) fn not_restarted(
    failures: &[(String, String)],
    fixes: &[&str],
    off: &[String],
) -> String {
    let failed = (!failures.is_empty()).then(|| keep_power("restart", failures, fixes));
    let off = (!off.is_empty())
        .then(|| format!("not restarted, because they are off: {}", off.join(" ")));
    failed.into_iter().chain(off).collect::<Vec<_>>().join("; ")
}
