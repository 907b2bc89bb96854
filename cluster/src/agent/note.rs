//! What a node's agent was last heard to say of itself, for the processes that did not hear it.
//!
//! A node's second serial port has one reader at a time, and what an agent says is said once. So whoever hears it writes it down in a
//! short file beside the locks (`clusterhat-agent-p3.note`), and whoever follows the node watches these files (inotify(7)). The process that
//! listens to a node for its states holds the file's lock (`flock(2)`), so that two of them do not take the port away from each other: what
//! the file says of an agent that answers is believed as long as somebody holds it.
//!
//! The file is written in place and always has the same length, as in a folder with the sticky bit nobody may replace another's. What is
//! no note says nothing. The folder is emptied by a reboot, and the times are on the boot clock.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hat_driver::linux::Moment;
use hat_driver::linux::lock::FileLock;
use node_link::agent::Goodbye;
use rustix::fs::OFlags;

/// What was heard of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// It answers.
    Hello,
    /// It does not answer any more, or goes down to start again.
    Lost,
    /// It goes down, and its node with it.
    Goodbye,
}

impl Word {
    const ALL: [Self; 3] = [Self::Hello, Self::Lost, Self::Goodbye];

    /// What the end of an agent means: only a system that does not start again is gone for good.
    pub(crate) fn of(reason: Goodbye) -> Self {
        match reason {
            Goodbye::Poweroff | Goodbye::Halt => Self::Goodbye,
            _ => Self::Lost,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Lost => "lost",
            Self::Goodbye => "goodbye",
        }
    }
}

/// What was heard, and when, on the boot clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) word: Word,
    pub(crate) at: Duration,
}

impl Heard {
    pub(crate) fn now(word: Word) -> Self {
        Self { word, at: Moment::now().uptime }
    }

    fn to_text(self) -> String {
        format!("{:<8}{:>20}\n", self.word.name(), self.at.as_nanos())
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.strip_suffix('\n')?.split_whitespace();
        let name = words.next()?;
        let word = Word::ALL.into_iter().find(|word| word.name() == name)?;
        let at = Duration::from_nanos(words.next()?.parse().ok()?);
        words.next().is_none().then_some(Self { word, at })
    }
}

/// The file of one node.
#[derive(Debug)]
pub(crate) struct AgentNote {
    path: PathBuf,
    lock: Option<FileLock>,
}

impl AgentNote {
    /// The longest that is read.
    const MOST_BYTES: u64 = 64;

    /// Of the node with this number, beside the record of power switching.
    pub(crate) fn beside(record: &Path, number: u32) -> Self {
        let path = record.with_file_name(format!("clusterhat-agent-p{number}.note"));
        Self { path, lock: None }
    }

    /// What was heard last.
    pub(crate) fn read(&self) -> Option<Heard> {
        let mut text = String::new();
        self.open(false).ok()?.take(Self::MOST_BYTES).read_to_string(&mut text).ok()?;
        Heard::parse(&text)
    }

    /// Writes down what was heard. Makes the file where there is none.
    pub(crate) fn write(&self, heard: Heard) -> io::Result<()> {
        let file = match self.open(true) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                FileLock::open(&self.path)?;
                self.open(true)?
            }
            file => file?,
        };
        file.write_all_at(heard.to_text().as_bytes(), 0)
    }

    /// Becomes the listener, if nobody else is. Returns whether it is.
    pub(crate) fn claim(&mut self) -> io::Result<bool> {
        if self.lock.is_none() {
            let mut lock = FileLock::open(&self.path)?;
            self.lock = lock.acquire(Duration::ZERO).is_ok().then_some(lock);
        }
        Ok(self.is_claimed())
    }

    /// Whether this is the listener.
    pub(crate) fn is_claimed(&self) -> bool {
        self.lock.is_some()
    }

    /// Neither follows a link nor waits at a pipe that somebody put in its place.
    fn open(&self, write: bool) -> io::Result<File> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        let mut options = OpenOptions::new();
        options.read(!write).write(write).custom_flags(flags as i32);
        let file = options.open(&self.path)?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_was_heard_last_is_there_for_others() {
        let folder = tempfile::tempdir().unwrap();
        let note = || AgentNote::beside(&folder.path().join("record"), 3);
        assert_eq!(note().read(), None);
        for word in [Word::Goodbye, Word::Hello, Word::Lost] {
            let heard = Heard::now(word);
            note().write(heard).unwrap();
            assert_eq!(note().read(), Some(heard));
        }
        let path = folder.path().join("clusterhat-agent-p3.note");
        for text in ["", "hello", "hello 1", "hello x\n", "hi 1\n", "hello 1 2\n", "\u{7f}\n"] {
            fs::write(&path, text).unwrap();
            assert_eq!(note().read(), None, "{text:?}");
        }
        fs::write(&path, [0xff; 100]).unwrap();
        assert_eq!(note().read(), None);
    }

    #[test]
    fn there_is_one_listener_and_another_one_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let note = || AgentNote::beside(&folder.path().join("record"), 3);
        let (mut first, mut second) = (note(), note());
        assert!(first.claim().unwrap() && first.claim().unwrap());
        assert!(!second.claim().unwrap() && !second.is_claimed());
        // Others hear what the listener does not.
        second.write(Heard::now(Word::Goodbye)).unwrap();
        drop(first);
        assert!(second.claim().unwrap());
    }

    #[test]
    fn what_somebody_put_in_its_place_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "mine").unwrap();
        symlink(&target, folder.path().join("clusterhat-agent-p3.note")).unwrap();
        let mut note = AgentNote::beside(&folder.path().join("record"), 3);
        assert!(note.write(Heard::now(Word::Hello)).is_err() && note.claim().is_err());
        assert_eq!(note.read(), None);
        assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
    }
}
