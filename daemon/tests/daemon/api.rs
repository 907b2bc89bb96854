//! The small API, from its own description, and what other programs ask of it.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};

use crate::client::Request;
use crate::rig::Daemon;

#[test]
fn the_openapi_document_describes_every_route() {
    let daemon = Daemon::on_socket();
    let document = daemon.get("/api/v1/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");
    let routes = clusterhat_daemon::table::routes();
    let ours: Vec<_> = clusterhat_daemon::api::routes();
    assert!(ours.len() > 15 && routes.len() >= ours.len());
    for route in &ours {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        assert!(operation["summary"].is_string(), "{} {}", route.method, route.path);
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    let names =
        text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
    let mut count = 0;
    for name in names {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
        count += 1;
    }
    assert!(count > 20, "{count}");
    assert!(!text.contains("#/$defs/"));
    // Seen: Document, Document2 ... Document8.
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let numbered: Vec<_> = schemas.keys().filter(|name| name.ends_with(char::is_numeric)).collect();
    assert!(numbered.is_empty() && schemas.contains_key("StatusReportDocument"), "{numbered:?}");
    // Seen: one `since` counted seconds, another milliseconds, and neither said so.
    let times = ["at", "since", "taken", "created", "expires", "began", "ended"];
    let mut count = 0;
    for (name, schema) in schemas {
        for (key, value) in schema["properties"].as_object().into_iter().flatten() {
            if times.contains(&key.as_str()) {
                let said = value["description"].as_str().unwrap_or_default().to_lowercase();
                assert!(said.contains("seconds"), "{name}.{key}: {value}");
                count += 1;
            }
        }
    }
    assert!(count >= 5, "{count}");
}

/// Seen: there was no page.
#[test]
fn the_api_s_root_leads_to_its_descriptions() {
    let daemon = Daemon::on_socket();
    for root in ["/api/v1", "/api/v1/"] {
        let index = daemon.get(root);
        for key in ["reference", "openapi"] {
            assert_eq!(
                daemon.ask(&Request::get(index[key].as_str().unwrap())).status,
                200,
                "{key}"
            );
        }
    }
}

/// What MAAS's webhook driver does: a token in a header, no body, and expressions on the answer.
#[test]
fn maas_switches_and_asks() {
    let daemon = Daemon::new();
    let body = json!({"name": "maas", "role": "operator"});
    let token = daemon.ask(&Request::post("/api/v1/tokens", &body)).json()["secret"].clone();
    let ask = |method: &str, what: &str| {
        let request = Request::new(method, &format!("/api/v1/maas/p2/{what}"))
            .header("accept", "application/json")
            .header("system_id", "abc123")
            .bearer(token.as_str().unwrap());
        request.send(&mut daemon.tls()).unwrap()
    };
    let power = || {
        let text = ask("GET", "query").body;
        // `status.*\:.*running` and `status.*\:.*stopped`.
        let rest = text.split_once("status").unwrap().1.split_once(':').unwrap().1.to_owned();
        (rest.contains("running"), rest.contains("stopped"))
    };
    assert_eq!(power(), (false, true));
    assert_eq!(ask("POST", "on").status, 200);
    assert_eq!(power(), (true, false));
    assert_eq!(ask("POST", "off").status, 200);
    assert_eq!(power(), (false, true));
    assert_eq!(ask("POST", "explode").status, 404);
    let all = Request::new("POST", "/api/v1/maas/all/off").bearer(token.as_str().unwrap());
    assert_eq!(daemon.ask(&all).status, 404);
}

/// Reads a stream of events until one of this kind.
fn next(stream: &mut impl std::io::Read, text: &mut String, kind: &str) -> Value {
    let begin = format!("event: {kind}\ndata: ");
    loop {
        if let Some((before, rest)) = text.split_once(&begin) {
            if let Some((data, rest)) = rest.split_once("\n\n") {
                let event = serde_json::from_str(data).expect("JSON");
                assert!(before.contains("id: "), "{before}");
                *text = rest.to_owned();
                return event;
            }
        }
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).expect("it can be read");
        assert!(count > 0, "the stream ended: {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
}

#[test]
fn events_come_as_they_happen_and_again_for_who_comes_back() {
    let daemon = Daemon::on_socket();
    let mut stream = daemon.socket();
    stream.write_all(Request::get("/api/v1/events").text().as_bytes()).unwrap();
    let mut text = String::new();
    // The daemon follows the nodes from their first state on.
    while !text.contains("text/event-stream") {
        let mut bytes = [0; 1024];
        let count = stream.read(&mut bytes).unwrap();
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    clusterhat_tests::running::until("states that are followed", || {
        daemon.run_beside(&["on", "p1"]);
        daemon.run_beside(&["off", "p1"]);
        std::thread::sleep(std::time::Duration::from_millis(200));
        let again = Request::get("/api/v1/events").header("last-event-id", "1").text();
        let mut stream = daemon.socket();
        stream.write_all(again.as_bytes()).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_millis(500))).unwrap();
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).contains("event: power")
    });
    let power = next(&mut stream, &mut text, "power");
    assert_eq!(
        (&power["event"], &power["node"], &power["on"]),
        (&json!("power"), &json!("p1"), &json!(true))
    );
    let state = next(&mut stream, &mut text, "state");
    // The same unit, and nothing that is yet to come.
    let (at, since) = (state["at"].as_u64().unwrap(), state["since"].as_u64().unwrap());
    assert!(since <= at && at - since < 60_000, "{state}");
    daemon.tells("p1: off -> ");
    daemon.power(&json!({"nodes": ["p2"], "action": "on"}));
    let task = next(&mut stream, &mut text, "task");
    assert_eq!((&task["operation"], &task["nodes"]), (&json!("on"), &json!("p2")));
    assert!(task["id"].as_u64() > power["id"].as_u64());
}

#[test]
fn a_wait_ends_with_its_state_or_its_time() {
    let daemon = Daemon::on_socket();
    let wait = |body: &Value| daemon.ask(&Request::post("/api/v1/wait", body));
    let there = wait(&json!({"nodes": ["p1"], "for": "off", "timeout": 30}));
    assert_eq!((there.status, &there.json()["nodes"][0]["reached"]), (200, &json!(true)));
    let late = wait(&json!({"nodes": ["p1"], "for": "agent", "timeout": 0.1}));
    assert_eq!((late.status, &late.json()["error"]["kind"]), (504, &json!("timed-out")));
    // Seen: "not agent within 0.09999995 s".
    let said = late.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(said.starts_with("not agent within 0.1 s: "), "{said}");
    daemon.power(&json!({"nodes": ["p1"], "action": "on"}));
    // Seen: "not agent within 0.1 s: p1 is powered (not on the USB within 0.09999995 s)".
    let early = wait(&json!({"nodes": ["p1"], "for": "agent", "timeout": 0.1}));
    assert!(!early.body.contains("0.09"), "{}", early.body);
    let started = wait(&json!({"nodes": ["p1"], "for": "agent", "timeout": 60}));
    assert_eq!(started.status, 200, "{}", started.body);
    assert_eq!(wait(&json!({"for": "heaven"})).status, 400);
    assert_eq!(wait(&json!({"for": "off", "timeout": 4000})).status, 400);
    // What the agent says comes with the telemetry.
    clusterhat_tests::running::until("the agent's word", || {
        let telemetry = daemon.get("/api/v1/telemetry");
        telemetry["nodes"]
            .as_array()
            .is_some_and(|nodes| nodes.iter().any(|n| n["telemetry"].is_object()))
    });
    let history = daemon.get("/api/v1/telemetry/p1");
    assert!(history["samples"][0]["temperature_c"].is_number(), "{history}");
}

#[test]
fn documents_are_the_command_s() {
    let daemon = Daemon::on_socket();
    let ours = daemon.get("/api/v1/nodes");
    let theirs = daemon.run_beside(&["status"]);
    assert_eq!(ours["nodes"], theirs["nodes"]);
    assert_eq!(ours["boards"], theirs["boards"]);
    assert_eq!(daemon.get("/api/v1/boards")["boards"], daemon.run_beside(&["boards"])["boards"]);
}
