//! Events by Redfish, as a client of the program has them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use super::{Service, reset};
use clusterhat_tests::running::until;
use serde_json::{Value, json};

const P1: &str = "/redfish/v1/Systems/p1";
const RESET: &str = "/redfish/v1/Systems/p1/Actions/ComputerSystem.Reset";
const SUBSCRIPTIONS: &str = "/redfish/v1/EventService/Subscriptions";

#[test]
fn a_stream_tells_events_and_is_a_subscription_while_it_is_open() {
    let daemon = Service::new();
    let refused = daemon.ask_with(
        "GET",
        "/redfish/v1/EventService/SSE",
        &[("Accept", "application/json")],
        None,
    );
    assert_eq!(refused.status, 406);
    let stream = daemon.send("/redfish/v1/EventService/SSE", &[("Accept", "text/event-stream")]);
    let mut lines = BufReader::new(stream).lines().map(|line| line.unwrap());
    assert!(lines.by_ref().any(|line| line.contains("connected")));
    let all = daemon.get(&format!("{SUBSCRIPTIONS}?$expand=."));
    let own = &all["Members"][0];
    assert_eq!((&all["Members@odata.count"], &own["SubscriptionType"]), (&json!(1), &json!("SSE")));
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("On"))));
    let told = |line: &String| line.starts_with("data: ") && line.contains("ResourcePoweredOn");
    let data = lines.by_ref().find(told).expect("it is told");
    let event: Value = serde_json::from_str(&data["data: ".len()..]).unwrap();
    assert_eq!(event["Context"], own["Context"]);
    assert_eq!(event["Events"][0]["OriginOfCondition"]["@odata.id"], P1);
    // Whoever ends the subscription closes the stream.
    assert_eq!(daemon.ask("DELETE", own["@odata.id"].as_str().unwrap(), None).status, 204);
    assert_eq!(lines.by_ref().filter(|line| line == "0").count(), 1);
    daemon.wait_for(SUBSCRIPTIONS, |all| all["Members@odata.count"] == 0);
}

#[test]
fn a_stream_tells_what_its_filter_takes_and_no_other() {
    let daemon = Service::new();
    let service = daemon.get("/redfish/v1/EventService");
    let filters = service["SSEFilterPropertiesSupported"].as_object().unwrap();
    for (name, is_supported) in filters {
        let query = format!(
            "/redfish/v1/EventService/SSE?$filter={name}%20gt%20'x'%20or%20{name}%20eq%20'x'"
        );
        // The comparison is none; what cannot be compared at all is refused as well.
        assert_eq!(daemon.ask("GET", &query, None).status, 400, "{name}");
        if is_supported == false {
            let query = format!("/redfish/v1/EventService/SSE?$filter={name}%20eq%20'x'");
            assert_eq!(daemon.ask("GET", &query, None).status, 400, "{name}");
        }
    }
    let filter = "RegistryPrefix%20eq%20'TaskEvent'%20or%20MessageId%20eq%20'ResourceEvent.1.4.ResourcePoweredOff'";
    let path = format!("/redfish/v1/EventService/SSE?$filter={filter}");
    let mut lines = BufReader::new(daemon.send(&path, &[])).lines().map(|line| line.unwrap());
    assert!(lines.by_ref().any(|line| line.contains("connected")));
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("On"))));
    daemon.wait_for(P1, |node| node["BootProgress"]["LastState"] == "OSRunning");
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("ForceOff"))));
    let mut ids = Vec::new();
    while !ids.iter().any(|id: &String| id.contains("PoweredOff")) {
        let line = lines.next().expect("it goes on");
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let event: Value = serde_json::from_str(data).unwrap();
        ids.push(event["Events"][0]["MessageId"].as_str().unwrap().to_owned());
    }
    assert!(ids.iter().any(|id| id == "TaskEvent.1.0.TaskCompletedOK"), "{ids:?}");
    assert!(
        ids.iter().all(|id| id.starts_with("TaskEvent.") || id.ends_with("PoweredOff")),
        "{ids:?}"
    );
}

#[test]
fn a_receiver_that_never_answers_is_suspended_until_it_is_resumed_where_that_is_asked_for() {
    let daemon = Service::new();
    let quick = json!({"DeliveryRetryIntervalSeconds": 0, "DeliveryRetryAttempts": 1}).to_string();
    daemon.ask("PATCH", "/redfish/v1/EventService", Some(&quick));
    let (port, received) = receiver(&[500, 500]);
    let body = json!({
        "Destination": format!("http://127.0.0.1:{port}/"),
        "Protocol": "Redfish",
        "MessageIds": ["ResourceEvent.1.4.ResourcePoweredOn", "ResourceEvent.1.4.ResourcePoweredOff"],
        "DeliveryRetryPolicy": "SuspendRetries",
    });
    let made = daemon.ask("POST", SUBSCRIPTIONS, Some(&body.to_string()));
    assert_eq!(made.status, 201, "{made:?}");
    let subscription = made.header("location").to_owned();
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("On"))));
    daemon.wait_for(&subscription, |known| known["Status"]["State"] == "Disabled");
    // Also after a restart.
    let daemon = daemon.restarted();
    // An event is sent to all at once: what another receiver has been told was not kept for this one.
    let (other_port, told) = receiver(&[204]);
    let other = json!({
        "Destination": format!("http://127.0.0.1:{other_port}/"),
        "Protocol": "Redfish",
        "MessageIds": ["ResourceEvent.1.4.ResourcePoweredOff"],
    });
    assert_eq!(daemon.ask("POST", SUBSCRIPTIONS, Some(&other.to_string())).status, 201);
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("ForceOff"))));
    told.recv_timeout(Duration::from_secs(60)).expect("the other one is told");
    let known = daemon.get(&subscription);
    assert_eq!(known["Status"]["State"], "Disabled");
    let act = |what: &str, body: &str| {
        let target = &known["Actions"][format!("#EventDestination.{what}")]["target"];
        daemon.ask("POST", target.as_str().unwrap(), Some(body)).status
    };
    assert_eq!(act("ResumeSubscription", r#"{"DeliverBufferedEventDuration": "an hour"}"#), 400);
    assert_eq!(act("ResumeSubscription", r#"{"DeliverBufferedEventDuration": "PT0S"}"#), 204);
    assert_eq!(daemon.get(&subscription)["Status"]["State"], "Enabled");
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("On"))));
    let next = || received.recv_timeout(Duration::from_secs(60)).expect("an event").1;
    let (first, second, third) = (next(), next(), next());
    assert_eq!(first, second);
    assert_eq!(third["Events"][0]["MessageId"], "ResourceEvent.1.4.ResourcePoweredOn");
    assert_ne!(first["Id"], third["Id"]);
    assert_eq!(act("SuspendSubscription", "{}"), 204);
    assert_eq!(daemon.get(&subscription)["Status"]["State"], "Disabled");
    let stale = daemon.ask_with("DELETE", &subscription, &[("If-Match", "\"0\"")], None);
    assert_eq!((stale.status, daemon.ask("DELETE", &subscription, None).status), (412, 204));
}

/// Receives events: answers each with the next of these statuses, and hands its head and body over.
fn receiver(statuses: &'static [u16]) -> (u16, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (sender, received) = channel();
    thread::spawn(move || {
        let mut statuses = statuses.iter().chain(std::iter::repeat(&204));
        for stream in listener.incoming() {
            let message =
                receive(stream.expect("a connection"), *statuses.next().expect("they go on"));
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    (port, received)
}

fn receive(mut stream: TcpStream, status: u16) -> (String, Value) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).expect("a line"), 0, "{head}");
    }
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.expect("a length")];
    reader.read_exact(&mut body).expect("a body");
    write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .expect("it listens");
    (head, serde_json::from_slice(&body).expect("JSON"))
}

#[test]
fn events_are_sent_again_until_they_are_taken_and_subscriptions_outlive_a_kill() {
    let daemon = Service::new();
    let quick = json!({"DeliveryRetryIntervalSeconds": 0, "DeliveryRetryAttempts": 5}).to_string();
    assert_eq!(daemon.ask("PATCH", "/redfish/v1/EventService", Some(&quick)).status, 200);
    let (port, received) = receiver(&[500, 503]);
    let body = json!({
        "Destination": format!("http://127.0.0.1:{port}/events"),
        "Protocol": "Redfish",
        "Context": "mine",
        "RegistryPrefixes": ["ResourceEvent"],
        "MessageIds": ["ResourceEvent.1.4.ResourcePoweredOn", "ResourceEvent.1.4.ResourcePoweredOff"],
        "HttpHeaders": [{"X-Secret": "s3cret"}],
    });
    let made = daemon.ask("POST", SUBSCRIPTIONS, Some(&body.to_string()));
    assert_eq!(made.status, 201, "{made:?}");
    let subscription = made.header("location").to_owned();
    let daemon = daemon.restarted();
    let kept = daemon.get(&subscription);
    assert_eq!(kept["Context"], "mine");
    assert!(!kept.to_string().contains("s3cret"));
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("On"))));
    let next = || received.recv_timeout(Duration::from_secs(60)).expect("an event");
    let (first, second, (head, event)) = (next(), next(), next());
    assert_eq!((&first.1, &second.1), (&event, &event), "the same again until it is taken");
    assert!(
        head.starts_with("POST /events HTTP/1.1")
            && head.to_lowercase().contains("x-secret: s3cret"),
        "{head}"
    );
    assert_eq!(event["Events"][0]["MessageId"], "ResourceEvent.1.4.ResourcePoweredOn");
    assert_eq!(event["Context"], "mine");
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("ForceOff"))));
    assert_eq!(next().1["Events"][0]["MessageId"], "ResourceEvent.1.4.ResourcePoweredOff");
    assert_eq!(daemon.ask("DELETE", &subscription, None).status, 204);
    assert_eq!(daemon.get(SUBSCRIPTIONS)["Members@odata.count"], 0);
}

#[test]
fn a_receiver_that_never_answers_ends_its_subscription_where_that_is_asked_for() {
    let daemon = Service::new();
    let quick = json!({"DeliveryRetryIntervalSeconds": 0, "DeliveryRetryAttempts": 1}).to_string();
    daemon.ask("PATCH", "/redfish/v1/EventService", Some(&quick));
    let nobody =
        TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let body = json!({
        "Destination": format!("http://{nobody}/"),
        "Protocol": "Redfish",
        "DeliveryRetryPolicy": "TerminateAfterRetries",
    });
    assert_eq!(daemon.ask("POST", SUBSCRIPTIONS, Some(&body.to_string())).status, 201);
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("On"))));
    daemon.wait_for(SUBSCRIPTIONS, |all| all["Members@odata.count"] == 0);
}

#[test]
fn subscriptions_that_cannot_be_are_refused() {
    let daemon = Service::new();
    for (body, key) in [
        (json!({"Protocol": "Redfish"}), "PropertyMissing"),
        (json!({"Destination": "https://a/"}), "PropertyMissing"),
        (json!({"Destination": "ftp://a/", "Protocol": "Redfish"}), "PropertyValueError"),
        (json!({"Destination": "https://a/", "Protocol": "FTP"}), "PropertyValueNotInList"),
        (
            json!({"Destination": "https://a/", "Protocol": "Redfish", "Bogus": 1}),
            "PropertyUnknown",
        ),
        (
            json!({"Destination": "https://a/", "Protocol": "Redfish", "HttpHeaders": [{"Host": "b"}]}),
            "PropertyValueError",
        ),
        (
            json!({"Destination": "https://a/", "Protocol": "Redfish", "HttpHeaders": [{"X": "a\r\nY: b"}]}),
            "PropertyValueError",
        ),
        (
            json!({"Destination": "https://a/", "Protocol": "Redfish", "EventTypes": ["Nonsense"]}),
            "PropertyValueNotInList",
        ),
        // Seen: they were made, and nothing was ever sent to them.
        (
            json!({"Destination": "https://a/", "Protocol": "Redfish", "RegistryPrefixes": ["Nonsense"]}),
            "PropertyValueNotInList",
        ),
        (
            json!({"Destination": "https://a/", "Protocol": "Redfish", "MessageIds": ["Nonsense.1.0.X"]}),
            "PropertyValueNotInList",
        ),
    ] {
        let answer = daemon.ask("POST", SUBSCRIPTIONS, Some(&body.to_string()));
        assert_eq!((answer.status, answer.messages()), (400, vec![key.to_owned()]), "{body}");
        if key == "PropertyValueNotInList" && body.to_string().contains("Nonsense") {
            assert!(answer.body.contains("'Nonsense"), "the value is named: {}", answer.body);
        }
    }
    let secret = json!({"Destination": "https://a/", "Protocol": "Redfish", "HttpHeaders": [{"Host": "s3cret"}]});
    let answer = daemon.ask("POST", SUBSCRIPTIONS, Some(&secret.to_string())).body;
    assert!(answer.contains("Host") && !answer.contains("s3cret"), "{answer}");
}

/// Seen: that a receiver's certificate is to be trusted no more was written down nowhere.
#[test]
fn a_change_of_a_subscription_is_written_down() {
    let daemon = Service::new();
    let body = json!({"Destination": "https://a.invalid/hook/s3cret", "Protocol": "Redfish"});
    let made = daemon.ask("POST", SUBSCRIPTIONS, Some(&body.to_string()));
    let subscription = made.header("location");
    let change = json!({"VerifyCertificate": false}).to_string();
    assert_eq!(daemon.ask("PATCH", subscription, Some(&change)).status, 200);
    let quick = json!({"DeliveryRetryAttempts": 0}).to_string();
    assert_eq!(daemon.ask("PATCH", "/redfish/v1/EventService", Some(&quick)).status, 200);
    let audit = std::fs::read_to_string(daemon.daemon.path("state/audit.log")).unwrap();
    let id = subscription.rsplit('/').next().unwrap();
    let is_line = |line: &str, words: &[&str]| words.iter().all(|word| line.contains(word));
    assert!(
        audit
            .lines()
            .any(|line| is_line(line, &["change certificate check to off of subscription", id])),
        "{audit}"
    );
    assert!(
        audit.lines().any(|line| is_line(line, &["set event delivery to 0 attempts"])),
        "{audit}"
    );
    // The journal tells where events cannot be sent to, but not the path, which few may know.
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset("On"))));
    until("the failure", || daemon.daemon.stderr().contains("cannot be sent"));
    let told = daemon.daemon.stderr();
    assert!(
        told.contains(&format!("subscription {id} cannot be sent to https://a.invalid: ")),
        "{told}"
    );
    assert!(!told.contains("s3cret"), "{told}");
}
