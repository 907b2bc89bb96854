//! The file in which callers tell each other what outlasts a call: a short text that is changed as a
//! whole.
//!
//! It is written in place, since in a folder with the sticky bit nobody may replace what somebody
//! else has made, and kept short enough that the kernel writes it in one go.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Access, OFlags, access};
use rustix::io::Errno;

use super::lock::{self, LockError};

/// Nobody keeps the file for longer than it takes to read and write it.
const LIMIT: Duration = Duration::from_secs(1);
/// One page: what is longer was not written by us.
pub(super) const MOST_BYTES: usize = 4096;

/// Reads the text, and replaces it where `change` returns another; nobody else comes between. An
/// absent file is made where there is something to write, and is then everybody's who may reach its folder: as the lock
/// files are. `change` is called anew then, since somebody else may have been faster.
pub(super) fn change(
    path: &Path,
    change: &mut dyn FnMut(&str) -> Option<String>,
) -> io::Result<()> {
    let is_absent = open_with(path, false).is_err_and(|e| e.kind() == io::ErrorKind::NotFound);
    if is_absent && change("").is_none() {
        return Ok(());
    }
    let (file, is_writable) = open(path)?;
    lock(&file)?;
    let Some(text) = change(&read(&file)?) else { return Ok(()) };
    if !is_writable {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    file.write_all_at(text.as_bytes(), 0)?;
    file.set_len(text.len() as u64)
}

/// The text, where [`change`] could change it; empty where the file is absent and could be made. Makes and changes nothing.
pub(super) fn look(path: &Path) -> io::Result<String> {
    let file = match open_with(path, true) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut folders = path.ancestors().skip(1);
            // A link to nothing is in the way of a folder.
            let folder = folders.find(|folder| folder.symlink_metadata().is_ok());
            let folder = folder.unwrap_or(Path::new("."));
            access(folder, Access::WRITE_OK | Access::EXEC_OK)?;
            return Ok(String::new());
        }
        file => file?,
    };
    check_regular(&file)?;
    lock(&file)?;
    read(&file)
}

fn read(file: &File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(MOST_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn check_regular(file: &File) -> io::Result<()> {
    match file.metadata()?.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Opens the file, and says whether it may be written.
fn open(path: &Path) -> io::Result<(File, bool)> {
    loop {
        let found = match open_with(path, true) {
            Ok(file) => (file, true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => match make(path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                file => (file?, true),
            },
            Err(error) => (open_with(path, false).map_err(|_| error)?, false),
        };
        return check_regular(&found.0).map(|()| found);
    }
}

/// Neither follows a link that somebody has put there nor waits at a pipe.
fn open_with(path: &Path, write: bool) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let opened = OpenOptions::new().read(true).write(write).custom_flags(flags as i32).open(path);
    opened.map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::LOOP) => io::Error::other("it is a symbolic link"),
        _ => error,
    })
}

/// Whatever the umask is: the next caller may be another user.
fn make(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        std::fs::create_dir_all(folder).map_err(|error| match error.kind() {
            // A link to nothing has its name, which is not the record's.
            io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
            _ => error,
        })?;
    }
    lock::create(path, 0o666)?;
    open_with(path, true)
}

fn lock(file: &File) -> io::Result<()> {
    lock::wait(file, LIMIT).map_err(|error| match error {
        LockError::TimedOut(_) => io::ErrorKind::TimedOut.into(),
        LockError::Io(error) => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::thread;

    fn read_text(path: &Path) -> io::Result<String> {
        let mut text = String::new();
        change(path, &mut |old| {
            text = old.to_owned();
            None
        })?;
        Ok(text)
    }

    #[test]
    fn a_shorter_text_leaves_nothing_of_a_longer_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock").join("record");
        assert_eq!(read_text(&path).unwrap(), "");
        for text in ["a longer text", "short"] {
            change(&path, &mut |_| Some(text.to_owned())).unwrap();
            assert_eq!(read_text(&path).unwrap(), text);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o666);
    }

    #[test]
    fn who_looks_makes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock").join("record");
        assert_eq!(
            (look(&path).unwrap(), read_text(&path).unwrap()),
            <(String, String)>::default()
        );
        assert!(!path.parent().unwrap().exists());
        change(&path, &mut |_| Some("text".to_owned())).unwrap();
        assert_eq!(look(&path).unwrap(), "text");
        assert!(look(Path::new("/proc/sys/none/record")).is_err(), "nobody can make it");
        assert!(look(folder.path()).is_err());
    }

    #[test]
    fn no_change_of_several_callers_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record");
        let count = |text: &str| Some((text.parse::<u32>().unwrap_or(0) + 1).to_string());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    (0..50).for_each(|_| change(&path, &mut |text| count(text)).unwrap())
                });
            }
        });
        assert_eq!(read_text(&path).unwrap(), "200");
    }

    #[test]
    fn callers_that_make_the_file_at_once_all_use_it() {
        let folder = tempfile::tempdir().unwrap();
        let start = std::sync::Barrier::new(4);
        thread::scope(|scope| {
            for caller in 0..4 {
                let (start, folder) = (&start, folder.path());
                scope.spawn(move || {
                    for round in 0..100 {
                        let path = folder.join(round.to_string());
                        start.wait();
                        change(&path, &mut |text| Some(format!("{text}{caller}"))).unwrap();
                        start.wait();
                        assert_eq!(read_text(&path).unwrap().len(), 4);
                    }
                });
            }
        });
    }

    #[test]
    fn what_somebody_put_in_its_place_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "mine").unwrap();
        symlink(&target, &link).unwrap();
        let error = change(&link, &mut |_| Some(String::new())).unwrap_err();
        assert_eq!(error.to_string(), "it is a symbolic link");
        assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
        assert!(change(folder.path(), &mut |_| Some(String::new())).is_err());
    }

    /// Nobody makes such a folder in the meantime, for all that its name is taken.
    #[test]
    fn a_folder_that_is_a_link_to_nothing_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("lock");
        symlink("nowhere", &folder).unwrap();
        let path = folder.join("record");
        assert!(look(&path).is_err());
        let error = change(&path, &mut |_| Some(String::new())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotADirectory, "{error}");
    }
}
