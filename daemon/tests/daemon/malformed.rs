//! Requests that are almost right: each is refused with its reason, in the format of its part, and none is a defect.

use std::io::{Read as _, Write as _};

use clusterhat_daemon::table::routes;
use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::rig::Daemon;

/// What refuses: of Redfish in its own format, else in the command's.
fn is_told(path: &str, answer: &Answer) -> bool {
    let error = &answer.json()["error"];
    match path.starts_with("/redfish") {
        true => error["@Message.ExtendedInfo"][0]["MessageId"].is_string(),
        false => error["kind"].is_string() && error["message"].is_string(),
    }
}

/// Bodies that no handler takes.
fn bodies() -> Vec<String> {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_object = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    let mut bodies: Vec<_> = [
        "[]",
        "null",
        "1",
        "\"text\"",
        "{",
        "{\"a\"",
        "NaN",
        "{\"a\": NaN}",
        "{\"a\": 1e999}",
        "\u{feff}{}",
        "{} {}",
        "{\"a\": \"\\ud800\"}",
        "{\"\": \"\"}",
    ]
    .map(str::to_owned)
    .into();
    let names = [
        "nodes",
        "action",
        "delay",
        "off_time",
        "timeout",
        "force",
        "for",
        "name",
        "role",
        "expires_in",
        "user",
        "password",
        "ResetType",
        "TargetURIs",
        "DelayBetweenBatchesInSeconds",
        "BatchSize",
        "UserName",
        "Password",
        "RoleId",
        "Enabled",
        "Boot",
        "LocationIndicatorActive",
        "Destination",
        "Protocol",
        "Context",
        "HttpHeaders",
        "EventTypes",
        "OriginResources",
        "MessageIds",
        "DeliveryRetryAttempts",
        "DeliveryRetryIntervalSeconds",
    ];
    let values = [
        "1e18",
        "-1",
        "18446744073709551616",
        "-9223372036854775809",
        "1.5",
        "true",
        "null",
        "[]",
        "{}",
        "[[]]",
        "[null]",
        "\"\"",
        "\"\\u0000\"",
        "{\"@odata.id\": 7}",
    ];
    for name in names {
        bodies.extend(values.map(|value| format!("{{\"{name}\": {value}}}")));
        bodies.push(format!("{{\"{name}\": 1, \"{name}\": 1}}"));
    }
    bodies.extend([deep, deep_object]);
    bodies
}

#[test]
fn a_body_that_is_almost_right_is_refused_with_its_reason() {
    let daemon = Daemon::on_socket();
    let bodies = bodies();
    for route in routes().iter().filter(|route| ["POST", "PATCH"].contains(&route.method.as_str()))
    {
        let path = route
            .path
            .replace("{node}", "p1")
            .replace("{name}", "hat1")
            .replace("{account}", "admin");
        // Log-ins are slowed down; MAAS's take no body.
        if path.contains("ession") || path.contains("/maas/") || path.contains('{') {
            continue;
        }
        // A change of a board or node reads the boards first, which happens once a second.
        let step = if route.path.contains('{') && route.method == "PATCH" { 60 } else { 1 };
        for body in bodies.iter().step_by(step) {
            let request = Request::new(route.method.as_str(), &path).body(body);
            let answer = daemon.ask(&request.header("content-type", "application/json"));
            let case =
                format!("{} {path} {:.80}: {} {}", route.method, body, answer.status, answer.body);
            // Some may be right for some.
            if !(200..300).contains(&answer.status) {
                assert!((400..500).contains(&answer.status) && is_told(&path, &answer), "{case}");
            }
        }
    }
    assert!(!daemon.stderr().contains("panicked"), "{}", daemon.stderr());
    let nodes = daemon.get("/api/v1/nodes");
    assert!(nodes["nodes"].as_array().unwrap().iter().all(|node| node["seen"] == false), "{nodes}");
}

#[test]
fn a_value_that_cannot_be_is_named_and_begins_nothing() {
    let daemon = Daemon::on_socket();
    for (name, value, says) in [
        ("delay", json!(1e18), "1000000000000000000 is not a time"),
        ("delay", json!(1e300), "1e300 is not a time"),
        ("delay", json!("1e9y"), "\"1e9y\" is not a time"),
        ("delay", json!(4000), "delay 4000"),
        ("off_time", json!(0), "off-time 0"),
        ("timeout", json!(1.8e19), "18000000000000000000 is not a time"),
    ] {
        let mut body = json!({"nodes": ["p1"], "action": "cycle"});
        body[name] = value;
        let answer = daemon.ask(&Request::post("/api/v1/power", &body));
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(says), "{message}");
    }
    let path = "/redfish/v1/AggregationService/Actions/AggregationService.Reset";
    for delay in [301, 1_000_000_000_000_u64] {
        let targets = ["/redfish/v1/Systems/p1"];
        let body = json!({"ResetType": "On", "TargetURIs": targets, "DelayBetweenBatchesInSeconds": delay});
        let answer = daemon.ask(&Request::post(path, &body));
        assert_eq!(answer.status, 400, "{}", answer.body);
        let message = &answer.json()["error"]["@Message.ExtendedInfo"][0];
        assert_eq!(message["MessageId"], "Base.1.22.ActionParameterValueError");
        assert!(message["Message"].as_str().unwrap().contains(&delay.to_string()), "{message}");
    }
    assert_eq!(daemon.get("/api/v1/tasks")["tasks"], json!([]));
}

#[test]
fn a_property_that_is_there_twice_is_named() {
    let daemon = Daemon::on_socket();
    for (path, body) in [
        (
            "/redfish/v1/Systems/p1/Actions/ComputerSystem.Reset",
            r#"{"ResetType": "ForceOff", "ResetType": "On"}"#,
        ),
        ("/api/v1/power", r#"{"nodes": ["p1"], "action": "off", "action": "on"}"#),
    ] {
        let answer = daemon.ask(&Request::post(path, &Value::Null).body(body));
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(
            answer.body.contains("ResetType") || answer.body.contains("duplicate field `action`"),
            "{}",
            answer.body
        );
    }
    assert_eq!(daemon.get("/api/v1/tasks")["tasks"], json!([]));
}

/// Seen: an array was taken for the fields of a request, in the order that they have in the program.
#[test]
fn a_body_of_the_small_api_is_an_object_and_nothing_else() {
    let daemon = Daemon::on_socket();
    for body in [r#"[["p1"], "on", null, null, null, false]"#, r#" ["p1", "off"]"#, "\"on\"", "1"] {
        for path in ["/api/v1/power", "/api/v1/wait", "/api/v1/tokens"] {
            let answer = daemon.ask(&Request::post(path, &Value::Null).body(body));
            assert_eq!(answer.status, 400, "{path} {body}: {}", answer.body);
            assert!(answer.body.contains("a JSON object"), "{}", answer.body);
        }
    }
    assert_eq!(daemon.get("/api/v1/tasks")["tasks"], json!([]));
}

/// Seen: a path that is no UTF-8 was answered in plain text.
#[test]
fn a_path_or_query_that_cannot_be_read_is_refused_in_the_format_of_its_part() {
    let daemon = Daemon::on_socket();
    for route in routes().iter().filter(|route| route.path.contains('{')) {
        let fill =
            |part: &str| if part.starts_with('{') { "%ff".to_owned() } else { part.to_owned() };
        let path = route.path.split('/').map(fill).collect::<Vec<_>>().join("/");
        let request = Request::new(route.method.as_str(), &path).body("{}");
        let answer = daemon.ask(&request.header("content-type", "application/json"));
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.body);
        assert!(is_told(&path, &answer), "{path}: {}", answer.body);
    }
    for query in
        ["history=x", "history=-1", "history=99999999999999999999999", "history=1&history=2"]
    {
        let path = format!("/api/v1/consoles/p1?{query}");
        let answer = daemon.ask(&Request::get(&path));
        assert!(answer.status == 400 && is_told(&path, &answer), "{path}: {}", answer.body);
    }
}

/// RFC 9112, 3.2: without a host, or with two, a request of HTTP/1.1 is refused.
#[test]
fn a_request_without_a_host_is_refused() {
    let daemon = Daemon::on_socket();
    let status = |text: &str| {
        let mut socket = daemon.socket();
        socket.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        Answer::parse(&answer).unwrap()
    };
    for path in ["/api/v1/nodes", "/redfish/v1/", "/"] {
        let ask = |version: &str, headers: &str| {
            status(&format!("GET {path} HTTP/{version}\r\n{headers}Connection: close\r\n\r\n"))
        };
        for headers in ["", "Host: a\r\nHost: b\r\n", "Host: a b\r\n", "Host: a@b\r\n"] {
            let answer = ask("1.1", headers);
            assert!(
                answer.status == 400 && is_told(path, &answer),
                "{path} {headers:?}: {answer:?}"
            );
        }
        assert_eq!(ask("1.1", "Host: pi.example:8443\r\n").status, 200);
        assert_eq!(ask("1.0", "").status, 200);
    }
}
