//! Files of lines that are added to.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;

/// Ends a line that a full disk or a loss of power cut off, so that the next one is whole. Returns the file's size.
///
/// # Errors
/// A file that cannot be read or written: it is opened for both.
pub(crate) fn end_last_line(file: &mut File) -> io::Result<u64> {
    let size = file.metadata()?.len();
    let mut last = [b'\n'];
    if let Some(place) = size.checked_sub(1) {
        file.read_exact_at(&mut last, place)?;
    }
    if last == *b"\n" {
        return Ok(size);
    }
    file.write_all(b"\n")?;
    Ok(size + 1)
}
