//! Requests that are damaged in all of their parts: most of them come as far as a handler.

use std::fmt::Write as _;

use clusterhat_daemon::table;

use super::numbers::Numbers;

const METHODS: [&str; 12] =
    ["GET", "GET", "GET", "GET", "POST", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS", "x"];

/// What stands in the place of a path's parameters.
const NAMES: [&str; 16] = [
    "p1",
    "p2",
    "p4",
    "p5",
    "1",
    "2",
    "hat1",
    "admin",
    "controller",
    "..",
    "%00",
    "%ff%fe",
    "p1%2F..",
    "A%20B",
    "Event.1.0.0",
    "x",
];

const QUERIES: [&str; 18] = [
    "$expand=.",
    "$expand=*($levels=6)",
    "$expand=~($levels=99999999999)",
    "$select=Name,Status/State",
    "$select=,,",
    "$top=1",
    "$top=-1",
    "$skip=99999999999999999999",
    "only",
    "$filter=x",
    "%",
    "a=%zz",
    "for=agent",
    "timeout=0",
    "nodes=p[1-4",
    "after=18446744073709551615",
    "x=\u{fffd}",
    "&&=&",
];

const HEADERS: [&str; 24] = [
    "authorization: Basic YWRtaW46eA==",
    "authorization: Basic ////",
    "authorization: Bearer x",
    "authorization: Digest",
    "x-auth-token: \u{7f}",
    "cookie: clusterhat-session=x; a; =b",
    "if-none-match: *",
    "if-match: W/\"0\", \"",
    "odata-version: 4.0",
    "odata-version: 5",
    "accept: application/openmetrics-text;q=",
    "last-event-id: -1",
    "idempotency-key: a",
    "idempotency-key: \u{e9}",
    "expect: 100-continue",
    "connection: upgrade\r\nupgrade: websocket",
    "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    "range: bytes=0-",
    "origin: null",
    "x-requested-by: clusterhat",
    "sec-fetch-mode: cors",
    "accept-encoding: gzip",
    "x: \t",
    "host: y",
];

/// Names of properties and values that handlers look for, and some that they do not.
const WORDS: [&str; 40] = [
    "nodes",
    "action",
    "on",
    "off",
    "cycle",
    "shutdown",
    "reboot",
    "delay",
    "timeout",
    "force",
    "name",
    "role",
    "expires_in",
    "password",
    "user",
    "operator",
    "administrator",
    "ResetType",
    "On",
    "ForceOff",
    "PowerCycle",
    "UserName",
    "Password",
    "RoleId",
    "Enabled",
    "Destination",
    "http://127.0.0.1:9/x",
    "Protocol",
    "Redfish",
    "Context",
    "TargetURIs",
    "/redfish/v1/Systems/p1",
    "IndicatorLED",
    "LocationIndicatorActive",
    "Boot",
    "BootSourceOverrideTarget",
    "Usb",
    "EventTypes",
    "p1",
    "500ms",
];

/// A request's bytes.
pub(crate) fn request(numbers: &mut Numbers) -> Vec<u8> {
    let method = numbers.pick(&METHODS);
    let mut text = format!("{method} {}", path(numbers));
    for separator in ["?", "&"] {
        if numbers.in_thousand(300) {
            let _ = write!(text, "{separator}{}", numbers.pick(&QUERIES));
        }
    }
    text.push_str(if numbers.in_thousand(990) {
        " HTTP/1.1\r\nhost: x\r\n"
    } else {
        " HTTP/1.0\r\n"
    });
    // Who lets answers be old waits for no board.
    if numbers.in_thousand(998) {
        text.push_str("cache-control: max-age=3600\r\n");
    }
    for _ in 0..numbers.below(4) {
        let _ = write!(text, "{}\r\n", numbers.pick(&HEADERS));
    }
    let has_body = !matches!(method, "GET" | "HEAD" | "DELETE") || numbers.in_thousand(20);
    let body = if has_body { body(numbers) } else { Vec::new() };
    if has_body {
        let kind = if numbers.in_thousand(950) { "application/json" } else { "text/plain" };
        let _ = write!(text, "content-type: {kind}\r\n");
        match numbers.below(50) {
            0 => text.push_str("transfer-encoding: chunked\r\n"),
            1 => text.push_str("content-length: 99999999999\r\n"),
            _ => drop(write!(text, "content-length: {}\r\n", body.len())),
        }
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend(body);
    if numbers.in_thousand(200) {
        damage(numbers, &mut bytes);
    }
    bytes
}

fn path(numbers: &mut Numbers) -> String {
    thread_local! {
        static PATHS: Vec<&'static str> = table::routes().iter().map(|route| route.path).collect();
    }
    let pattern = PATHS.with(|paths| numbers.pick(paths));
    let parts = pattern.split('/').map(|part| match part.starts_with('{') {
        true => numbers.pick(&NAMES),
        false => part,
    });
    let mut path = parts.collect::<Vec<_>>().join("/");
    if numbers.in_thousand(50) {
        path.push_str(&["/", "//x", "/%", "?"][numbers.below(4)].repeat(1 + numbers.below(40)));
    }
    path
}

fn body(numbers: &mut Numbers) -> Vec<u8> {
    match numbers.below(100) {
        0 => vec![b'['; numbers.below(60_000)],
        1 => b"{\"a\":".repeat(numbers.below(10_000)),
        2 => (0..numbers.below(100)).map(|_| u8::try_from(numbers.below(256)).unwrap()).collect(),
        _ => {
            let mut text = String::new();
            value(numbers, 0, &mut text);
            text.into_bytes()
        }
    }
}

/// JSON, mostly an object.
fn value(numbers: &mut Numbers, depth: usize, text: &mut String) {
    let kind = if depth == 0 { numbers.below(2) * 9 } else { numbers.below(10) };
    match kind {
        0 | 9 if depth < 4 => {
            text.push('{');
            for index in 0..numbers.below(5) {
                let comma = if index == 0 { "" } else { "," };
                let _ = write!(text, "{comma}\"{}\":", numbers.pick(&WORDS));
                value(numbers, depth + 1, text);
            }
            text.push('}');
        }
        1 if depth < 4 => {
            text.push('[');
            for index in 0..numbers.below(4) {
                text.push_str(if index == 0 { "" } else { "," });
                value(numbers, depth + 1, text);
            }
            text.push(']');
        }
        2 => text.push_str(numbers.pick(&["true", "false", "null"])),
        3 => text.push_str(numbers.pick(&[
            "0",
            "-1",
            "1e308",
            "18446744073709551616",
            "0.5",
            "3600",
        ])),
        4 => drop(write!(text, "\"{}\"", "é\\u0000<b>".repeat(numbers.below(40)))),
        _ => drop(write!(text, "\"{}\"", numbers.pick(&WORDS))),
    }
}

/// Changes, removes or doubles some bytes.
fn damage(numbers: &mut Numbers, bytes: &mut Vec<u8>) {
    for _ in 0..=numbers.below(4) {
        let place = numbers.below(bytes.len());
        match numbers.below(3) {
            0 => bytes[place] = u8::try_from(numbers.below(256)).unwrap(),
            1 => bytes.truncate(place + 1),
            _ => bytes.insert(place, b"\r\n \0:/%{\xff"[numbers.below(9)]),
        }
    }
}
