//! What a route is.

use axum::extract::Extension;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;

use super::authenticate::authenticate;
use crate::access::Need;
use crate::service::Service;

/// A route: a path and a method, who may, and what answers. The table of all of them is what the router is built from and
/// what tests walk.
#[derive(Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, as axum has it: `/api/v1/nodes/{node}`.
    pub path: &'static str,
    /// Who may.
    pub need: Need,
    /// What answers: `|| get(handler)`. It gets [`Extension`] of the [`Caller`](crate::access::Caller), unless anybody may.
    pub handler: fn() -> MethodRouter<Service>,
}

impl Route {
    /// A route for those who may read.
    #[must_use]
    pub const fn new(
        method: Method,
        path: &'static str,
        need: Need,
        handler: fn() -> MethodRouter<Service>,
    ) -> Self {
        Self { method, path, need, handler }
    }

    /// What answers, once it is known who asks.
    pub(crate) fn guarded(&self, service: &Service) -> MethodRouter<Service> {
        let guard = from_fn_with_state(service.clone(), authenticate);
        (self.handler)().route_layer(guard).route_layer(Extension(self.need))
    }
}
