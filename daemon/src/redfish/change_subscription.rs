//! Subscriptions made, changed and ended, and how often events are sent.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value};

use super::asked::Asked;
use super::body::{Body, Property};
use super::failure::Failure;
use super::record::REGISTRIES;
use super::subscription::{Destination, Filter, RESUME, Retry, SUSPEND};
use super::subscriptions::Delivery;
use super::{etag, event_service, message, post, read, reply, uri};
use crate::service::Service;

/// The types of events that Redfish knows.
const EVENT_TYPES: [&str; 7] = [
    "StatusChange",
    "ResourceUpdated",
    "ResourceAdded",
    "ResourceRemoved",
    "Alert",
    "MetricReport",
    "Other",
];

/// Headers that the service itself sends.
const OWN_HEADERS: [&str; 6] =
    ["host", "content-length", "content-type", "transfer-encoding", "connection", "odata-version"];

/// A reference to a resource.
struct Origin(String);

impl Property for Origin {
    fn of(value: &Value) -> Option<Self> {
        value.get("@odata.id")?.as_str().map(|uri| Self(uri.to_owned()))
    }
}

/// Subscribes a receiver.
pub(super) async fn create(
    State(service): State<Service>,
    asked: Asked,
    bytes: Bytes,
) -> Result<Response, Failure> {
    let caller = asked.caller()?;
    let mut body = Body::parse(&asked.headers, &bytes)?;
    let uri: Option<String> = body.require("Destination");
    if uri.as_deref().is_some_and(|uri| !post::is_address(uri)) {
        let why = "must be https:// or http:// and a host, with an optional port (1 to 65535) and path, and without a user name or password";
        body.refuse("Destination", why);
    }
    body.require_one_of("Protocol", &[("Redfish", ())]);
    body.one_of("SubscriptionType", &[("RedfishEvent", ())]);
    body.one_of("EventFormatType", &[("Event", ())]);
    let context: Option<Option<String>> = body.take("Context");
    let filter = filter(&mut body);
    let retry = body.one_of("DeliveryRetryPolicy", &Retry::ALL);
    let verify: Option<bool> = body.take("VerifyCertificate");
    let headers = headers(&mut body);
    body.finish(&Map::new())?;
    let destination = Destination {
        uri: uri.unwrap_or_default(),
        headers,
        // The schema takes no word for a no. What is told is worth more than that: whoever wants it sent to anybody says so.
        verify: verify.unwrap_or(true),
        retry: retry.unwrap_or(Retry::Forever),
    };
    let all = &asked.own.subscriptions;
    let made = all.add(destination, context.flatten(), filter)?;
    service.access.audit.note(caller, "create subscription", &made.id, "done");
    Ok(reply::made(StatusCode::CREATED, made.document()))
}

/// Changes what a client calls a subscription, and what becomes of it.
pub(super) async fn change(
    State(service): State<Service>,
    asked: Asked,
    bytes: Bytes,
) -> Result<Response, Failure> {
    let (id, caller) = (asked.id(uri::SUBSCRIPTIONS)?, asked.caller()?);
    let _turn = asked.own.turn.lock().await;
    let find = || {
        let all = asked.own.subscriptions.list();
        let found = all.into_iter().find(|known| known.id == id);
        found.ok_or_else(|| Failure::missing(&asked.path))
    };
    let document = find()?.document();
    etag::check(&asked.headers, &etag::of(document.properties()))?;
    let mut body = Body::parse(&asked.headers, &bytes)?;
    let context: Option<Option<String>> = body.take("Context");
    let retry = body.one_of("DeliveryRetryPolicy", &Retry::ALL);
    let verify: Option<bool> = body.take("VerifyCertificate");
    body.finish(document.properties())?;
    let check =
        verify.map(|on| if on { "certificate check to on" } else { "certificate check to off" });
    let parts = [context.as_ref().map(|_| "context"), retry.map(|_| "retry policy"), check];
    let what = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    asked.own.subscriptions.edit(id, |known| {
        if let Some(context) = context {
            known.context = context;
        }
        if let Some(destination) = &mut known.destination {
            destination.retry = retry.unwrap_or(destination.retry);
            destination.verify = verify.unwrap_or(destination.verify);
        }
    })?;
    service.access.audit.note(caller, &format!("change {what} of subscription"), id, "done");
    Ok(reply::made(StatusCode::OK, find()?.document()))
}

/// Lets nothing be sent until it is resumed.
pub(super) async fn suspend(
    State(service): State<Service>,
    asked: Asked,
    bytes: Bytes,
) -> Result<Response, Failure> {
    let body = Body::of_action(&asked.headers, &bytes, SUSPEND)?;
    body.finish(&Map::new())?;
    set_suspended(&service, &asked, SUSPEND, true).await
}

/// Lets events be sent again, from the next one on: none are kept for one that is suspended.
pub(super) async fn resume(
    State(service): State<Service>,
    asked: Asked,
    bytes: Bytes,
) -> Result<Response, Failure> {
    let mut body = Body::of_action(&asked.headers, &bytes, RESUME)?;
    let name = "DeliverBufferedEventDuration";
    if body.take::<String>(name).is_some_and(|duration| !duration.starts_with('P')) {
        body.refuse(name, "a duration of ISO 8601, such as PT0S");
    }
    body.finish(&Map::new())?;
    set_suspended(&service, &asked, RESUME, false).await
}

async fn set_suspended(
    service: &Service,
    asked: &Asked,
    action: &str,
    is_suspended: bool,
) -> Result<Response, Failure> {
    let (id, all) = (asked.id(uri::SUBSCRIPTIONS)?, &asked.own.subscriptions);
    if all.receiver(id).is_none() {
        // A stream is closed by who wants nothing of it.
        let is_stream = all.list().iter().any(|known| known.id == id);
        let missing = Failure::missing(&asked.path);
        return Err(if is_stream {
            Failure::wrong(&message::ACTION_NOT_SUPPORTED, &[action])
        } else {
            missing
        });
    }
    let _turn = asked.own.turn.lock().await;
    read::unchanged(service, asked).await?;
    all.edit(id, |known| known.is_suspended = is_suspended)?;
    let word = if is_suspended { "suspend subscription" } else { "resume subscription" };
    service.access.audit.note(asked.caller()?, word, id, "done");
    Ok(reply::done())
}

/// Ends a subscription; a stream is closed.
pub(super) async fn delete(
    State(service): State<Service>,
    asked: Asked,
) -> Result<Response, Failure> {
    let id = asked.id(uri::SUBSCRIPTIONS)?;
    let _turn = asked.own.turn.lock().await;
    let known = asked.own.subscriptions.list().into_iter().find(|known| known.id == id);
    let known = known.ok_or_else(|| Failure::missing(&asked.path))?;
    etag::check(&asked.headers, &etag::of(known.document().properties()))?;
    asked.own.subscriptions.remove(id)?;
    service.access.audit.note(asked.caller()?, "remove subscription", id, "done");
    Ok(reply::done())
}

/// Changes how often events are sent to a receiver that does not answer.
pub(super) async fn change_service(
    State(service): State<Service>,
    asked: Asked,
    bytes: Bytes,
) -> Result<Response, Failure> {
    let (all, caller) = (&asked.own.subscriptions, asked.caller()?);
    let _turn = asked.own.turn.lock().await;
    let before = all.delivery();
    let document = event_service::service(before);
    etag::check(&asked.headers, &etag::of(document.properties()))?;
    let mut body = Body::parse(&asked.headers, &bytes)?;
    let attempts = number(&mut body, "DeliveryRetryAttempts", 100);
    let interval = number(&mut body, "DeliveryRetryIntervalSeconds", 3600);
    body.finish(document.properties())?;
    let after = Delivery {
        attempts: attempts.unwrap_or(before.attempts),
        interval_s: interval.unwrap_or(before.interval_s),
    };
    let what =
        format!("set event delivery to {} attempts, {} s apart", after.attempts, after.interval_s);
    all.set_delivery(after)?;
    service.access.audit.note(caller, &what, "", "done");
    Ok(reply::made(StatusCode::OK, event_service::service(all.delivery())))
}

fn number(body: &mut Body, name: &str, most: u64) -> Option<u64> {
    let number: u64 = body.take(name)?;
    if number > most {
        body.refuse(name, &format!("at most {most}"));
    }
    Some(number)
}

fn filter(body: &mut Body) -> Filter {
    let origins: Vec<Origin> = body.take("OriginResources").unwrap_or_default();
    let event_types = body.list_of("EventTypes", &EVENT_TYPES);
    // Events are of resources of any type.
    if body.take::<Vec<String>>("ResourceTypes").is_some_and(|types| !types.is_empty()) {
        body.refuse("ResourceTypes", "not supported; leave it out, or send an empty list");
    }
    let message_ids: Vec<String> = body.take("MessageIds").unwrap_or_default();
    // Nothing would ever come of another one.
    let is_told = |id: &&String| REGISTRIES.contains(&id.split('.').next().unwrap_or_default());
    if let Some(other) = message_ids.iter().find(|id| !is_told(id)) {
        body.refuse_value("MessageIds", other);
    }
    Filter {
        registry_prefixes: body.list_of("RegistryPrefixes", &REGISTRIES),
        message_ids,
        origins: origins.into_iter().map(|Origin(uri)| uri).collect(),
        event_types,
    }
}

/// Headers that the client wants to get with each event.
fn headers(body: &mut Body) -> Vec<(String, String)> {
    let objects: Vec<Map<String, Value>> = body.take("HttpHeaders").unwrap_or_default();
    let mut headers = Vec::new();
    for (name, value) in objects.into_iter().flatten() {
        let is_name = HeaderName::try_from(name.as_str())
            .is_ok_and(|name| !OWN_HEADERS.contains(&name.as_str()));
        match value.as_str().filter(|value| is_name && HeaderValue::from_str(value).is_ok()) {
            Some(value) => headers.push((name, value.to_owned())),
            None => {
                let name = clusterhat::shorten(&name).into_owned();
                let own = OWN_HEADERS.join(", ");
                let why = format!(
                    "{name:?} cannot be sent: it needs a valid header name and value, and must not be one of {own}"
                );
                body.refuse("HttpHeaders", &why);
            }
        }
    }
    headers
}
