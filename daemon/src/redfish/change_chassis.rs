//! PATCH of a board: its ALERT LED.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::asked::Asked;
use super::body::Body;
use super::failure::Failure;
use super::{etag, operate, read, reply};
use crate::boards::Operation;
use crate::service::Service;

/// The property of the ALERT LED.
const INDICATOR: &str = "LocationIndicatorActive";

/// Changes a board's `LocationIndicatorActive`.
pub(super) async fn change(
    State(service): State<Service>,
    asked: Asked,
    bytes: Bytes,
) -> Result<Response, Failure> {
    let caller = asked.caller()?;
    let document = read::fresh(&service, &asked).await?;
    let known = document.properties();
    etag::check(&asked.headers, &etag::of(known))?;
    let mut body = Body::parse(&asked.headers, &bytes)?;
    // A board without the LED has no such property.
    let on = if known.contains_key(INDICATOR) { body.take::<bool>(INDICATOR) } else { None };
    body.finish(known)?;
    if let Some(on) = on {
        let task = service.tasks.start(Operation::Alert { on }, &[], caller)?;
        operate::finish(&task).await?;
    }
    let changed = read::fresh(&service, &asked).await?;
    Ok(reply::made(StatusCode::OK, changed))
}
