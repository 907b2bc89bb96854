//! What one client may take.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Answer, Request};
use crate::rig::Daemon;

/// What comes back for these bytes, up to the end of the connection.
fn raw(daemon: &Daemon, bytes: &[u8]) -> String {
    let mut socket = daemon.socket();
    // It may answer and close before all is sent.
    let _ = socket.write_all(bytes);
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(text: &str) -> u16 {
    Answer::parse(text).expect("an answer").status
}

#[test]
fn bodies_are_bounded() {
    let daemon = Daemon::on_socket();
    let big = "x".repeat(65 * 1024);
    let request = Request::post("/api/v1/power", &json!({})).body(&big);
    assert_eq!(status(&raw(&daemon, request.text().as_bytes())), 413);
    // Of one that does not say how large it is, too.
    let mut chunked = String::from(
        "POST /api/v1/power HTTP/1.1\r\nHost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    for _ in 0..70 {
        chunked.push_str(&format!("400\r\n{}\r\n", "x".repeat(1024)));
    }
    chunked.push_str("0\r\n\r\n");
    assert_eq!(status(&raw(&daemon, chunked.as_bytes())), 413);
    assert_eq!(daemon.get("/api/v1/tasks")["tasks"], json!([]));
}

#[test]
fn headers_are_bounded() {
    let daemon = Daemon::on_socket();
    let long = Request::get("/api/v1/nodes").header("x-long", &"x".repeat(32 * 1024));
    assert_eq!(status(&raw(&daemon, long.text().as_bytes())), 431);
    let many = (0..100).fold(Request::get("/api/v1/nodes"), |request, number| {
        request.header(&format!("x-{number}"), "1")
    });
    assert_eq!(status(&raw(&daemon, many.text().as_bytes())), 431);
    assert_eq!(status(&raw(&daemon, b"NONSENSE\r\n\r\n")), 400);
}

#[test]
fn a_client_that_sends_slowly_is_cut_off_and_others_are_served() {
    let daemon = Daemon::on_socket();
    let mut headers = daemon.socket();
    headers.write_all(b"GET /api/v1/nodes HTTP/1.1\r\nHost:").unwrap();
    let mut body = daemon.socket();
    body.write_all(b"POST /api/v1/power HTTP/1.1\r\nHost: x\r\ncontent-length: 10\r\n\r\n{")
        .unwrap();
    let begun = Instant::now();
    assert_eq!(daemon.ask(&Request::get("/api/v1/nodes")).status, 200);
    let mut text = String::new();
    body.read_to_string(&mut text).unwrap();
    assert!(text.contains("408 Request Timeout"), "{text}");
    // Closed, with or without a last word.
    let mut rest = Vec::new();
    let _ = headers.read_to_end(&mut rest);
    assert!(begun.elapsed() > Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[test]
fn one_address_has_so_many_connections_and_no_more() {
    let daemon = Daemon::new();
    let mut open: Vec<_> = (0..140).map(|_| daemon.tcp()).collect();
    // Those beyond are closed at once: the last word is theirs that TLS is waited for.
    let beyond = open.split_off(128);
    for mut stream in beyond {
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    }
    // The unix socket is another door.
    assert_eq!(daemon.ask(&Request::get("/api/v1/nodes")).status, 200);
    drop(open);
    let again = Request::get("/api/v1/nodes").basic("admin", &daemon.password);
    clusterhat_tests::running::until("a free place", || {
        again.send(&mut daemon.tls()).is_ok_and(|answer| answer.status == 200)
    });
}
