//! Events that are sent over HTTPS, to a receiver of their own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use clusterhat_tests::running::until;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use super::{Service, reset};

const RESET: &str = "/redfish/v1/Systems/p1/Actions/ComputerSystem.Reset";
const SUBSCRIPTIONS: &str = "/redfish/v1/EventService/Subscriptions";

/// Somebody who signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// What a server with this name shows.
    fn config(&self, name: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().expect("TLS");
        Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).expect("a server"))
    }
}

/// What comes to a receiver.
#[derive(Debug, PartialEq)]
enum Came {
    Event(Value),
    /// The other end did not want to go on.
    NoHandshake,
}

/// A receiver that answers with these statuses, and then with 204.
fn receiver(config: Arc<ServerConfig>, statuses: &'static [u16]) -> (u16, Receiver<Came>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (sender, received) = channel();
    thread::spawn(move || {
        let mut statuses = statuses.iter();
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let stream = StreamOwned::new(connection, stream.expect("a connection"));
            if sender.send(receive(stream, &mut statuses)).is_err() {
                return;
            }
        }
    });
    (port, received)
}

fn receive(
    stream: StreamOwned<ServerConnection, TcpStream>,
    statuses: &mut std::slice::Iter<'_, u16>,
) -> Came {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if !reader.read_line(&mut head).is_ok_and(|length| length > 0) {
            return Came::NoHandshake;
        }
    }
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.expect("a length")];
    reader.read_exact(&mut body).expect("a body");
    let status = statuses.next().unwrap_or(&204);
    let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    reader.get_mut().write_all(answer.as_bytes()).expect("it listens");
    Came::Event(serde_json::from_slice(&body).expect("JSON"))
}

/// A daemon that trusts an authority, and tries again at once.
fn daemon(trusted: &Authority) -> Service {
    let daemon = Service::new();
    std::fs::write(daemon.daemon.path("trusted.pem"), &trusted.pem).expect("a file");
    let quick = json!({"DeliveryRetryIntervalSeconds": 0, "DeliveryRetryAttempts": 2}).to_string();
    assert_eq!(daemon.ask("PATCH", "/redfish/v1/EventService", Some(&quick)).status, 200);
    daemon
}

/// Subscribes to nodes' power; where the subscription is.
fn subscribe(daemon: &Service, port: u16, more: &Value) -> String {
    let mut body = json!({
        "Destination": format!("https://localhost:{port}/events"),
        "Protocol": "Redfish",
        "MessageIds": ["ResourceEvent.1.4.ResourcePoweredOn", "ResourceEvent.1.4.ResourcePoweredOff"],
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let made = daemon.ask("POST", SUBSCRIPTIONS, Some(&body.to_string()));
    assert_eq!(made.status, 201, "{made:?}");
    made.header("location").to_owned()
}

fn switch(daemon: &Service, kind: &str) {
    daemon.settle(&daemon.ask("POST", RESET, Some(&reset(kind))));
}

fn next(received: &Receiver<Came>) -> Came {
    received.recv_timeout(Duration::from_secs(60)).expect("something")
}

#[test]
fn events_go_over_tls_to_who_is_trusted_and_again_until_they_are_taken() {
    let authority = Authority::new();
    let daemon = daemon(&authority);
    let (port, received) = receiver(authority.config("localhost"), &[503]);
    let subscription = subscribe(&daemon, port, &json!({}));
    assert_eq!(daemon.get(&subscription)["VerifyCertificate"], true);
    switch(&daemon, "On");
    let first = next(&received);
    let Came::Event(event) = &first else { panic!("{first:?}") };
    assert_eq!(event["Events"][0]["MessageId"], "ResourceEvent.1.4.ResourcePoweredOn");
    assert_eq!(next(&received), first, "the same again");
}

#[test]
fn nothing_is_told_to_who_is_not_trusted_unless_that_is_asked_for() {
    let daemon = daemon(&Authority::new());
    let of_another = Authority::new();
    let (port, received) = receiver(of_another.config("localhost"), &[]);
    let subscription = subscribe(&daemon, port, &json!({}));
    switch(&daemon, "On");
    // As often as it is tried.
    for _ in 0..3 {
        assert_eq!(next(&received), Came::NoHandshake);
    }
    until("the reason", || daemon.daemon.stderr().contains("the event is lost"));
    let told = daemon.daemon.stderr();
    assert!(told.contains(&format!("cannot be sent to https://localhost:{port}: ")), "{told}");
    assert!(told.contains("invalid peer certificate"), "{told}");
    let anybody = json!({"VerifyCertificate": false}).to_string();
    assert_eq!(daemon.ask("PATCH", &subscription, Some(&anybody)).status, 200);
    switch(&daemon, "ForceOff");
    assert!(matches!(next(&received), Came::Event(_)));
}

#[test]
fn a_certificate_of_another_name_ends_a_subscription_that_is_to_end() {
    let authority = Authority::new();
    let daemon = daemon(&authority);
    let (port, received) = receiver(authority.config("elsewhere.example"), &[]);
    subscribe(&daemon, port, &json!({"DeliveryRetryPolicy": "TerminateAfterRetries"}));
    switch(&daemon, "On");
    daemon.wait_for(SUBSCRIPTIONS, |all| all["Members@odata.count"] == 0);
    assert!(received.try_iter().all(|came| came == Came::NoHandshake));
    let told = daemon.daemon.tells("the subscription ends");
    assert!(told.contains("certificate"), "{told}");
}
