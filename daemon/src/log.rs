//! Lines for the journal, with fields where journald reads standard error; plain lines elsewhere.

use std::collections::BTreeMap;
use std::os::unix::net::UnixDatagram;
use std::sync::OnceLock;

use rustix::fs::Stat;

mod standard_error;

pub use standard_error::finish;

/// How much a line matters: the numbers of syslog(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something fails.
    Error = 3,
    /// Something is not as it should be.
    Warning = 4,
    /// Something that matters happened.
    Notice = 5,
    /// Something happened.
    Info = 6,
}

/// The journal's own socket (systemd, "Journal Native Protocol").
const SOCKET: &str = "/run/systemd/journal/socket";

/// Tells a line; its fields go to the journal where the daemon's standard error does. Fields of a node's own words are
/// data: control characters are shown, not obeyed.
pub fn tell(level: Level, text: &str, fields: &[(&str, &str)]) {
    if let Some(journal) = journal() {
        if journal.send(&message(level, text, fields)).is_ok() {
            return;
        }
    }
    standard_error::tell(format!("clusterhatd: {}\n", shown(text)));
}

/// Tells the journal alone, where there is one: for a command, whose standard error is its user's.
pub fn tell_journal(level: Level, text: &str, fields: &[(&str, &str)]) {
    if let Some(journal) = connect() {
        // It is in the file that it is about, too.
        let _ = journal.send(&message(level, text, fields));
    }
}

/// Where standard error is the journal's.
fn journal() -> Option<&'static UnixDatagram> {
    static JOURNAL: OnceLock<Option<UnixDatagram>> = OnceLock::new();
    let open = || {
        let named = std::env::var("JOURNAL_STREAM").ok()?;
        is_journal(&named, &rustix::fs::fstat(std::io::stderr()).ok()?).then(connect)?
    };
    JOURNAL.get_or_init(open).as_ref()
}

/// Whether a file is the stream that systemd names as `DEVICE:INODE` in `JOURNAL_STREAM` (systemd.exec(5)). The variable alone says
/// nothing: a terminal in a desktop session inherits it, too.
fn is_journal(named: &str, file: &Stat) -> bool {
    named == format!("{}:{}", file.st_dev, file.st_ino)
}

fn connect() -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.connect(SOCKET).ok()?;
    // A journal that does not read does not stop the daemon.
    socket.set_nonblocking(true).ok()?;
    Some(socket)
}

/// A message of the native protocol: a value with a line feed has its length before it.
fn message(level: Level, text: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let priority = (level as u8).to_string();
    let own = [("MESSAGE", text), ("PRIORITY", &*priority), ("SYSLOG_IDENTIFIER", "clusterhatd")];
    let all: BTreeMap<_, _> = own.into_iter().chain(fields.iter().copied()).collect();
    let mut bytes = Vec::new();
    for (name, value) in all {
        bytes.extend_from_slice(name.as_bytes());
        if value.contains('\n') {
            bytes.push(b'\n');
            bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
        } else {
            bytes.push(b'=');
        }
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(b'\n');
    }
    bytes
}

fn shown(text: &str) -> String {
    let escape = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_fields_and_nothing_of_a_value_becomes_one() {
        let bytes = message(Level::Notice, "p1 is on", &[("NODE", "p1\nPRIORITY=0")]);
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("MESSAGE=p1 is on\nNODE\n"), "{text}");
        let length = [13_u8, 0, 0, 0, 0, 0, 0, 0];
        let value = [&length[..], b"p1\nPRIORITY=0\nPRIORITY=5\n"].concat();
        assert!(bytes.windows(value.len()).any(|part| part == value), "{text}");
    }

    /// Seen: what a daemon says that was started by hand in a desktop session went to the journal, and not to its terminal.
    #[test]
    fn only_the_stream_that_systemd_names_is_the_journal_s() {
        let file = rustix::fs::fstat(tempfile::tempfile().unwrap()).unwrap();
        let (device, inode) = (file.st_dev, file.st_ino);
        assert!(is_journal(&format!("{device}:{inode}"), &file));
        for other in [format!("{device}:{}", inode + 1), format!("{device}"), String::new()] {
            assert!(!is_journal(&other, &file), "{other}");
        }
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(shown("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\nb");
    }
}
