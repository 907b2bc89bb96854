//! What a command prints: text for people, one JSON document for programs, and why it failed in either.

use std::fs::{self, File, Metadata};
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::process::ExitCode;

use clusterhat::report::SCHEMA;
use serde::Serialize;
use serde_json::json;
use system_config::changes::ChangeError;

use crate::error::{Problem, ProblemKind};
use crate::service::StartError;

/// What a command did.
#[derive(Debug)]
pub struct Done<T> {
    /// For programs.
    pub report: T,
    /// For people.
    pub text: String,
    /// Why it went no further, where it did not.
    pub failure: Option<Failure>,
    /// What is lost if this cannot be printed, and how that is made good.
    pub once: Option<String>,
}

impl<T> Done<T> {
    /// All of it was done.
    pub const fn new(report: T, text: String) -> Self {
        Self { report, text, failure: None, once: None }
    }
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// The category.
    pub kind: &'static str,
    /// With its causes, on one line.
    pub message: String,
    /// 1 or 2.
    pub exit_status: u8,
}

impl Failure {
    /// How the command was called, or what is configured.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: "usage", message: message.into(), exit_status: 2 }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem.kind {
            ProblemKind::BadRequest => Self::usage(problem.message),
            ProblemKind::NotFound => {
                Self { kind: "not-found", message: problem.message, exit_status: 1 }
            }
            ProblemKind::Conflict => {
                Self { kind: "conflict", message: problem.message, exit_status: 1 }
            }
            _ => Self { kind: "storage", message: problem.message, exit_status: 1 },
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let exit_status = if error.is_configuration() { 2 } else { 1 };
        let kind = match &error {
            StartError::Listen { .. } => "network",
            error if error.is_configuration() => "configuration",
            _ => "storage",
        };
        Self { kind, message: clusterhat::chain(&error), exit_status }
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        // What else there is advice for is about options that setup does not have.
        let next = match error {
            ChangeError::NoEtc(_) => {
                ": give the directory on which the system's root is mounted as --root"
            }
            _ => "",
        };
        Self {
            kind: "setup",
            message: format!("{}{next}", clusterhat::chain(&error)),
            exit_status: if error.is_usage() { 2 } else { 1 },
        }
    }
}

impl Failure {
    fn to_json(&self) -> serde_json::Value {
        json!({ "kind": self.kind, "message": self.message, "exit_status": self.exit_status })
    }
}

/// Prints what a command came to, and says how the process is to end.
pub fn print<T: Serialize>(
    command: &str,
    result: Result<Done<T>, Failure>,
    as_json: bool,
) -> ExitCode {
    let (done, failure, once) = match result {
        Ok(Done { report, text, failure, once }) => (Some((report, text)), failure, once),
        Err(failure) => (None, Some(failure), None),
    };
    let line = if as_json {
        let report = done.and_then(|(report, _)| serde_json::to_value(report).ok());
        document(command, report, failure.as_ref())
    } else {
        done.map(|(_, text)| text.trim_end().to_owned()).unwrap_or_default()
    };
    let printed = match line.is_empty() {
        true => Ok(()),
        false => writeln!(std::io::stdout().lock(), "{line}"),
    };
    if let Err(error) = &printed {
        let once = once.map_or_else(String::new, |once| format!("; {once}"));
        complain(&format!("cannot write the output: {error}{once}"));
    }
    match failure {
        Some(Failure { message, exit_status, .. }) => {
            if !as_json || printed.is_err() || is_output_lost() {
                complain(&message);
            }
            ExitCode::from(exit_status)
        }
        None if printed.is_ok() => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    }
}

/// Whether nobody gets what is printed: standard output is `/dev/null`. It is so, too, where the caller has closed it, since the
/// runtime opens that in its place before `main` begins.
pub(super) fn is_output_lost() -> bool {
    let output = std::io::stdout().as_fd().try_clone_to_owned().map(File::from);
    let device = |of: Metadata| of.file_type().is_char_device().then(|| of.rdev());
    let output = output.and_then(|output| output.metadata()).ok().and_then(device);
    output.is_some() && output == fs::metadata("/dev/null").ok().and_then(device)
}

/// Nothing is left to tell where this cannot be written.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "clusterhatd: {text}");
}

fn document(command: &str, report: Option<serde_json::Value>, failure: Option<&Failure>) -> String {
    let mut document = json!({ "schema": SCHEMA, "command": command });
    if let (Some(into), Some(serde_json::Value::Object(keys))) = (document.as_object_mut(), report)
    {
        into.extend(keys);
    }
    if let Some(failure) = failure {
        document["error"] = failure.to_json();
    }
    document.to_string()
}
