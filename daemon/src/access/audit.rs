//! The audit log: who switched or changed what, from where, and how it ended. A line of JSON for each in `audit.log` of the
//! state folder, and the same for the journal. Who came and went (log-ins, consoles), and what was refused to somebody who
//! is no administrator, is in `access.log`: however often somebody does that, or tries to, nothing of what was switched or
//! changed is pushed out.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::role::{By, Caller, Role};
use super::tokens::unix_now;
use crate::log::{self, Level};
use crate::state_folder::StateFolder;

/// What was switched or changed.
const FILE: &str = "audit.log";

/// Who came and went.
const ACCESS: &str = "access.log";

/// A file that grew beyond this is kept as `NAME.1`, in the place of the one before.
const ROTATE_AT: u64 = 4 * 1024 * 1024;

/// What is written of an action.
#[derive(Debug, Serialize)]
struct Line<'a> {
    at: u64,
    who: &'a str,
    by: Option<By>,
    address: &'a str,
    action: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    target: &'a str,
    result: &'a str,
}

impl<'a> Line<'a> {
    fn of(caller: &'a Caller, action: &'a str, target: &'a str, result: &'a str) -> Self {
        let Caller { name: who, by, address, .. } = caller;
        Self { at: unix_now(), who, by: Some(*by), address, action, target, result }
    }
}

/// The log.
pub struct Audit {
    folder: StateFolder,
    turn: Mutex<()>,
    /// Where a line goes beside the file.
    tell: fn(Level, &str, &[(&str, &str)]),
}

impl Audit {
    /// In this folder, and on the daemon's standard error.
    #[must_use]
    pub fn new(folder: &StateFolder) -> Self {
        Self { folder: folder.clone(), turn: Mutex::default(), tell: log::tell }
    }

    /// Of a command, whose standard error is its user's: in this folder, and in the journal.
    #[must_use]
    pub fn of_command(folder: &StateFolder) -> Self {
        Self { tell: log::tell_journal, ..Self::new(folder) }
    }

    /// Writes what a caller does to what, and that it has begun or how it ended.
    pub fn note(&self, caller: &Caller, action: &str, target: &str, result: &str) {
        self.write(FILE, &Line::of(caller, action, target, result));
    }

    /// Writes that a caller was refused what changes something. Who administers could fill the log anyway; what others
    /// try pushes nothing out of it.
    pub fn note_refused(&self, caller: &Caller, action: &str, target: &str, why: &str) {
        let file = if caller.role == Role::Administrator { FILE } else { ACCESS };
        self.write(file, &Line::of(caller, action, target, why));
    }

    /// Writes that a caller came or went.
    pub fn note_access(&self, caller: &Caller, action: &str, target: &str, result: &str) {
        self.write(ACCESS, &Line::of(caller, action, target, result));
    }

    /// Writes an attempt that failed, of somebody who says to be `who`.
    pub fn note_refusal(&self, who: &str, address: &str, why: &str) {
        let who = clusterhat::shorten(who);
        let (action, target) = ("log-in", "");
        let line =
            Line { at: unix_now(), who: &who, by: None, address, action, target, result: why };
        self.write(ACCESS, &line);
    }

    fn write(&self, file: &str, line: &Line<'_>) {
        let fields = [
            ("AUDIT_WHO", line.who),
            ("AUDIT_ADDRESS", line.address),
            ("AUDIT_ACTION", line.action),
            ("AUDIT_TARGET", line.target),
            ("AUDIT_RESULT", line.result),
        ];
        let space = if line.target.is_empty() { "" } else { " " };
        let text = format!(
            "{} from {}: {}{space}{}: {}",
            line.who, line.address, line.action, line.target, line.result
        );
        (self.tell)(Level::Notice, &text, &fields);
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.append(file, line) {
            log::tell(Level::Error, &error.to_string(), &[]);
        }
    }

    fn append(&self, file: &str, line: &Line<'_>) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.folder.append(file, &bytes, ROTATE_AT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;

    /// Seen: two who took a console from each other without end pushed out who had switched what.
    #[test]
    fn who_comes_and_goes_pushes_nothing_out_of_what_was_switched() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let audit = Audit::new(&folder);
        let (name, address) = ("pi".to_owned(), "::1".to_owned());
        let caller = Caller { name, role: Role::Operator, by: By::Basic, address, known_by: None };
        audit.note(&caller, "off", "p1", "done");
        let before = folder.read(FILE).unwrap();
        audit.note_access(&caller, "console", "p1", "writes");
        audit.note_refusal("visitor", "::2", "refused");
        audit.note_refused(&caller, "change account", "admin", "no such account");
        assert_eq!(folder.read(FILE).unwrap(), before);
        let access = String::from_utf8(folder.read(ACCESS).unwrap().unwrap()).unwrap();
        assert_eq!(access.lines().count(), 3, "{access}");
    }
}
