//! The consoles.

use crate::http::route::Route;

/// Its routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    Vec::new()
}
