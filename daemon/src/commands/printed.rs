//! What a command prints: text for people, one JSON document for programs, and why it failed in either.

use std::io::Write as _;
use std::process::ExitCode;

use clusterhat::report::SCHEMA;
use serde::Serialize;
use serde_json::json;
use system_config::changes::ChangeError;

use crate::error::{Problem, ProblemKind};
use crate::service::StartError;

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
        let kind = if error.is_configuration() { "configuration" } else { "storage" };
        Self { kind, message: chain(&error), exit_status }
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        Self {
            kind: "setup",
            message: chain(&error),
            exit_status: if error.is_usage() { 2 } else { 1 },
        }
    }
}

/// An error with its causes.
#[must_use]
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Prints what a command came to, and says how the process is to end.
pub fn print<T: Serialize>(
    command: &str,
    result: Result<(T, String), Failure>,
    as_json: bool,
) -> ExitCode {
    let mut stdout = std::io::stdout().lock();
    let (line, status) = match (result, as_json) {
        (Ok((report, _)), true) => {
            let mut document = json!({ "schema": SCHEMA, "command": command });
            if let (Some(into), Ok(serde_json::Value::Object(keys))) =
                (document.as_object_mut(), serde_json::to_value(report))
            {
                into.extend(keys);
            }
            (document.to_string(), ExitCode::SUCCESS)
        }
        (Ok((_, text)), false) => (text.trim_end().to_owned(), ExitCode::SUCCESS),
        (Err(Failure { kind, message, exit_status }), true) => {
            let error = json!({ "kind": kind, "message": message, "exit_status": exit_status });
            let document = json!({ "schema": SCHEMA, "command": command, "error": error });
            (document.to_string(), ExitCode::from(exit_status))
        }
        (Err(Failure { message, exit_status, .. }), false) => {
            let _ = writeln!(std::io::stderr().lock(), "clusterhatd: {message}");
            return ExitCode::from(exit_status);
        }
    };
    if line.is_empty() {
        return status;
    }
    match writeln!(stdout, "{line}") {
        Ok(()) => status,
        Err(_) => ExitCode::FAILURE,
    }
}
