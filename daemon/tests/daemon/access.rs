//! Who gets in: passwords, sessions, tokens, and what becomes of those who guess.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use clusterhat_tests::running::until;
use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::rig::Daemon;

fn token(daemon: &Daemon, body: &Value) -> String {
    let made = daemon.ask(&Request::post("/api/v1/tokens", body));
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()["secret"].as_str().expect("a secret").to_owned()
}

fn nodes() -> Request {
    Request::get("/api/v1/nodes").header("cache-control", "max-age=3600")
}

#[test]
fn a_token_ends_when_its_time_is_over() {
    let daemon = Daemon::on_socket();
    let short = token(&daemon, &json!({"name": "short", "role": "read-only", "expires_in": 2}));
    let long = token(&daemon, &json!({"name": "long", "role": "read-only", "expires_in": "3600s"}));
    assert_eq!(daemon.ask(&nodes().bearer(&short)).status, 200);
    until("the token's end", || daemon.ask(&nodes().bearer(&short)).status == 401);
    assert_eq!(daemon.ask(&nodes().bearer(&long)).status, 200);
    let list = daemon.get("/api/v1/tokens");
    assert_eq!(list["tokens"].as_array().unwrap().len(), 1);
    assert!(!list.to_string().contains(&long));
    assert_eq!(daemon.ask(&Request::new("DELETE", "/api/v1/tokens/long")).status, 204);
    assert_eq!(daemon.ask(&nodes().bearer(&long)).status, 401);
}

/// Seen: while a stopped command held the state folder, two changes of tokens kept clusterhatd from answering anybody.
#[test]
fn a_state_folder_that_another_process_holds_keeps_nobody_waiting_but_those_who_change_it() {
    let daemon = Daemon::on_socket();
    let token = token(&daemon, &json!({"name": "t", "role": "read-only"}));
    let folder = File::open(daemon.path("state")).unwrap();
    flock(&folder, FlockOperation::LockExclusive).unwrap();
    // More than there are threads for requests.
    let mut changes: Vec<_> = (0..4).map(|_| daemon.socket()).collect();
    for (number, socket) in changes.iter_mut().enumerate() {
        let body = json!({"name": format!("t{number}"), "role": "read-only"});
        socket.write_all(Request::post("/api/v1/tokens", &body).text().as_bytes()).unwrap();
    }
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        assert_eq!(daemon.ask(&nodes().bearer(&token)).status, 200);
    }
    drop(folder);
    for mut socket in changes {
        let mut text = String::new();
        socket.read_to_string(&mut text).unwrap();
        assert_eq!(Answer::parse(&text).unwrap().status, 201, "{text}");
    }
}

#[test]
fn ten_failures_slow_an_address_down_and_a_token_still_works() {
    let daemon = Daemon::new();
    let token = token(&daemon, &json!({"name": "t", "role": "read-only"}));
    let try_with =
        |password: &str| nodes().basic("admin", password).send(&mut daemon.tls()).unwrap();
    for attempt in 0..10 {
        assert_eq!(try_with("wrong password").status, 401, "{attempt}");
    }
    let slowed = try_with("wrong password");
    assert_eq!((slowed.status, &slowed.json()["error"]["kind"]), (429, &json!("too-many")));
    assert!(slowed.headers["retry-after"].parse::<u64>().unwrap() >= 1);
    // Not even the right password is looked at now.
    assert_eq!(try_with(&daemon.password).status, 429);
    let by_token = nodes().bearer(&token).send(&mut daemon.tls()).unwrap();
    assert_eq!(by_token.status, 200);
    until("the wait's end", || try_with(&daemon.password).status == 200);
    // Who proved to be somebody begins anew, and others were not slowed down.
    assert_eq!(try_with("wrong password").status, 401);
    assert_eq!(daemon.ask(&nodes().basic("admin", "another wrong one")).status, 401);
    daemon.tells(": log-in: refused");
    let refusals = || daemon.stderr().matches("log-in").count();
    until("the last refusals", || refusals() >= 11);
    assert!(refusals() <= 13, "{}", daemon.stderr());
}

/// Everything that stays open, as whoever the requests say.
fn open(daemon: &Daemon, by: impl Fn(Request) -> Request) -> [UnixStream; 4] {
    let upgrade = |to: &str| format!("connection: Upgrade\r\nupgrade: {to}\r\n");
    let own = upgrade(clusterhat::consoles::UPGRADE);
    let key = "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let websocket = upgrade("websocket") + key;
    [
        ("/api/v1/events", "", "200"),
        ("/redfish/v1/EventService/SSE", "", "200"),
        ("/api/v1/consoles/p1", &*own, "101"),
        ("/api/v1/consoles/p1", &*websocket, "101"),
    ]
    .map(|(path, headers, status)| {
        let text = by(Request::get(path)).text().replace("connection: close\r\n", headers);
        let mut socket = daemon.socket();
        socket.write_all(text.as_bytes()).expect("it is sent");
        let mut begin = [0; 12];
        socket.read_exact(&mut begin).expect("an answer");
        assert_eq!(String::from_utf8_lossy(&begin[9..]), status, "{path}");
        socket
    })
}

/// Seen: a stream and a console went on without the session that they were opened with, and a console where nothing happens
/// without anybody who may read it.
#[test]
fn what_a_session_has_open_ends_with_the_session_though_nothing_happens() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let config = folder.path().join("clusterhat.toml");
    std::fs::write(&config, "").unwrap();
    let options = ["--config", config.to_str().unwrap()];
    let daemon = Daemon::again(folder, &options, String::new());
    let session = || {
        let cookie = log_in(&daemon).headers["set-cookie"].split(';').next().unwrap().to_owned();
        let all = open(&daemon, |request| request.header("cookie", &cookie));
        (cookie, all)
    };
    let ends = |all: [UnixStream; 4]| {
        for mut socket in all {
            socket.read_to_end(&mut Vec::new()).expect("it ends");
        }
    };
    let (_, other) = session();
    let (cookie, all) = session();
    let out = Request::new("DELETE", "/api/v1/session")
        .header("cookie", &cookie)
        .header("content-type", "application/json")
        .header("x-requested-by", "clusterhat");
    assert_eq!(daemon.ask(&out).status, 204);
    ends(all);
    // What was opened with another session goes on.
    for mut socket in &other {
        socket.set_nonblocking(true).unwrap();
        let rest = std::iter::from_fn(|| socket.read(&mut [0; 4096]).ok()).find(|read| *read == 0);
        assert_eq!(rest, None);
        socket.set_nonblocking(false).unwrap();
    }
    // Nobody uses it: who only looks on does not.
    std::fs::write(&config, "[daemon]\nsession-timeout = 1\n").unwrap();
    daemon.signal(Signal::HUP);
    ends(other);
}

/// Seen: what was open when a token was taken away told its holder everything from then on, and took the keys of consoles.
#[test]
fn what_a_token_has_open_ends_with_the_token() {
    let daemon = Daemon::on_socket();
    let token = token(&daemon, &json!({"name": "t", "role": "operator"}));
    let all = open(&daemon, |request| request.bearer(&token));
    assert_eq!(daemon.ask(&Request::new("DELETE", "/api/v1/tokens/t")).status, 204);
    // Something happens, on the console, too.
    daemon.power(&json!({"nodes": ["p1"], "action": "on"}));
    for mut socket in all {
        let mut rest = Vec::new();
        socket.read_to_end(&mut rest).expect("it ends");
        assert!(!String::from_utf8_lossy(&rest).contains("ResourcePoweredOn"));
    }
}

fn log_in(daemon: &Daemon) -> Answer {
    let body = json!({"user": "admin", "password": daemon.password});
    daemon.ask(&Request::post("/api/v1/session", &body).header("x-requested-by", "clusterhat"))
}

#[test]
fn a_browser_s_session_has_a_cookie_that_others_cannot_use() {
    let daemon = Daemon::on_socket();
    let answer = log_in(&daemon);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let cookie = &answer.headers["set-cookie"];
    for attribute in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap();
    let off = json!({"nodes": ["p1"], "action": "off"});
    let with = |request: Request| daemon.ask(&request.header("cookie", cookie));
    let who = with(Request::get("/api/v1/session")).json();
    assert_eq!((&who["user"], &who["by"]), (&json!("admin"), &json!("cookie")));
    assert_eq!(with(Request::post("/api/v1/power", &off)).status, 403);
    let ours = Request::post("/api/v1/power", &off).header("x-requested-by", "clusterhat");
    assert_eq!(with(ours).status, 200);
    // A page of others logs nobody in.
    let body = json!({"user": "admin", "password": daemon.password});
    assert_eq!(daemon.ask(&Request::post("/api/v1/session", &body)).status, 403);
    let out = Request::new("DELETE", "/api/v1/session")
        .header("content-type", "application/json")
        .header("x-requested-by", "clusterhat");
    assert_eq!(with(out).status, 204);
    assert_eq!(with(nodes()).status, 401);
    // Seen: only sessions of Redfish were written down.
    let came = std::fs::read_to_string(daemon.path("state/access.log")).unwrap();
    let lines: Vec<Value> = came.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let actions: Vec<_> = lines.iter().map(|line| &line["action"]).collect();
    assert_eq!(actions, ["log-in", "log-out"], "{came}");
    assert!(lines.iter().all(|line| line["who"] == "admin" && line["by"] == "cookie"), "{came}");
}

#[test]
fn a_session_ends_when_nobody_uses_it() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let config = folder.path().join("clusterhat.toml");
    std::fs::write(&config, "[daemon]\nsession-timeout = 1\n").unwrap();
    let options = ["--config", config.to_str().unwrap()];
    let daemon = Daemon::again(folder, &options, String::new());
    let answer = log_in(&daemon);
    let cookie = answer.headers["set-cookie"].split(';').next().unwrap().to_owned();
    let ask = || daemon.ask(&nodes().header("cookie", &cookie)).status;
    assert_eq!(ask(), 200);
    // Each question would lengthen it.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(ask(), 401);
}

#[test]
fn secrets_are_for_the_daemon_alone() {
    let daemon = Daemon::new();
    token(&daemon, &json!({"name": "t", "role": "read-only"}));
    let mode =
        |name: &str| std::fs::metadata(daemon.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("state"), 0o700);
    for file in ["accounts.json", "tokens.json", "key.pem", "audit.log"] {
        assert_eq!(mode(&format!("state/{file}")), 0o600, "{file}");
    }
    assert_eq!(mode("socket"), 0o660);
    let accounts = std::fs::read_to_string(daemon.path("state/accounts.json")).unwrap();
    assert!(accounts.contains("$argon2id$") && !accounts.contains(&daemon.password));
    assert!(!daemon.stderr().contains(&daemon.password));
}
