//! GET: a resource as it is, or as the query wants it; and the documents that are no resources.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::asked::Asked;
use super::document::Document;
use super::failure::Failure;
use super::gathered::Gathered;
use super::query::{self, Query};
use super::{etag, metadata, reply, resource, uri};
use crate::access::{By, Caller, Role};
use crate::http::authenticate;
use crate::http::request::MaxAge;
use crate::service::Service;

/// A resource.
pub(super) async fn resource(
    State(service): State<Service>,
    asked: Asked,
) -> Result<Response, Failure> {
    let query = Query::parse(&asked.query)?;
    let caller = caller(&service, &asked, &query).await?;
    let (follows, max_age) = (query.follows(), MaxAge::of(&asked.headers).0);
    let gathered = Gathered::of(&service, &asked, &caller, follows, max_age).await;
    let world = gathered.world();
    let find = |path: &str| resource::find(path, &world);
    let document = find(&asked.path).ok_or_else(|| Failure::missing(&asked.path))?;
    check(&asked, &document)?;
    let document = query.apply(document, &find, query::limit(world.status.nodes.len()))?;
    let mut response = reply::resource(&asked, document, query.is_plain());
    if let Some(taken) = gathered.taken() {
        response.extensions_mut().insert(taken);
    }
    Ok(response)
}

/// The service root is for everybody; what hangs on it is not.
async fn caller(service: &Service, asked: &Asked, query: &Query) -> Result<Caller, Failure> {
    if let Some(caller) = &asked.caller {
        return Ok(caller.clone());
    }
    if query.follows() {
        return Ok(authenticate::check(
            service,
            &asked.peer,
            &axum::http::Method::GET,
            &asked.path,
            &asked.headers,
        )
        .await?);
    }
    Ok(Caller {
        name: String::new(),
        role: Role::ReadOnly,
        by: By::Peer,
        address: asked.peer.address.clone(),
        known_by: None,
    })
}

/// Refuses an action on a resource that is not the one that the client knows.
///
/// # Errors
/// 412; or 404, where the resource is gone.
pub(super) async fn unchanged(service: &Service, asked: &Asked) -> Result<(), Failure> {
    if !asked.headers.contains_key(header::IF_MATCH) {
        return Ok(());
    }
    let path = asked.path.split("/Actions/").next().unwrap_or_default().to_owned();
    let of_resource = Asked { path, ..asked.clone() };
    check(asked, &fresh(service, &of_resource).await?)
}

/// Whether the resource is the one that the client means, where it says which.
fn check(asked: &Asked, document: &Document) -> Result<(), Failure> {
    match asked.headers.contains_key(header::IF_MATCH) {
        true => etag::check(&asked.headers, &etag::of(document.properties())),
        false => Ok(()),
    }
}

/// The asked resource as it is now.
///
/// # Errors
/// 404.
pub(super) async fn fresh(service: &Service, asked: &Asked) -> Result<Document, Failure> {
    let caller = asked.caller()?;
    let gathered = Gathered::of(service, asked, caller, false, Duration::ZERO).await;
    let found = resource::find(&asked.path, &gathered.world());
    found.ok_or_else(|| Failure::missing(&asked.path))
}

/// `/redfish`: the versions.
pub(super) async fn versions(asked: Asked) -> Response {
    reply::plain(&asked, StatusCode::OK, &json!({"v1": uri::ROOT}))
}

/// `/redfish/v1/odata`.
pub(super) async fn odata(asked: Asked) -> Response {
    reply::plain(&asked, StatusCode::OK, &metadata::service_document())
}

/// `/redfish/v1/$metadata`.
pub(super) async fn metadata(asked: Asked) -> Response {
    let mut response = metadata::metadata().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    reply::set(headers, "odata-version", "4.0");
    reply::set(headers, "allow", &asked.allow);
    response
}
