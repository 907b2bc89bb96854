//! Pseudo-terminals: the user's, and those that stand for nodes' serial ports.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

/// Nothing here takes this long on any machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A pseudo-terminal.
pub(crate) struct Pty {
    /// The end of whoever types, or of the node.
    pub(crate) master: File,
    pub(crate) path: PathBuf,
}

impl Pty {
    pub(crate) fn new() -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("a pseudo-terminal");
        grantpt(&master).expect("it is ours");
        unlockpt(&master).expect("it is ours");
        let path = ptsname(&master, Vec::new()).expect("a name").into_string().expect("UTF-8");
        Self { master: master.into(), path: path.into() }
    }

    /// The terminal's side.
    pub(crate) fn terminal(&self) -> OwnedFd {
        open(&self.path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("it is there")
    }

    /// Whether a key's character is shown by the terminal itself, and not by the other side.
    pub(crate) fn echoes(&self) -> bool {
        tcgetattr(&self.master).expect("a terminal").local_modes.contains(LocalModes::ECHO)
    }

    /// Gives it the name of a device below a root.
    pub(crate) fn plug_in(&self, root: &Path, name: &str) {
        let link = root.join("dev").join(name);
        // As udev does it: a name appears whole.
        let draft = root.join("dev").join(format!(".{name}"));
        symlink(&self.path, &draft).expect("a link");
        fs::rename(draft, link).expect("a name");
    }
}

/// Reads until a text has come; whatever came.
pub(crate) fn read_until(file: &mut File, text: &str) -> String {
    let (mut read, end) = (Vec::new(), Instant::now() + LIMIT);
    loop {
        let so_far = String::from_utf8_lossy(&read);
        if so_far.contains(text) {
            return so_far.into_owned();
        }
        let left = Timespec::try_from(end.saturating_duration_since(Instant::now()));
        let ready = poll(&mut [PollFd::new(file, PollFlags::IN)], left.ok().as_ref());
        assert_ne!(ready.expect("it can be waited for"), 0, "{text:?} is not in {so_far:?}");
        let mut buffer = [0; 4096];
        let length = file.read(&mut buffer).expect("it can be read");
        assert_ne!(length, 0, "{text:?} is not in {so_far:?}, which is all");
        read.extend(&buffer[..length]);
    }
}
