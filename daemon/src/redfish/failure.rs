//! What a request is refused with: an HTTP status and messages of the Base registry.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::message::{self, Kind, Message};
use crate::error::{Problem, ProblemKind};
use crate::log::{self, Level};

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The HTTP status.
    pub status: StatusCode,
    /// Why; at least one.
    pub messages: Vec<Message>,
    /// The methods that the resource has, for 405.
    pub allow: Option<String>,
    /// After how many seconds another try is worth it.
    pub retry_after: Option<u64>,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::of(&problem, "")
    }
}

impl Failure {
    /// With one message.
    pub(crate) fn new(status: StatusCode, message: Message) -> Self {
        Self { status, messages: vec![message], allow: None, retry_after: None }
    }

    /// With one message that has no arguments.
    pub(crate) fn plain(status: StatusCode, kind: &'static Kind) -> Self {
        Self::new(status, Message::new(kind, &[]))
    }

    /// 400, for what is wrong about a body.
    pub(crate) fn bad_request(messages: Vec<Message>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, messages, allow: None, retry_after: None }
    }

    /// 400 with one message.
    pub(crate) fn wrong(kind: &'static Kind, args: &[&str]) -> Self {
        Self::bad_request(vec![Message::new(kind, args)])
    }

    /// 404.
    pub(crate) fn missing(uri: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, Message::new(&message::RESOURCE_MISSING, &[uri]))
    }

    /// 403.
    pub(crate) fn forbidden() -> Self {
        Self::plain(StatusCode::FORBIDDEN, &message::INSUFFICIENT_PRIVILEGE)
    }

    /// What failed inside the service, in its own words.
    pub(crate) fn internal(text: impl Into<String>) -> Self {
        let message = Message::new(&message::INTERNAL_ERROR, &[]).in_words(text);
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// 409, for an operation that somebody stopped.
    pub(crate) fn stopped() -> Self {
        let message = Message::new(&message::OPERATION_FAILED, &[]);
        Self::new(StatusCode::CONFLICT, message.in_words("the operation was stopped on request"))
    }

    /// A problem of the service's own. `uri` is the resource that it is about.
    pub(crate) fn of(problem: &Problem, uri: &str) -> Self {
        let in_words = |kind| Message::new(kind, &[]).in_words(problem.message.clone());
        let message = match problem.kind {
            ProblemKind::Unauthorized => Message::new(&message::NO_VALID_SESSION, &[]),
            ProblemKind::Forbidden => in_words(&message::INSUFFICIENT_PRIVILEGE),
            ProblemKind::PasswordChangeRequired => {
                let account = problem.about.as_deref().unwrap_or(uri);
                Message::new(&message::PASSWORD_CHANGE_REQUIRED, &[account])
            }
            ProblemKind::NotFound => Message::new(&message::RESOURCE_MISSING, &[uri]),
            ProblemKind::MethodNotAllowed => in_words(&message::OPERATION_NOT_ALLOWED),
            ProblemKind::TooLarge => in_words(&message::PAYLOAD_TOO_LARGE),
            ProblemKind::PreconditionFailed => Message::new(&message::PRECONDITION_FAILED, &[]),
            ProblemKind::Internal | ProblemKind::Storage => in_words(&message::INTERNAL_ERROR),
            ProblemKind::Operation(_) => in_words(&message::OPERATION_FAILED),
            ProblemKind::TooMany => {
                let seconds = problem.retry_after.unwrap_or(1).to_string();
                let message = Message::new(&message::SERVICE_UNAVAILABLE, &[&seconds]);
                message.in_words(problem.message.clone())
            }
            _ => in_words(&message::GENERAL_ERROR),
        };
        Self { retry_after: problem.retry_after, ..Self::new(problem.status(), message) }
    }

    /// All messages on one line.
    pub(crate) fn text(&self) -> String {
        self.messages.iter().map(Message::text).collect::<Vec<_>>().join("; ")
    }

    /// As the body says it: the first message is the error's own.
    pub(crate) fn to_json(&self) -> Value {
        let first = self.messages.first();
        json!({"error": {
            "code": first.map(Message::id),
            "message": first.map(Message::text),
            "@Message.ExtendedInfo": self.messages.iter().map(Message::to_json).collect::<Vec<_>>(),
        }})
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            // Where the message sends its reader.
            for message in &self.messages {
                log::tell(
                    Level::Error,
                    &format!("a Redfish request failed: {}", message.text()),
                    &[],
                );
            }
        }
        let mut response = (self.status, Json(self.to_json())).into_response();
        let headers = response.headers_mut();
        headers.insert("OData-Version", HeaderValue::from_static("4.0"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(allow) = self.allow.as_deref().and_then(|allow| allow.parse().ok()) {
            headers.insert(header::ALLOW, allow);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let basic = HeaderValue::from_static("Basic realm=\"clusterhatd\", charset=\"UTF-8\"");
            headers.insert(header::WWW_AUTHENTICATE, basic);
        }
        response
    }
}
