//! Who holds a lock, as the kernel's `/proc/locks` tells (proc(5)).

use std::fmt;
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::{fstat, major, minor};

/// A process that holds a lock, or has a device open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// Its process number.
    pub pid: u32,
    /// Its command line, where it may be read.
    pub command: Option<String>,
}

/// The kernel's list skips entries while others come and go: it is read more than once.
const LOOKS: u8 = 5;

impl Holder {
    /// Who holds the lock on this file, if known.
    pub fn of(file: impl AsFd) -> Option<Self> {
        let stat = fstat(file).ok()?;
        let id = format!("{:02x}:{:02x}:{}", major(stat.st_dev), minor(stat.st_dev), stat.st_ino);
        let look = |_| find(&fs::read_to_string("/proc/locks").ok()?, &id);
        (0..LOOKS).find_map(look).map(Self::new)
    }

    /// Who has this character device open, with a lock or without, by `/proc/PID/fd`. Everybody's files are
    /// shown to root only.
    #[must_use]
    pub fn with_open(device: &Path) -> Option<Self> {
        let number = device_number(device)?;
        fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let mut files = fs::read_dir(entry.path().join("fd")).ok()?.flatten();
            files.any(|file| device_number(&file.path()) == Some(number)).then(|| Self::new(pid))
        })
    }

    fn new(pid: u32) -> Self {
        let command = fs::read(format!("/proc/{pid}/cmdline")).ok().map(|bytes| {
            let words: Vec<_> = bytes.split(|&b| b == 0).map(String::from_utf8_lossy).collect();
            harmless(words.join(" ").trim_end())
        });
        Self { pid, command: command.filter(|text| !text.is_empty()) }
    }
}

/// Somebody else's words, which a terminal may be shown.
fn harmless(text: &str) -> String {
    let shown = text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c });
    shown.collect()
}

/// The number of a character device, wherever links lead to it.
fn device_number(path: &Path) -> Option<u64> {
    let metadata = fs::metadata(path).ok()?;
    metadata.file_type().is_char_device().then(|| metadata.rdev())
}

/// A line is `1: FLOCK  ADVISORY  WRITE 1234 00:05:42 0 EOF`; a waiter's has `->` after the colon.
fn find(locks: &str, id: &str) -> Option<u32> {
    locks.lines().find_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            [_, "FLOCK", _, _, pid, place, ..] if place == id => {
                // 0: a process of a PID namespace that is not seen from here.
                pid.parse().ok().filter(|&pid| pid != 0)
            }
            _ => None,
        }
    })
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid)?;
        match &self.command {
            Some(command) => write!(f, " ({command})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_does_nothing_to_a_terminal() {
        assert_eq!(harmless("sh -c 'a\x1b[2J\nb'"), "sh -c 'a\u{fffd}[2J\u{fffd}b'");
    }

    #[test]
    fn waiters_are_not_taken_for_the_holder() {
        let locks = "1: FLOCK  ADVISORY  WRITE 10 00:05:42 0 EOF\n\
                     1: -> FLOCK  ADVISORY  WRITE 11 00:05:43 0 EOF\n\
                     2: POSIX  ADVISORY  WRITE 12 00:05:44 0 EOF\n";
        assert_eq!(find(locks, "00:05:42"), Some(10));
        assert_eq!(find(locks, "00:05:43"), None);
        assert_eq!(find(locks, "00:05:44"), None);
    }

    /// Nobody else has this device open, as a rule: but who is named, has.
    #[test]
    fn who_has_a_device_open_is_found() {
        let device = Path::new("/dev/full");
        let _open = fs::File::open(device).unwrap();
        let holder = Holder::with_open(device).unwrap();
        let files = fs::read_dir(format!("/proc/{}/fd", holder.pid)).unwrap().flatten();
        let mut targets = files.filter_map(|file| fs::read_link(file.path()).ok());
        assert!(targets.any(|target| target == device), "{holder}");
        // What is no device is nobody's, whoever has it open.
        assert_eq!(Holder::with_open(Path::new("/proc/self/status")), None);
    }

    #[test]
    fn a_holder_is_told_with_what_is_known_of_it() {
        let told = |command: Option<&str>| {
            Holder { pid: 42, command: command.map(str::to_owned) }.to_string()
        };
        assert_eq!(told(None), "process 42");
        assert_eq!(told(Some("clusterhat on p1")), "process 42 (clusterhat on p1)");
    }

    #[test]
    fn a_holder_of_another_pid_namespace_is_not_taken_for_process_0() {
        let locks = "1: FLOCK  ADVISORY  WRITE 0 00:05:42 0 EOF\n";
        assert_eq!(find(locks, "00:05:42"), None);
    }
}
