//! The audit log: who switched or changed what, from where, and how it ended. A line of JSON for each in `audit.log` of the
//! state folder, and the same on standard error for the journal.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::role::{By, Caller};
use super::tokens::unix_now;
use crate::log::{self, Level};
use crate::state_folder::StateFolder;

/// The file.
const FILE: &str = "audit.log";

/// A file that grew beyond this is kept as `audit.log.1`, in the place of the one before.
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

/// The log.
pub struct Audit {
    folder: StateFolder,
    turn: Mutex<()>,
}

impl Audit {
    /// In this folder.
    #[must_use]
    pub fn new(folder: &StateFolder) -> Self {
        Self { folder: folder.clone(), turn: Mutex::default() }
    }

    /// Writes what a caller did to what, and how it ended.
    pub fn note(&self, caller: &Caller, action: &str, target: &str, result: &str) {
        let Caller { name, by, address, .. } = caller;
        self.write(&Line {
            at: unix_now(),
            who: name,
            by: Some(*by),
            address,
            action,
            target,
            result,
        });
    }

    /// Writes an attempt that failed, of somebody who says to be `who`.
    pub fn note_refusal(&self, who: &str, address: &str, why: &str) {
        let who = clusterhat::shorten(who);
        let (action, target) = ("log-in", "");
        self.write(&Line {
            at: unix_now(),
            who: &who,
            by: None,
            address,
            action,
            target,
            result: why,
        });
    }

    fn write(&self, line: &Line<'_>) {
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
        log::tell(Level::Notice, &text, &fields);
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.append(line) {
            let text = format!("cannot write {}: {error}", self.folder.path(FILE).display());
            log::tell(Level::Error, &text, &[]);
        }
    }

    fn append(&self, line: &Line<'_>) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.folder.append(FILE, &bytes, ROTATE_AT)
    }
}
