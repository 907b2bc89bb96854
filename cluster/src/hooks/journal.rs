//! The system's journal, by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram an entry,
//! a line a field.

use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// Below the root.
const SOCKET: &str = "run/systemd/journal/socket";

/// syslog's "informational".
const PRIORITY: u8 = 6;

/// An open journal.
pub(super) struct Journal(UnixDatagram);

impl Journal {
    /// `None` where there is none.
    pub(super) fn open(root: &Path) -> Option<Self> {
        let socket = UnixDatagram::unbound().ok()?;
        socket.connect(root.join(SOCKET)).ok()?;
        // A journal that does not read does not stop a hook, nor whoever waits for it.
        socket.set_nonblocking(true).ok()?;
        Some(Self(socket))
    }

    /// Adds a line of a hook's output; false where the journal did not take it. No part has a newline.
    pub(super) fn send(&self, hook: &str, node: &str, line: &str) -> bool {
        let entry = format!(
            "PRIORITY={PRIORITY}\nSYSLOG_IDENTIFIER=clusterhat\nCLUSTERHAT_HOOK={hook}\n\
             CLUSTERHAT_NODE={node}\nMESSAGE={node}: hook {hook}: {line}\n"
        );
        self.0.send(entry.as_bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_datagram_with_a_line_for_each_field() {
        let root = tempfile::tempdir().unwrap();
        assert!(Journal::open(root.path()).is_none());
        let path = root.path().join(SOCKET);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let journald = UnixDatagram::bind(&path).unwrap();
        assert!(Journal::open(root.path()).unwrap().send("50-slurm", "p3", "drained = 1"));
        let mut entry = [0; 1024];
        let length = journald.recv(&mut entry).unwrap();
        assert_eq!(
            std::str::from_utf8(&entry[..length]).unwrap(),
            "PRIORITY=6\nSYSLOG_IDENTIFIER=clusterhat\nCLUSTERHAT_HOOK=50-slurm\nCLUSTERHAT_NODE=p3\n\
             MESSAGE=p3: hook 50-slurm: drained = 1\n"
        );
    }

    /// Seen: with a journal that did not read, a hook of clusterhatd's never ended.
    #[test]
    fn a_journal_that_does_not_read_is_not_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(SOCKET);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _journald = UnixDatagram::bind(&path).unwrap();
        let journal = Journal::open(root.path()).unwrap();
        let (full, is_full) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            while journal.send("50-slurm", "p3", "drained") {}
            full.send(())
        });
        is_full.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
    }
}
