//! PATCH of a board: its ALERT LED.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use super::asked::Asked;
use super::body::Body;
use super::failure::Failure;
use super::{etag, operate, read, reply, uri};
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
        let nodes = nodes(known);
        // No words would mean every board.
        if nodes.is_empty() {
            return Err(Failure::internal("nobody can tell which nodes the board has"));
        }
        let task = service.tasks.start(Operation::Alert { on }, &nodes, caller)?;
        operate::finish(&task).await?;
    }
    let changed = read::fresh(&service, &asked).await?;
    Ok(reply::made(StatusCode::OK, changed))
}

/// The nodes of a board, by which an operation knows it.
fn nodes(board: &Map<String, Value>) -> Vec<String> {
    let systems = board["Links"]["ComputerSystems"].as_array().into_iter().flatten();
    let uris = systems.filter_map(|system| system["@odata.id"].as_str());
    uris.filter_map(|uri| uri::id_in(uri, uri::SYSTEMS)).map(str::to_owned).collect()
}
