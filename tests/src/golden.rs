//! Golden files: what a program is expected to print or write, committed beside the test.
//!
//! A test run with `BLESS=1` in its environment writes them instead of comparing; read the difference before it is
//! committed.

use std::{env, fs, path::Path};

use similar::TextDiff;

/// How to renew a golden file, for the message of a failed test.
pub const BLESS: &str = "if this change is meant, run tests/renew, or this test again with BLESS=1";

/// Whether golden files are to be written.
#[must_use]
pub fn is_blessing() -> bool {
    env::var_os("BLESS").is_some_and(|value| value == "1")
}

/// Compares with a golden file; with `BLESS=1` writes it instead.
///
/// # Panics
/// If they differ, or the file cannot be written.
#[track_caller]
pub fn assert(file: &Path, actual: impl AsRef<[u8]>) {
    if let Some(difference) = difference(file, actual) {
        panic!("{difference}\n{BLESS}");
    }
}

/// The lines that differ from a golden file, with two lines around them; none if it is the same. With
/// `BLESS=1` writes the file instead.
///
/// # Panics
/// If the file cannot be written.
#[must_use]
pub fn difference(file: &Path, actual: impl AsRef<[u8]>) -> Option<String> {
    let actual = actual.as_ref();
    if is_blessing() {
        let folder = file.parent().unwrap_or(file);
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(file, actual));
        written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        return None;
    }
    compare(file, actual)
}

/// The lines that differ from a golden file; none if it is the same.
fn compare(file: &Path, actual: &[u8]) -> Option<String> {
    let Ok(expected) = fs::read(file) else {
        return Some(format!("{} is missing", file.display()));
    };
    (expected != actual).then(|| {
        let (expected, actual) =
            (String::from_utf8_lossy(&expected), String::from_utf8_lossy(actual));
        let lines = TextDiff::from_lines(&*expected, &*actual);
        let shown = lines.unified_diff().context_radius(2).header("expected", "actual").to_string();
        format!("{}:\n{shown}", file.display())
    })
}

#[cfg(test)]
mod tests {
    use super::{compare, fs};

    #[test]
    fn a_difference_shows_both_sides_and_what_is_around() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("golden");
        fs::write(&file, "a\nb\nc\nd\ne\nf\n").expect("a file");
        let shown = compare(&file, b"a\nb\nc\nX\ne\nf\n").expect("they differ");
        assert!(shown.ends_with(" b\n c\n-d\n+X\n e\n f\n"), "{shown}");
        assert_eq!(compare(&file, b"a\nb\nc\nd\ne\nf\n"), None);
    }

    #[test]
    fn a_missing_file_is_a_difference() {
        let folder = tempfile::tempdir().expect("a folder");
        let shown = compare(&folder.path().join("golden"), b"").expect("it is missing");
        assert!(shown.ends_with("golden is missing"), "{shown}");
    }
}
