//! The folder of what outlives a restart: accounts, tokens, the certificate. Its files are whole at any moment, for the
//! daemon's user alone.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use serde::Serialize;
use serde::de::DeserializeOwned;
use system_config::changes::{self, ChangeError, FileState, LinuxDisk, LockHolder, Owner};

use regular_file::open_regular;
pub(crate) use regular_file::{cannot, read_file};

use crate::whole_lines::end_last_line;

mod regular_file;

/// Held by the daemon that uses the folder.
const LOCK: &str = "lock";

/// How long a change waits for another: each lasts no longer than writing one file takes.
pub const LONGEST_WAIT: Duration = Duration::from_secs(10);

const POLL: Duration = Duration::from_millis(10);

/// By these a folder is known that is the daemon's already.
const OWN: [&str; 4] = ["accounts.json", "tokens.json", "key.pem", LOCK];

/// The folder, mode 0700.
#[derive(Clone, Debug)]
pub struct StateFolder(PathBuf);

impl StateFolder {
    /// Makes the folder where it is not there, and takes away what others may do with it.
    ///
    /// # Errors
    /// Where it cannot be made, belongs to another user, or is open to others and has other things in it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| match error.kind() {
            // A directory that is there already is no error.
            io::ErrorKind::AlreadyExists => {
                io::Error::new(error.kind(), "not a directory; choose another folder")
            }
            _ => error,
        })?;
        if fs::metadata(path)?.mode() & 0o077 != 0 {
            if !is_own(path)? {
                let text = "other users have access to it, and it has other files: choose a separate folder, or restrict this one (chmod 700)";
                return Err(io::Error::other(text));
            }
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self(path.to_owned()))
    }

    /// The folder where it is there already, to look into it: nothing is made or changed.
    ///
    /// # Errors
    /// Where that cannot be found out.
    pub fn existing(path: &Path) -> io::Result<Option<Self>> {
        Ok(path.try_exists()?.then(|| Self(path.to_owned())))
    }

    /// A file's path.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file's content; `None` where it is not there.
    ///
    /// # Errors
    /// Where it cannot be read: the error names the file, as those of all that follow do.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match read_file(&self.path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces a file, mode 0600: whoever reads it sees the old content or the new one, whenever this is cut.
    ///
    /// # Errors
    /// Where it cannot be written; the old content stays.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let owner = self.owner().map_err(|error| cannot("write", &self.path(name), &error))?;
        let state = FileState { bytes: bytes.to_owned(), mode: 0o600, owner };
        let written = changes::replace_file(&mut LinuxDisk, &self.0, Path::new(name), &state);
        written.map_err(|error| match error {
            ChangeError::Io { source, .. } => cannot("write", &self.path(name), &source),
            error => io::Error::other(error),
        })
    }

    /// Adds a line to a file, mode 0600; one that grew beyond `limit` is kept as `NAME.1` first.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn append(&self, name: &str, line: &[u8], limit: u64) -> io::Result<()> {
        let path = self.path(name);
        if is_larger(&path, limit) {
            self.put_aside(name, limit)?;
        }
        let mut file = self.open_own(&path, OFlags::RDWR | OFlags::APPEND)?;
        let added = end_last_line(&mut file).and_then(|_| file.write_all(line));
        added.map_err(|error| cannot("write", &path, &error))
    }

    /// The daemon and a command may both come here: who is second finds the new file, and keeps the old one. Where
    /// another has the folder, the line goes into the full file: who waits for it may be letting somebody in.
    fn put_aside(&self, name: &str, limit: u64) -> io::Result<()> {
        let path = self.path(name);
        match self.try_lock()? {
            Some(_turn) if is_larger(&path, limit) => {
                let moved = fs::rename(&path, self.path(&format!("{name}.1")));
                moved.map_err(|error| cannot("write", &path, &error))
            }
            _ => Ok(()),
        }
    }

    /// Opens a file of the folder's owner, who may have put a link in its place: to a file of root's, where root opens it.
    fn open_own(&self, path: &Path, flags: OFlags) -> io::Result<File> {
        let file = open_regular(path, flags | OFlags::CREATE | OFlags::NOFOLLOW);
        let file = file.map_err(|error| cannot("write", path, &error))?;
        self.give(&file).map_err(|error| cannot("write", path, &error))?;
        Ok(file)
    }

    /// Takes the folder for one daemon, until what is returned is dropped.
    ///
    /// # Errors
    /// Another daemon has it, or it cannot be locked.
    pub fn occupy(&self) -> io::Result<File> {
        let file = self.open_own(&self.path(LOCK), OFlags::RDWR)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(Errno::WOULDBLOCK) => {
                let text = "another clusterhatd uses it: stop that one, or name another folder";
                Err(io::Error::new(io::ErrorKind::ResourceBusy, text))
            }
            Err(errno) => Err(cannot("lock", &self.path(LOCK), &errno.into())),
        }
    }

    /// Keeps others from changing anything here until it is dropped; waits at most `limit` for one that does. A wait
    /// without a limit would never end where that process is stopped.
    ///
    /// # Errors
    /// Another has it all the time, or it cannot be locked.
    pub fn lock(&self, limit: Duration) -> io::Result<File> {
        let start = Instant::now();
        loop {
            if let Some(turn) = self.try_lock()? {
                return Ok(turn);
            }
            if start.elapsed() >= limit {
                let holder = File::open(&self.0).ok().and_then(LockHolder::of);
                let holder = holder.map_or("another process".to_owned(), |it| it.to_string());
                let text = format!(
                    "cannot lock {} within {} s: {holder} holds it; try again when it has ended",
                    self.0.display(),
                    limit.as_secs_f32()
                );
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, text));
            }
            thread::sleep(POLL);
        }
    }

    /// Locks the folder if nobody else has.
    fn try_lock(&self) -> io::Result<Option<File>> {
        let folder = File::open(&self.0);
        let folder = folder.map_err(|error| cannot("lock", &self.0, &error))?;
        match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(folder)),
            Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(None),
            Err(errno) => Err(cannot("lock", &self.0, &errno.into())),
        }
    }

    /// Files that root writes belong to the folder's owner.
    fn owner(&self) -> io::Result<Option<Owner>> {
        let folder = fs::metadata(&self.0)?;
        let owner = Owner { uid: folder.uid(), gid: folder.gid() };
        Ok(rustix::process::geteuid().is_root().then_some(owner))
    }

    fn give(&self, file: &File) -> io::Result<()> {
        let own = file.metadata()?;
        match self.owner()? {
            Some(owner) if (owner.uid, owner.gid) != (own.uid(), own.gid()) => {
                fchown(file, Some(owner.uid), Some(owner.gid))
            }
            _ => Ok(()),
        }
    }

    /// A JSON document; `None` where it is not there.
    ///
    /// # Errors
    /// Where it cannot be read, or is not what is expected: the error names the file.
    pub fn read_json<T: DeserializeOwned>(&self, name: &str) -> io::Result<Option<T>> {
        let Some(bytes) = self.read(name)? else { return Ok(None) };
        let parsed = serde_json::from_slice(&bytes);
        parsed.map(Some).map_err(|error| {
            let path = self.path(name);
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{}: {error}; put a copy back, or remove it to start anew", path.display()),
            )
        })
    }

    /// Writes a JSON document, as [`Self::write`].
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write_json<T: Serialize>(&self, name: &str, value: &T) -> io::Result<()> {
        let mut bytes = serde_json::to_vec_pretty(value)?;
        bytes.push(b'\n');
        self.write(name, &bytes)
    }
}

fn is_larger(path: &Path, limit: u64) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.len() > limit)
}

fn is_own(folder: &Path) -> io::Result<bool> {
    let is_known = OWN.iter().any(|name| fs::symlink_metadata(folder.join(name)).is_ok());
    Ok(is_known || fs::read_dir(folder)?.next().is_none())
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    /// Seen: a start waited for ever at a pipe in the place of a file.
    #[test]
    fn a_pipe_in_the_place_of_a_file_is_refused_at_once() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        mknodat(CWD, folder.path("a.json"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let error = folder.read("a.json").unwrap_err().to_string();
        assert!(error.contains("a.json: not a regular file"), "{error}");
        let error = folder.append("a.json", b"x", 1).unwrap_err().to_string();
        assert!(error.contains("a.json: not a regular file"), "{error}");
    }

    /// Seen: a line that a full disk cut off took the next one with it.
    #[test]
    fn a_line_after_one_that_was_cut_off_is_whole() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        fs::write(folder.path("a.log"), "one\ntw").unwrap();
        for line in [b"three\n", b"four.\n"] {
            folder.append("a.log", line, 4096).unwrap();
        }
        assert_eq!(fs::read_to_string(folder.path("a.log")).unwrap(), "one\ntw\nthree\nfour.\n");
    }

    /// A command and the daemon, which both found that it is full.
    #[test]
    fn a_full_file_is_put_aside_once() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path(name)).unwrap();
        fs::write(folder.path("a.log"), "long enough\n").unwrap();
        folder.append("a.log", b"first\n", 8).unwrap();
        folder.put_aside("a.log", 8).unwrap();
        folder.append("a.log", b"second\n", 8).unwrap();
        assert_eq!([read("a.log.1"), read("a.log")], ["long enough\n", "first\nsecond\n"]);
    }

    /// Whoever is let in or refused has a line in a log.
    #[test]
    fn a_line_does_not_wait_for_the_folder() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path(name)).unwrap();
        fs::write(folder.path("a.log"), "long enough\n").unwrap();
        let turn = folder.lock(LONGEST_WAIT).unwrap();
        folder.append("a.log", b"second\n", 8).unwrap();
        assert_eq!(read("a.log"), "long enough\nsecond\n");
        drop(turn);
        folder.append("a.log", b"third\n", 8).unwrap();
        assert_eq!([read("a.log.1"), read("a.log")], ["long enough\nsecond\n", "third\n"]);
    }

    #[test]
    fn who_has_the_folder_for_too_long_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let turn = folder.lock(LONGEST_WAIT).unwrap();
        let error = folder.lock(Duration::from_millis(500)).unwrap_err().to_string();
        let begin = format!("cannot lock {} within 0.5 s: process ", parent.path().display());
        assert!(error.starts_with(&begin), "{error}");
        assert!(error.contains(&format!("process {} (", std::process::id())), "{error}");
        drop(turn);
        drop(folder.lock(Duration::ZERO).unwrap());
    }

    /// Seen: a link that the daemon's user made let a command of root's add to any file, and give it to that user.
    #[test]
    fn a_link_in_the_place_of_a_file_is_not_written_through() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(&parent.path().join("state")).unwrap();
        let other = parent.path().join("other");
        fs::write(&other, "of others").unwrap();
        for name in ["a.log", LOCK] {
            std::os::unix::fs::symlink(&other, folder.path(name)).unwrap();
        }
        for error in [folder.append("a.log", b"x", 4096).unwrap_err(), folder.occupy().unwrap_err()]
        {
            assert!(error.to_string().contains("a symbolic link is not followed"), "{error}");
        }
        assert_eq!(fs::read_to_string(&other).unwrap(), "of others");
        // A certificate is read where the owner keeps it.
        assert_eq!(read_file(&folder.path("a.log")).unwrap(), b"of others");
    }

    #[test]
    fn what_cannot_be_used_is_named_and_fills_no_memory() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        File::create(folder.path("large")).unwrap().set_len(regular_file::LARGEST + 1).unwrap();
        let error = folder.read("large").unwrap_err().to_string();
        assert!(error.contains("large: larger than"), "{error}");
        let socket = std::os::unix::net::UnixListener::bind(folder.path("socket")).unwrap();
        let error = folder.read("socket").unwrap_err().to_string();
        assert!(error.contains("socket: not a regular file"), "{error}");
        drop(socket);
        let error = StateFolder::open(&folder.path("large")).unwrap_err().to_string();
        assert!(error.contains("not a directory"), "{error}");
    }

    /// Seen: `--state-dir /etc` closed that folder to everybody else.
    #[test]
    fn a_folder_that_others_use_is_not_closed_to_them() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("shared");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(path.join("of-others"), "").unwrap();
        let error = StateFolder::open(&path).unwrap_err().to_string();
        assert!(error.contains("choose a separate folder"), "{error}");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o755);
        // An empty one, or its own of before, is taken.
        fs::remove_file(path.join("of-others")).unwrap();
        StateFolder::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn one_daemon_has_a_folder() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let held = folder.occupy().unwrap();
        let error = folder.occupy().unwrap_err().to_string();
        assert!(error.contains("another clusterhatd uses it"), "{error}");
        // The commands beside it go on changing files.
        drop(folder.lock(LONGEST_WAIT).unwrap());
        drop(held);
        folder.occupy().unwrap();
    }

    #[test]
    fn files_are_private_and_replaced_whole() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(&parent.path().join("state")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&parent.path().join("state")), 0o700);
        assert_eq!(folder.read_json::<u32>("a.json").unwrap(), None);
        folder.write_json("a.json", &1).unwrap();
        // What a kill left behind, open to all, is not what gets the content.
        fs::write(folder.path(".a.json.clusterhat-new"), "half").unwrap();
        folder.write_json("a.json", &2).unwrap();
        assert_eq!(folder.read_json::<u32>("a.json").unwrap(), Some(2));
        assert_eq!(mode(&folder.path("a.json")), 0o600);
        fs::write(folder.path("a.json"), "{").unwrap();
        let error = folder.read_json::<u32>("a.json").unwrap_err().to_string();
        assert!(error.contains("a.json"), "{error}");
    }
}
