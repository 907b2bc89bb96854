//! The files of a set-up, for people.

use std::path::PathBuf;

/// A line for each file that was changed: what was done to it, and its path.
pub(super) fn files(word: &str, changed: &[PathBuf], removed: &[PathBuf]) -> String {
    let line = |path: &PathBuf| {
        let word = if removed.contains(path) { "removed" } else { word };
        format!("{word} {}\n", path.display())
    };
    changed.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen: an undo told as restored, or as changed, what it had removed.
    #[test]
    fn what_is_gone_is_neither_changed_nor_restored() {
        let [kept, gone] = ["/a", "/b"].map(PathBuf::from);
        let text = files("restored", &[kept, gone.clone()], &[gone]);
        assert_eq!(text, "restored /a\nremoved /b\n");
    }
}
