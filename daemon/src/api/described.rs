//! Routes with what the OpenAPI document says of them.

use axum::http::Method;
use axum::routing::MethodRouter;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::access::{Need, Role};
use crate::http::route::Route;
use crate::service::Service;

/// A type's schema.
pub type Shape = fn(&mut SchemaGenerator) -> Schema;

/// A route of the small API with its description.
#[derive(Clone)]
pub struct Described {
    /// The route.
    pub route: Route,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// The body that it takes.
    pub request: Option<Shape>,
    /// The document that it answers with; absent where it is none of JSON.
    pub response: Option<Shape>,
}

impl Described {
    /// A route for those who may read.
    #[must_use]
    pub const fn new(
        method: Method,
        path: &'static str,
        summary: &'static str,
        handler: fn() -> MethodRouter<Service>,
    ) -> Self {
        let route = Route::new(method, path, Need::Role(Role::ReadOnly), handler);
        Self { route, summary, request: None, response: None }
    }

    /// The same for other callers.
    #[must_use]
    pub const fn need(mut self, need: Need) -> Self {
        self.route.need = need;
        self
    }

    /// The same with a body of this type.
    #[must_use]
    pub fn takes<T: JsonSchema>(mut self) -> Self {
        self.request = Some(|generator| generator.subschema_for::<T>());
        self
    }

    /// The same with an answer of this type.
    #[must_use]
    pub fn gives<T: JsonSchema>(mut self) -> Self {
        self.response = Some(|generator| generator.subschema_for::<T>());
        self
    }
}
