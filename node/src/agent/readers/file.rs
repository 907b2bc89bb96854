//! The kernel's files.

use std::fs;
use std::path::Path;

/// The text of a file below a root; none where it cannot be read.
pub(super) fn text(root: &Path, file: &str) -> Option<String> {
    fs::read_to_string(root.join(file)).ok()
}
