//! Redfish.

use axum::response::Response;

use crate::error::Problem;
use crate::http::route::Route;

/// Its routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    Vec::new()
}

/// A problem in Redfish's own format.
#[must_use]
pub fn problem(_: &Problem, response: Response) -> Response {
    response
}
