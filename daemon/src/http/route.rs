//! What a route is.

use axum::extract::Extension;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;

use super::again::again;
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

/// The methods that a request's path has, as the header of that name says them. A handler gets it as an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow(pub String);

impl Allow {
    /// Of a path, among all routes.
    #[must_use]
    pub fn of(path: &str, routes: &[Route]) -> Self {
        let methods = routes.iter().filter(|route| route.path == path).map(|route| &route.method);
        // What can be read can be asked for its headers alone.
        let words = methods.map(|method| match method.as_str() {
            "GET" => "GET, HEAD",
            method => method,
        });
        Self(words.collect::<Vec<_>>().join(", "))
    }
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
        let handler = match self.method {
            Method::GET => (self.handler)().route_layer(from_fn_with_state(service.clone(), again)),
            _ => (self.handler)(),
        };
        handler.route_layer(guard).route_layer(Extension(self.need))
    }
}
