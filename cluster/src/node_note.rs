//! A node's note: a short file, shared by all processes, with what neither the kernel nor the board records: when the node's power was last
//! switched, and what its agent last said.
//!
//! A node's second serial port has one reader at a time, and an agent's messages are sent once. The process that reads one therefore records it
//! (`/run/clusterhat-nodes/p3`), and processes that follow the node watch these files (inotify(7)). The process that listens to a node for its
//! states holds the file's lock (`flock(2)`), so that two of them do not compete for the port; an agent is recorded as present only while the lock is
//! held. Messages from before the node was last switched do not count.
//!
//! The directory belongs to the group of the nodes' serial ports (tmpfiles.d); no other users can write or lock files there. A file has a line of
//! fixed length for the power, one for the agent, and one for the node's board and position, each written in place; any other line is ignored. A
//! reboot of the controller empties the directory, and times are on the boot clock.
//!
//! Numbers move with boards that come or go: what was noted of another node, which had the number before, says nothing. A file without the third
//! line, as earlier releases write it, is believed.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hat_driver::linux::{Moment, Node, lock};
use hat_driver::power::Action;
use node_link::agent::Goodbye;
use rustix::fs::{FlockOperation, OFlags, flock};

/// Where the line of the node's board and position begins.
const PLACE_AT: usize = 2 * Heard::LENGTH;

/// Below a controller's root.
const FOLDER: &str = "run/clusterhat-nodes";

/// What happened to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// It was switched on.
    On,
    /// It was switched off.
    Off,
    /// Its agent answers.
    Hello,
    /// Its agent has stopped answering, or ends for a reboot.
    Lost,
    /// Its agent ends because the node powers off.
    Goodbye,
}

impl Word {
    const ALL: [Self; 5] = [Self::On, Self::Off, Self::Hello, Self::Lost, Self::Goodbye];

    /// The event that an agent's goodbye stands for: only a power-off or halt is [`Self::Goodbye`].
    pub(crate) fn of_goodbye(reason: Goodbye) -> Self {
        match reason {
            Goodbye::Poweroff | Goodbye::Halt => Self::Goodbye,
            _ => Self::Lost,
        }
    }

    pub(crate) fn of_action(action: Action) -> Self {
        match action {
            Action::On => Self::On,
            Action::Off => Self::Off,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Hello => "hello",
            Self::Lost => "lost",
            Self::Goodbye => "goodbye",
        }
    }

    /// The line of the file that it is in.
    const fn line(self) -> usize {
        match self {
            Self::On | Self::Off => 0,
            Self::Hello | Self::Lost | Self::Goodbye => 1,
        }
    }
}

/// What happened, and when, on the boot clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) word: Word,
    pub(crate) at: Duration,
}

impl Heard {
    /// Of a line with its end.
    const LENGTH: usize = 29;

    pub(crate) fn now(word: Word) -> Self {
        Self { word, at: Moment::now().uptime }
    }

    fn to_text(self) -> String {
        format!("{:<8}{:>20}\n", self.word.name(), self.at.as_nanos())
    }

    fn parse(line: &[u8], number: usize) -> Option<Self> {
        let mut words = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.split_whitespace();
        let name = words.next()?;
        let is_it = |word: &Word| word.name() == name && word.line() == number;
        let word = Word::ALL.into_iter().find(is_it)?;
        let at = Duration::from_nanos(words.next()?.parse().ok()?);
        words.next().is_none().then_some(Self { word, at })
    }
}

/// What a file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Noted {
    /// How and when the node was switched last.
    pub(crate) power: Option<Heard>,
    /// What its agent said last, since then.
    pub(crate) agent: Option<Heard>,
}

impl Noted {
    fn parse(bytes: &[u8]) -> Self {
        let mut lines = bytes.chunks(Heard::LENGTH).enumerate();
        let mut line = || lines.next().and_then(|(number, line)| Heard::parse(line, number));
        let (power, agent) = (line(), line());
        let counts = |agent: &Heard| power.is_none_or(|power| power.at <= agent.at);
        Self { power, agent: agent.filter(counts) }
    }
}

/// The file of one node.
#[derive(Debug)]
pub(crate) struct NodeNote {
    path: PathBuf,
    /// The line that says where the node is; absent where that is uncertain.
    place: Option<[u8; Heard::LENGTH]>,
    /// Held by the listener.
    lock: Option<File>,
}

impl NodeNote {
    /// Of the node with this number of the controller below a root, which is on a board and a position of this name.
    pub(crate) fn below(root: &Path, number: u32, place: Option<&str>) -> Self {
        let line = |place: &str| format!("{:<8}{place:>20.20}\n", "at").into_bytes();
        let place = place.and_then(|place| line(place).try_into().ok());
        Self { path: folder(root).join(format!("p{number}")), place, lock: None }
    }

    /// Reads the note; a missing file, or one of another node, is an empty note.
    pub(crate) fn read(&self) -> Noted {
        let mut bytes = Vec::with_capacity(PLACE_AT + Heard::LENGTH);
        let read = self.open(OpenOptions::new().read(true));
        let limit = bytes.capacity() as u64;
        let read = read.and_then(|file| file.take(limit).read_to_end(&mut bytes));
        let found = bytes.get(PLACE_AT..).filter(|found| !found.is_empty());
        let is_another_s = self.place.zip(found).is_some_and(|(place, found)| found != place);
        if read.is_err() || is_another_s { Noted::default() } else { Noted::parse(&bytes) }
    }

    /// Records an event, and creates the file if necessary.
    pub(crate) fn write(&self, heard: Heard) -> io::Result<()> {
        let file = self.open_or_make()?;
        self.take_over(&file)?;
        let line = heard.word.line() * Heard::LENGTH;
        file.write_all_at(heard.to_text().as_bytes(), line as u64)
    }

    /// Removes from the file what is noted of another node.
    fn take_over(&self, file: &File) -> io::Result<()> {
        let Some(place) = self.place else { return Ok(()) };
        let at = PLACE_AT as u64;
        let mut found = [0; Heard::LENGTH];
        match file.read_exact_at(&mut found, at) {
            Ok(()) if found == place => return Ok(()),
            Ok(()) => file.write_all_at(&[b'\n'; PLACE_AT], 0)?,
            // An earlier release has written it.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error),
        }
        file.write_all_at(&place, at)
    }

    /// Becomes the node's listener, unless another process is. Returns whether it is the listener now.
    pub(crate) fn claim(&mut self) -> io::Result<bool> {
        if self.lock.is_none() {
            let file = self.open_or_make()?;
            let is_free = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
            self.lock = is_free.then_some(file);
        }
        Ok(self.is_claimed())
    }

    /// Whether this is the node's listener.
    pub(crate) fn is_claimed(&self) -> bool {
        self.lock.is_some()
    }

    fn open_or_make(&self) -> io::Result<File> {
        loop {
            match self.open(OpenOptions::new().read(true).write(true)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                file => return file,
            }
            make_folder(self.path.parent().unwrap_or(Path::new("/")))?;
            // Regardless of the umask: the directory's group may write.
            match lock::create(&self.path, 0o660) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
        }
    }

    /// Does not follow symbolic links, nor block on a FIFO in its place.
    fn open(&self, options: &mut OpenOptions) -> io::Result<File> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        let file = options.custom_flags(flags as i32).open(&self.path)?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

/// The notes of nodes that are switched; none for simulated nodes.
pub(crate) struct SwitchNotes(Vec<(Node, NodeNote)>);

impl SwitchNotes {
    pub(crate) fn new(notes: impl Iterator<Item = (Node, NodeNote)>) -> Self {
        Self(notes.collect())
    }

    /// Records that a node was switched.
    pub(crate) fn record(&self, node: Node, action: Action) {
        let note = self.0.iter().find(|(of, _)| *of == node);
        // On failure only the time since when the node has this power is unknown.
        let _ = note.map(|(_, note)| note.write(Heard::now(Word::of_action(action))));
    }
}

/// The folder of the controller below a root.
fn folder(root: &Path) -> PathBuf {
    root.join(FOLDER)
}

/// The directory, to be watched; `None` if it cannot be created.
pub(crate) fn watched_folder(root: &Path) -> Option<PathBuf> {
    Some(folder(root)).filter(|folder| make_folder(folder).is_ok())
}

/// A system whose package does not make it has it for who makes it alone.
fn make_folder(folder: &Path) -> io::Result<()> {
    match folder.is_dir() {
        true => Ok(()),
        false => DirBuilder::new().recursive(true).mode(0o700).create(folder),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn note(root: &Path) -> NodeNote {
        NodeNote::below(root, 3, Some("ctrl20/1"))
    }

    #[test]
    fn what_happened_last_is_there_for_others() {
        let root = tempfile::tempdir().unwrap();
        let note = || note(root.path());
        assert_eq!(note().read(), Noted::default());
        for word in [Word::Goodbye, Word::Hello, Word::Lost] {
            let heard = Heard::now(word);
            note().write(heard).unwrap();
            assert_eq!(note().read(), Noted { power: None, agent: Some(heard) });
        }
        let on = Heard::now(Word::On);
        note().write(on).unwrap();
        assert_eq!(note().read(), Noted { power: Some(on), agent: None }, "it was said before");
        let hello = Heard::now(Word::Hello);
        note().write(hello).unwrap();
        assert_eq!(note().read(), Noted { power: Some(on), agent: Some(hello) });
        let path = root.path().join(FOLDER).join("p3");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    }

    #[test]
    fn what_is_no_note_says_nothing() {
        let root = tempfile::tempdir().unwrap();
        note(root.path()).write(Heard::now(Word::On)).unwrap();
        let path = root.path().join(FOLDER).join("p3");
        let line = Heard::now(Word::Hello).to_text();
        assert_eq!(line.len(), Heard::LENGTH);
        for text in ["", "on", "on 1", "off x\n", "up 1\n", "on 1 2\n", &*line, "\u{7f}\n"] {
            fs::write(&path, text).unwrap();
            assert_eq!(note(root.path()).read(), Noted::default(), "{text:?}");
        }
        fs::write(&path, [0xff; 100]).unwrap();
        assert_eq!(note(root.path()).read(), Noted::default());
    }

    /// Seen: a node that had got the number of one that had halted was told to have halted.
    #[test]
    fn what_is_noted_of_another_node_says_nothing() {
        let root = tempfile::tempdir().unwrap();
        let [one, other, unknown] = [Some("ctrl20/1"), Some("i2c-1:0x20/1"), None]
            .map(|at| NodeNote::below(root.path(), 3, at));
        let (on, goodbye) = (Heard::now(Word::On), Heard::now(Word::Goodbye));
        one.write(on).unwrap();
        one.write(goodbye).unwrap();
        let noted = Noted { power: Some(on), agent: Some(goodbye) };
        assert_eq!((one.read(), unknown.read(), other.read()), (noted, noted, Noted::default()));
        let hello = Heard::now(Word::Hello);
        other.write(hello).unwrap();
        assert_eq!(
            (one.read(), other.read()),
            (Noted::default(), Noted { power: None, agent: Some(hello) })
        );
    }

    #[test]
    fn the_note_of_an_earlier_release_is_believed() {
        let root = tempfile::tempdir().unwrap();
        let (note, on) = (note(root.path()), Heard::now(Word::On));
        make_folder(&folder(root.path())).unwrap();
        fs::write(root.path().join(FOLDER).join("p3"), on.to_text()).unwrap();
        assert_eq!(note.read().power, Some(on));
        let goodbye = Heard::now(Word::Goodbye);
        note.write(goodbye).unwrap();
        assert_eq!(note.read(), Noted { power: Some(on), agent: Some(goodbye) });
    }

    #[test]
    fn there_is_one_listener_and_another_one_after_it() {
        let root = tempfile::tempdir().unwrap();
        let (mut first, mut second) = (note(root.path()), note(root.path()));
        assert!(first.claim().unwrap() && first.claim().unwrap());
        assert!(!second.claim().unwrap() && !second.is_claimed());
        // Others hear what the listener does not.
        second.write(Heard::now(Word::Goodbye)).unwrap();
        drop(first);
        assert!(second.claim().unwrap());
    }

    #[test]
    fn what_somebody_put_in_its_place_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("target");
        fs::write(&target, "mine").unwrap();
        make_folder(&folder(root.path())).unwrap();
        symlink(&target, root.path().join(FOLDER).join("p3")).unwrap();
        let mut note = note(root.path());
        assert!(note.write(Heard::now(Word::Hello)).is_err() && note.claim().is_err());
        assert_eq!(note.read(), Noted::default());
        assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
    }
}
