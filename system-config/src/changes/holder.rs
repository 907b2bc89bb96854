//! Who holds a lock, as the kernel's `/proc/locks` tells (proc(5)), and how long that is waited for.

use std::fmt;
use std::fs;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{fstat, major, minor};

/// The kernel's list skips entries while others come and go: it is read more than once.
const LOOKS: u8 = 5;

/// A wait for another setup.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Wait<'a> {
    /// What it works on.
    pub path: &'a Path,
    /// Since when this waits.
    pub waited: Duration,
    /// Who it is, where the kernel tells.
    pub holder: Option<LockHolder>,
}

/// A process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockHolder {
    /// Its process number.
    pub pid: u32,
    /// Its program's name, where it may be read.
    pub program: Option<String>,
}

impl LockHolder {
    /// Who holds the lock on this folder, where the kernel tells.
    pub fn of(folder: impl AsFd) -> Option<Self> {
        let found = fstat(folder).ok()?;
        let (major, minor) = (major(found.st_dev), minor(found.st_dev));
        let place = format!("{major:02x}:{minor:02x}:{}", found.st_ino);
        let look = |_| find(&fs::read_to_string("/proc/locks").ok()?, &place);
        let pid = (0..LOOKS).find_map(look)?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok();
        let name = name.map(|name| name.trim_end().escape_debug().to_string());
        Some(Self { pid, program: name.filter(|name| !name.is_empty()) })
    }
}

/// A line is `1: FLOCK  ADVISORY  WRITE 1234 00:05:42 0 EOF`; a waiter's has `->` after the colon. One whose
/// process is in another PID namespace has the number 0.
fn find(locks: &str, place: &str) -> Option<u32> {
    let pid = locks.lines().find_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            [_, "FLOCK", _, _, pid, at, ..] if at == place => pid.parse().ok(),
            _ => None,
        }
    });
    pid.filter(|pid| *pid != 0)
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid)?;
        match &self.program {
            Some(program) => write!(f, " ({program})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Wait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, seconds) = (self.path.display(), self.waited.as_secs());
        match &self.holder {
            Some(holder) => {
                write!(f, "waiting for {holder}, which has locked {path}: {seconds} s")
            }
            None => write!(f, "waiting for another process, which has locked {path}: {seconds} s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{FlockOperation, flock};

    use super::*;

    #[test]
    fn a_wait_names_who_is_waited_for_and_how_long() {
        let path = Path::new("/mnt");
        let wait = |holder| Wait { path, holder, waited: Duration::from_secs(3) }.to_string();
        let holder = |program| Some(LockHolder { pid: 7, program });
        let of_program = wait(holder(Some("clusterhat".to_owned())));
        assert_eq!(of_program, "waiting for process 7 (clusterhat), which has locked /mnt: 3 s");
        assert_eq!(wait(holder(None)), "waiting for process 7, which has locked /mnt: 3 s");
        assert_eq!(wait(None), "waiting for another process, which has locked /mnt: 3 s");
    }

    #[test]
    fn the_holder_is_told_from_waiters_and_from_those_of_other_namespaces() {
        let locks = "1: FLOCK  ADVISORY  WRITE 10 00:05:42 0 EOF\n\
                     1: -> FLOCK  ADVISORY  WRITE 11 00:05:43 0 EOF\n\
                     2: POSIX  ADVISORY  WRITE 12 00:05:44 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 0 00:05:45 0 EOF\n";
        assert_eq!(find(locks, "00:05:42"), Some(10));
        assert_eq!([43, 44, 45].map(|node| find(locks, &format!("00:05:{node}"))), [None; 3]);
    }

    #[test]
    fn this_process_holds_the_lock_that_it_has_taken() {
        let folder = tempfile::tempdir().unwrap();
        let lock = fs::File::open(folder.path()).unwrap();
        assert_eq!(LockHolder::of(&lock), None);
        flock(&lock, FlockOperation::LockExclusive).unwrap();
        let holder = LockHolder::of(&lock).unwrap();
        let name = fs::read_to_string("/proc/self/comm").unwrap();
        assert_eq!(
            (holder.pid, holder.program.as_deref()),
            (std::process::id(), Some(name.trim_end()))
        );
    }
}
