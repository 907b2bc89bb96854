//! The OpenAPI document, made of the route table and the types.

use axum::Json;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::described::Described;
use crate::access::Need;
use crate::error::ProblemDocument;

/// Where it is.
pub(super) const PATH: &str = "/api/v1/openapi.json";

/// Its routes.
pub(super) fn routes() -> Vec<Described> {
    vec![
        Described::new(Method::GET, PATH, "This API as an OpenAPI document", || get(openapi))
            .need(Need::Open),
    ]
}

async fn openapi() -> Response {
    Json(document()).into_response()
}

/// The document (OpenAPI 3.1, whose schemas are JSON Schema's of 2020-12).
#[must_use]
pub fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<ProblemDocument>();
    let mut paths: Map<String, Value> = Map::new();
    for described in super::described() {
        let Described { route, summary, request, response } = described;
        let response = response.map(|shape| shape(&mut generator));
        let request = request.map(|shape| shape(&mut generator));
        let mut operation = json!({
            "summary": summary,
            "parameters": parameters(route.path),
            "responses": {
                "2XX": answer(response.map(Into::into)),
                "default": { "description": "Why the request failed", "content": content(problem.clone().into()) },
            },
        });
        if let Some(request) = request {
            operation["requestBody"] =
                json!({ "required": true, "content": content(request.into()) });
        }
        match route.need {
            Need::Open => operation["security"] = json!([]),
            Need::Role(role) => operation["x-role"] = json!(role.name()),
        }
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "clusterhatd",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The nodes of Cluster HATs and ClusterCTRL boards. Documents are those of the command \
                `clusterhat --json`. A client that allows older readings says so: Cache-Control: max-age=SECONDS.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "basic": [] }, { "token": [] }, { "cookie": [] }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "basic": { "type": "http", "scheme": "basic" },
                "token": { "type": "http", "scheme": "bearer" },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": crate::http::authenticate::COOKIE_NAME,
                },
            },
        },
    })
}

fn content(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn answer(schema: Option<Value>) -> Value {
    let mut answer = json!({ "description": "Done, or accepted" });
    if let Some(schema) = schema {
        answer["content"] = content(schema);
    }
    answer
}

/// Those in the path.
fn parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    names.map(parameter).collect()
}
