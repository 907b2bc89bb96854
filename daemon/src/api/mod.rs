//! The small API, `/api/v1`: the command's JSON documents over HTTP.

mod document;
mod nodes;

use axum::http::Method;
use axum::routing::get;

use crate::access::{Need, Role};
use crate::http::route::Route;

/// Its routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    let read = Need::Role(Role::ReadOnly);
    vec![
        Route::new(Method::GET, "/api/v1/nodes", read, || get(nodes::all)),
        Route::new(Method::GET, "/api/v1/nodes/{node}", read, || get(nodes::one)),
        Route::new(Method::GET, "/api/v1/boards", read, || get(nodes::boards)),
    ]
}
