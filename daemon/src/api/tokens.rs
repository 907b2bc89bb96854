//! API tokens.

use axum::extract::{Extension, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::described::Described;
use super::document::Document;
use crate::access::{Caller, Need, Role, Token};
use crate::error::Problem;
use crate::events::EventKind;
use crate::http::blocking::blocking;
use crate::http::request::{Body, Path};
use crate::service::Service;
use crate::time::Time;

/// The body of `POST /api/v1/tokens`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TokenRequest {
    /// Its name: 1 to 32 letters, digits, dots, hyphens and underscores, and no dot at the start.
    name: String,
    /// What its holder may do.
    role: Role,
    /// After how long it expires; never where absent.
    #[serde(default)]
    expires_in: Option<Time>,
}

/// A new token.
#[derive(Debug, Serialize, JsonSchema)]
struct NewToken {
    /// The token.
    #[serde(flatten)]
    token: Token,
    /// Its secret, told this once: `Authorization: Bearer SECRET`.
    secret: String,
}

/// All tokens.
#[derive(Debug, Serialize, JsonSchema)]
struct TokenList {
    /// Those that have not expired.
    tokens: Vec<Token>,
}

/// Its routes.
pub(super) fn routes() -> Vec<Described> {
    let administer = Need::Role(Role::Administrator);
    let all = "/api/v1/tokens";
    vec![
        Described::new(Method::GET, all, "API tokens, without their secrets", || get(list))
            .need(administer)
            .gives::<Document<TokenList>>(),
        Described::new(Method::POST, all, "Make a token; its secret is shown only once", || {
            post(create)
        })
        .need(administer)
        .takes::<TokenRequest>()
        .gives::<Document<NewToken>>(),
        Described::new(Method::DELETE, "/api/v1/tokens/{name}", "Remove a token", || {
            delete(remove)
        })
        .need(administer),
    ]
}

async fn list(State(service): State<Service>) -> Response {
    Document::new(TokenList { tokens: service.access.tokens.list() }).into_response()
}

async fn create(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    request: Result<Body<TokenRequest>, Problem>,
) -> Result<Response, Problem> {
    let note_refused = |why: &Problem| {
        service.access.audit.note_refused(&caller, "create token", "", &why.message)
    };
    let Body(request) = request.inspect_err(note_refused)?;
    let lifetime = request.expires_in.map(|time| time.0);
    let made = blocking(move || {
        let made = service.access.tokens.create(&request.name, request.role, lifetime);
        note(&service, &caller, "create token", &request.name, made.as_ref().err());
        made
    });
    let (token, secret) = made.await?;
    Ok((StatusCode::CREATED, Document::new(NewToken { token, secret })).into_response())
}

async fn remove(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let removed = blocking(move || {
        let removed = service.access.tokens.remove(&name);
        note(&service, &caller, "remove token", &name, removed.as_ref().err());
        removed
    });
    removed.await.map(|()| StatusCode::NO_CONTENT)
}

fn note(service: &Service, caller: &Caller, what: &str, name: &str, problem: Option<&Problem>) {
    let result = problem.map_or("done", |problem| &problem.message);
    service.access.audit.note(caller, what, &clusterhat::shorten(name), result);
    if problem.is_none() {
        let (who, what) = (caller.name.clone(), format!("{what} {name}"));
        service.events.tell(EventKind::Access { who, what });
    }
}
