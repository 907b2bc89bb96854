//! A change as a unified diff.

use std::path::Path;

use similar::TextDiff;

use super::{Change, Content};

const CONTEXT_LINES: usize = 3;

/// Bytes that are no UTF-8 are shown by a replacement character.
pub(super) fn of(change: &Change) -> String {
    let path = change.path.display();
    let after = match &change.after {
        Content::Link(target) => {
            return format!("--- /dev/null\n+++ {path}\n+link to {}\n", target.display());
        }
        Content::File(after) => after,
    };
    let mut text = String::new();
    match &change.before {
        Some(before) if before.mode != after.mode => {
            text = format!("mode of {path}: {:04o} becomes {:04o}\n", before.mode, after.mode);
        }
        Some(_) => {}
        None => text = format!("new file {path}, mode {:04o}\n", after.mode),
    }
    let old = change.before.as_ref().map_or(&[][..], |before| &before.bytes);
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(&after.bytes));
    let name = if change.before.is_some() { &change.path } else { Path::new("/dev/null") };
    let diff = TextDiff::from_lines(old.as_ref(), new.as_ref());
    let mut unified = diff.unified_diff();
    let unified = unified
        .context_radius(CONTEXT_LINES)
        .header(&name.display().to_string(), &path.to_string())
        .to_string();
    text + &unified
}
