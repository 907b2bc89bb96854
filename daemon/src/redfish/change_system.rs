//! PATCH of a node: from what it boots, where its board chooses that.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use super::asked::Asked;
use super::body::Body;
use super::failure::Failure;
use super::systems::{NO_OVERRIDE, USB};
use super::{etag, operate, read, reply, uri};
use crate::boards::Operation;
use crate::service::Service;

/// Changes a node's `Boot`.
pub(super) async fn change(
    State(service): State<Service>,
    asked: Asked,
    bytes: Bytes,
) -> Result<Response, Failure> {
    let caller = asked.caller()?;
    let node = asked.id(uri::SYSTEMS)?;
    let document = read::fresh(&service, &asked).await?;
    let known = document.properties();
    etag::check(&asked.headers, &etag::of(known))?;
    let mut body = Body::parse(&asked.headers, &bytes)?;
    // Where the board cannot choose, the node has no such property.
    let boot = known.get("Boot").and_then(Value::as_object);
    let over_usb = boot.and_then(|boot| over_usb(&mut body, boot));
    body.finish(known)?;
    if let Some(on) = over_usb {
        let task = service.tasks.start(Operation::UsbBoot { on }, &[node.to_owned()], caller)?;
        operate::finish(&task).await?;
    }
    let changed = read::fresh(&service, &asked).await?;
    Ok(reply::made(StatusCode::OK, changed))
}

/// Whether the node is to boot over USB. The board does so at each start or at none: once is not among its words.
fn over_usb(body: &mut Body, known: &Map<String, Value>) -> Option<bool> {
    let properties: Map<String, Value> = body.take("Boot")?;
    let mut boot = Body::new(properties);
    let target = boot.one_of("BootSourceOverrideTarget", &[(USB, true), (NO_OVERRIDE, false)]);
    let enabled =
        boot.one_of("BootSourceOverrideEnabled", &[("Continuous", true), ("Disabled", false)]);
    let was_usb = known.get("BootSourceOverrideTarget").and_then(Value::as_str) == Some(USB);
    if enabled == Some(true) && !target.unwrap_or(was_usb) {
        boot.refuse("BootSourceOverrideEnabled", "name what to boot from: the target Usb");
    }
    body.note(boot.into_messages(known));
    match (target, enabled) {
        (_, Some(false)) => Some(false),
        (None, Some(true)) => Some(true),
        (target, _) => target,
    }
}
