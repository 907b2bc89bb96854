//! The page: files that need nobody to be signed in, since all that they show comes from the API.

mod assets;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::access::Need;
use crate::error::Problem;
use crate::http::request::Path;
use crate::http::route::Route;
use assets::Asset;

/// What the page may do: nothing but load its own files, and talk to this service.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Its routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/", Need::Open, || get(index)),
        Route::new(Method::GET, "/page/{*file}", Need::Open, || get(file)),
    ]
}

async fn index(headers: HeaderMap) -> Response {
    answer("index.html", &headers)
}

async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    answer(&name, &headers)
}

fn answer(name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = Asset::find(name) else {
        return Problem::not_found("such file of the page").into_response();
    };
    let tag = tag(asset);
    let has = |name: HeaderName, word: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(',').any(|part| part.split(';').next().is_some_and(|part| part.trim() == word))
    };
    let common = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        // Asked for each time: another version of the daemon has another page.
        (CACHE_CONTROL, "no-cache"),
        (VARY, "Accept-Encoding"),
        (ETAG, &*tag),
    ];
    if has(IF_NONE_MATCH, &tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let media_type = [(CONTENT_TYPE, asset.media_type())];
    if has(axum::http::header::ACCEPT_ENCODING, "gzip") {
        (common, media_type, [(CONTENT_ENCODING, "gzip")], asset.gzip).into_response()
    } else {
        (common, media_type, asset.plain).into_response()
    }
}

/// Another for another content: a number made of all of its bytes (FNV-1a).
fn tag(asset: Asset) -> String {
    let hash = asset.plain.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("\"{hash:016x}\"")
}
