//! Answers from what was answered before.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::limits;
use super::request::MaxAge;
use crate::answers::{Answer, Question, Taken};
use crate::service::Service;

/// Answers again where the client lets the answer be as old as it is by now.
pub(super) async fn again(
    State(service): State<Service>,
    request: Request,
    next: Next,
) -> Response {
    let MaxAge(max_age) = MaxAge::of(request.headers());
    let question = if max_age.is_zero() { None } else { Question::of(&request) };
    let Some(question) = question else { return next.run(request).await };
    if let Some(Answer(headers, bytes)) = service.answers.find(&question, max_age) {
        return (headers, bytes).into_response();
    }
    let response = next.run(request).await;
    let taken = response.extensions().get::<Taken>().copied();
    match taken.filter(|_| response.status() == StatusCode::OK) {
        Some(taken) => keep(&service, question, taken, response).await,
        None => response,
    }
}

async fn keep(service: &Service, question: Question, taken: Taken, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let Ok(whole) = limits::whole(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let bytes = Bytes::from(whole);
    service.answers.keep(question, taken, Answer(parts.headers.clone(), bytes.clone()));
    Response::from_parts(parts, Body::from(bytes))
}
