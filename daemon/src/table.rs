//! All routes, and the router that is made of them and of nothing else.

use axum::Router;
use axum::extract::{Extension, MatchedPath, Request, State};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

use crate::error::{Problem, ProblemKind};
use crate::http::route::{Allow, Route};
use crate::http::{host, limits};
use crate::service::Service;
use crate::{api, metrics, page, redfish};

/// Every route.
#[must_use]
pub fn routes() -> Vec<Route> {
    [api::routes(), redfish::routes(), metrics::routes(), page::routes()].concat()
}

/// The router.
pub fn router(service: &Service, of_redfish: redfish::State) -> Router {
    let mut router = Router::new();
    let routes = routes();
    for route in &routes {
        let allow = Extension(Allow::of(route.path, &routes));
        router = router.route(route.path, route.guarded(service).route_layer(allow));
    }
    router
        .method_not_allowed_fallback(async |method: Method, path: MatchedPath| {
            if method == Method::OPTIONS {
                return StatusCode::NO_CONTENT.into_response();
            }
            let Allow(known) = Allow::of(path.as_str(), &self::routes());
            let method = clusterhat::shorten(method.as_str());
            let text = format!("this resource does not have the method {method}: it has {known}");
            Problem::new(ProblemKind::MethodNotAllowed, text).into_response()
        })
        .fallback(async |method: Method, uri: Uri| {
            // Of the whole service (RFC 9110, 9.3.7).
            if method == Method::OPTIONS && uri.path() == "*" {
                return StatusCode::NO_CONTENT.into_response();
            }
            let page = clusterhat::shorten(uri.path()).into_owned();
            Problem::not_found(&format!("page {page:?}")).into_response()
        })
        .layer(Extension(of_redfish))
        .layer(from_fn(limits::body))
        .layer(from_fn_with_state(service.clone(), finish))
        .with_state(service.clone())
}

/// What every answer has: its time counted, headers that browsers go by, and problems in the format of their part.
async fn finish(State(service): State<Service>, request: Request, next: Next) -> Response {
    let begun = std::time::Instant::now();
    let path = request.uri().path().to_owned();
    let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = request.method().clone();
    let is_scripted = is_scripted(request.headers());
    let mut response = match host::check(request.version(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let problem = response.extensions().get::<Problem>().cloned();
    if let Some(problem) = problem.filter(|_| path.starts_with("/redfish")) {
        response = redfish::problem(&problem, &path, &response);
    }
    let headers = response.headers_mut();
    if is_scripted {
        headers.remove(WWW_AUTHENTICATE);
    }
    let mut set = |name: &'static str, value: &'static str| {
        headers.entry(name).or_insert(axum::http::HeaderValue::from_static(value));
    };
    set("cache-control", "no-store");
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "no-referrer");
    set("x-frame-options", "DENY");
    set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    let route = matched.as_deref().unwrap_or("none");
    service.metrics.answered(&method, route, response.status(), begun.elapsed());
    response.into_response()
}

/// Whether a script of a page asks, and not who follows an address (Fetch Metadata Request Headers, `Sec-Fetch-Mode`): the page has
/// a form for who is not signed in, and a browser that is challenged would ask by a window of its own first.
fn is_scripted(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_some_and(|mode| mode != "navigate")
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_page_s_script_is_told_from_who_follows_an_address() {
        let is = |mode: Option<&'static str>| {
            let pair =
                |mode| (HeaderName::from_static("sec-fetch-mode"), HeaderValue::from_static(mode));
            is_scripted(&mode.map(pair).into_iter().collect())
        };
        assert!(!is(None) && !is(Some("navigate")));
        assert!(is(Some("cors")) && is(Some("websocket")));
    }
}
