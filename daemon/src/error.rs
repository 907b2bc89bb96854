//! Why a request is not answered as asked: what it is about, for programs, and in which status of HTTP it ends.

use std::sync::Arc;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use clusterhat::report::SCHEMA;
use clusterhat::{Error, ErrorKind, ErrorReport};
use schemars::JsonSchema;
use serde::Serialize;

/// What a problem is about, beyond what operations on boards fail with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// Nobody is named, or with a wrong password, token or session.
    Unauthorized,
    /// The caller's role is not enough.
    Forbidden,
    /// The account's password has to be changed first.
    PasswordChangeRequired,
    /// There is no such thing.
    NotFound,
    /// The thing is there, and not for this method.
    MethodNotAllowed,
    /// What was sent is malformed or says nothing that is allowed here.
    BadRequest,
    /// The body is of a type that is not read here.
    UnsupportedMediaType,
    /// What was sent is larger than allowed.
    TooLarge,
    /// The client took too long.
    TooSlow,
    /// Too many attempts failed, or too much is under way.
    TooMany,
    /// What was asked does not go with what is so now.
    Conflict,
    /// What the request expects to be so (`If-Match`) is not.
    PreconditionFailed,
    /// A file of the daemon cannot be written.
    Storage,
    /// A defect of the daemon.
    Internal,
    /// An operation on boards, nodes or their configuration failed.
    #[serde(untagged)]
    Operation(ErrorKind),
}

/// Why a request is not answered as asked. As a response it is the command's JSON document with an `error`.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What it is about.
    pub kind: ProblemKind,
    /// A sentence: lower case, no full stop.
    pub message: String,
    /// After how many seconds another try is worth it.
    pub retry_after: Option<u64>,
    /// The resource that it is about, where that is another than the one that was asked for.
    pub about: Option<String>,
    /// What an operation failed with.
    pub operation: Option<Arc<ErrorReport>>,
}

impl Problem {
    /// A problem of no more than this.
    pub fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None, about: None, operation: None }
    }

    /// Something that is not there, named by `what`.
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemKind::NotFound, format!("there is no {what}"))
    }

    /// What was sent cannot be used, and why.
    pub fn bad_request(why: impl Into<String>) -> Self {
        Self::new(ProblemKind::BadRequest, why)
    }

    /// An operation's failure.
    #[must_use]
    pub fn of_operation(report: Arc<ErrorReport>) -> Self {
        let (kind, message) = (ProblemKind::Operation(report.kind), report.message.clone());
        Self { operation: Some(report), ..Self::new(kind, message) }
    }

    /// The status of HTTP.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self.kind {
            ProblemKind::Unauthorized => StatusCode::UNAUTHORIZED,
            ProblemKind::Forbidden | ProblemKind::PasswordChangeRequired => StatusCode::FORBIDDEN,
            ProblemKind::NotFound => StatusCode::NOT_FOUND,
            ProblemKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ProblemKind::BadRequest => StatusCode::BAD_REQUEST,
            ProblemKind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ProblemKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ProblemKind::TooSlow => StatusCode::REQUEST_TIMEOUT,
            ProblemKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            ProblemKind::Conflict => StatusCode::CONFLICT,
            ProblemKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            ProblemKind::Storage | ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            ProblemKind::Operation(kind) => status_of(kind),
        }
    }
}

/// The status for what an operation failed with.
const fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Usage | ErrorKind::NoSuchOutput => StatusCode::BAD_REQUEST,
        ErrorKind::Nodes | ErrorKind::NoSuchOrder => StatusCode::NOT_FOUND,
        ErrorKind::Renumbered
        | ErrorKind::Vetoed
        | ErrorKind::Undone
        | ErrorKind::Stopped
        | ErrorKind::Interrupted
        | ErrorKind::BootLoop => StatusCode::CONFLICT,
        ErrorKind::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Board | ErrorKind::CycleIncomplete => StatusCode::BAD_GATEWAY,
        ErrorKind::Locked
        | ErrorKind::Absent
        | ErrorKind::NoBoard
        | ErrorKind::NotShutDown
        | ErrorKind::UnderVoltage => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        Self::of_operation(Arc::new(error.report()))
    }
}

/// The document of a problem.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProblemDocument {
    /// The version of the documents.
    pub schema: u32,
    /// What went wrong.
    pub error: ProblemReport,
}

/// What went wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ProblemReport {
    /// An operation failed.
    Operation(Arc<ErrorReport>),
    /// The request itself is the problem.
    Request {
        /// The category.
        kind: ProblemKind,
        /// A sentence.
        message: String,
    },
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = match &self.operation {
            Some(report) => ProblemReport::Operation(Arc::clone(report)),
            None => ProblemReport::Request { kind: self.kind, message: self.message.clone() },
        };
        let document = Json(ProblemDocument { schema: SCHEMA, error });
        let mut response = (self.status(), document).into_response();
        let headers = response.headers_mut();
        if self.kind == ProblemKind::Unauthorized {
            headers
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"clusterhat\""));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        // For who renders it in another format.
        response.extensions_mut().insert(self);
        response
    }
}
