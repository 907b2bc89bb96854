//! Redfish (DMTF's DSP0266): nodes are systems, boards are chassis, the controller is their manager.
//!
//! A resource is a `Document`, made by a pure function from what the parts of the service say at the
//! moment (`World`); `resource::find` has every one by its path, and `$expand` follows links through it.
//! Errors have messages of DMTF's Base registry. Schemas and registries are linked to where DMTF publishes them.

mod accounts;
mod aggregation;
mod asked;
mod body;
mod change_account;
mod change_chassis;
mod change_session;
mod change_subscription;
mod change_system;
mod chassis;
mod document;
mod etag;
mod event_service;
mod failure;
mod gathered;
mod managers;
mod message;
mod metadata;
mod monitor;
mod network;
mod node_network;
mod operate;
mod post;
mod push;
mod query;
mod read;
mod record;
mod registries;
mod reply;
mod reset;
mod resource;
mod roles;
mod routes;
mod schema;
mod sensors;
mod serial;
mod service_root;
mod sessions;
mod sse;
mod sse_filter;
mod state;
mod subscription;
mod subscriptions;
mod systems;
mod tasks;
mod time;
mod uri;
mod world;

use std::io;
use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};

use crate::error::Problem;
use crate::service::Service;

pub(crate) use accounts::uri_of as account_uri;
pub use routes::routes;
pub use state::State;
pub(crate) use uri::SESSIONS;

/// Reads what Redfish keeps for itself, and sends events to those who subscribed until the daemon ends.
///
/// # Errors
/// Files of the state folder that cannot be read or written, or are damaged.
pub fn start(service: &Service) -> io::Result<State> {
    let state = State::open(&service.state)?;
    tokio::spawn(push::run(Arc::clone(&service.events), Arc::clone(&state.subscriptions)));
    Ok(state)
}

/// A problem in Redfish's own format, with the headers that it has already.
#[must_use]
pub fn problem(problem: &Problem, path: &str, response: &Response) -> Response {
    let mut answer = failure::Failure::of(problem, path).into_response();
    if let Some(allow) = response.headers().get("allow") {
        answer.headers_mut().insert("allow", allow.clone());
    }
    answer
}
