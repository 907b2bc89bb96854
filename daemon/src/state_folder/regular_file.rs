//! Regular files, and nothing that only has the name of one.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

const NOT_REGULAR: &str = "not a regular file; put one there";

/// No file that is read here grows so large: what does is something else, and would fill the memory.
pub(super) const LARGEST: u64 = 16 * 1024 * 1024;

/// The content of a file.
///
/// # Errors
/// Where it cannot be read, is no regular file or too large: the error names it.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = open_regular(path, OFlags::RDONLY);
    file.and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| cannot("read", path, &error))?;
    if bytes.len() as u64 > LARGEST {
        let text = format!("larger than {LARGEST} bytes; put the right file there");
        let error = io::Error::new(io::ErrorKind::InvalidData, text);
        return Err(cannot("read", path, &error));
    }
    Ok(bytes)
}

/// Neither waits at a pipe nor takes a device that has no end.
pub(super) fn open_regular(path: &Path, flags: OFlags) -> io::Result<File> {
    let refused = |text| io::Error::new(io::ErrorKind::InvalidInput, text);
    let flags = flags | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file),
        Err(Errno::LOOP) => return Err(refused("a symbolic link is not followed; remove it")),
        // A socket, or a pipe that nobody reads.
        Err(Errno::NXIO) => return Err(refused(NOT_REGULAR)),
        Err(errno) => return Err(errno.into()),
    };
    if !file.metadata()?.is_file() {
        return Err(refused(NOT_REGULAR));
    }
    Ok(file)
}

/// An error that names the file.
pub(crate) fn cannot(what: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {what} {}: {error}", path.display()))
}
