//! A change as a unified diff.

use std::path::Path;

use similar::TextDiff;

use super::{Content, FileState};

const CONTEXT_LINES: usize = 3;

/// Bytes that are no UTF-8 are shown by a replacement character.
pub(super) fn of(path: &Path, before: Option<&Content>, after: Option<&Content>) -> String {
    let path = path.display();
    let (before, after) = match (before, after) {
        (_, Some(Content::Link(target))) => {
            return format!("--- /dev/null\n+++ {path}\n+link to {}\n", target.display());
        }
        (Some(Content::Link(target)), _) => {
            return format!("--- {path}\n+++ /dev/null\n-link to {}\n", target.display());
        }
        (before, after) => (file(before), file(after)),
    };
    let text = match (before, after) {
        (Some(before), Some(after)) if before.mode != after.mode => {
            format!("mode of {path}: {:04o} becomes {:04o}\n", before.mode, after.mode)
        }
        (None, Some(after)) => format!("new file {path}, mode {:04o}\n", after.mode),
        _ => String::new(),
    };
    let shown = |file: Option<&FileState>| match file {
        Some(file) => (path.to_string(), String::from_utf8_lossy(&file.bytes).into_owned()),
        None => ("/dev/null".to_owned(), String::new()),
    };
    let ((old_name, old), (new_name, new)) = (shown(before), shown(after));
    let diff = TextDiff::from_lines(&old, &new);
    let mut unified = diff.unified_diff();
    let unified = unified.context_radius(CONTEXT_LINES).header(&old_name, &new_name).to_string();
    text + &unified
}

const fn file(content: Option<&Content>) -> Option<&FileState> {
    match content {
        Some(Content::File(state)) => Some(state),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_alone_is_a_difference() {
        let of_mode = |mode| {
            let bytes = b"a\n".to_vec();
            Content::File(FileState { bytes, mode, owner: None })
        };
        let shown = of(Path::new("/f"), Some(&of_mode(0o644)), Some(&of_mode(0o600)));
        assert_eq!(shown, "mode of /f: 0644 becomes 0600\n");
    }
}
