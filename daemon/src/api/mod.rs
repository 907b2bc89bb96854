//! The small API, `/api/v1`: the command's JSON documents over HTTP.

pub mod described;
pub mod openapi;

mod document;
mod events;
mod index;
mod maas;
mod nodes;
mod power;
mod reference;
mod session;
mod tasks;
mod telemetry;
mod tokens;
mod wait;

use crate::consoles;
use crate::http::route::Route;

use described::Described;

/// Its routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    described().into_iter().map(|described| described.route).collect()
}

/// Its routes with their descriptions.
#[must_use]
pub fn described() -> Vec<Described> {
    [
        index::routes(),
        nodes::routes(),
        power::routes(),
        tasks::routes(),
        wait::routes(),
        telemetry::routes(),
        events::routes(),
        consoles::described(),
        tokens::routes(),
        session::routes(),
        maas::routes(),
        openapi::routes(),
        reference::routes(),
    ]
    .concat()
}
