//! Accounts whose password must be changed first (DSP0266, "Password change required").

use std::io::{BufRead as _, BufReader};

use clusterhat_daemon::access::Need;
use clusterhat_daemon::table::routes;
use serde_json::{Value, json};

use super::access::{ACCOUNTS, P1, RESET, SESSIONS, log_in};
use super::{Answer, Service};

const PASSWORD: &str = "long enough";

/// Such an account, with a session that began after the change was required.
struct Required {
    daemon: Service,
    own: String,
    /// What the log-in was answered.
    made: Answer,
}

impl Required {
    fn new() -> Self {
        let daemon = Service::new();
        log_in(&daemon, "new", "Administrator");
        let own = format!("{ACCOUNTS}/new");
        require(&daemon, &own);
        let made = daemon.ask("POST", SESSIONS, Some(&credentials(PASSWORD)));
        Self { daemon, own, made }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let token = [("X-Auth-Token", self.made.header("x-auth-token"))];
        self.daemon.ask_with(method, path, &token, Some(&body.to_string()))
    }
}

fn require(daemon: &Service, account: &str) {
    let body = json!({"PasswordChangeRequired": true}).to_string();
    assert_eq!(daemon.ask("PATCH", account, Some(&body)).status, 200);
}

fn credentials(password: &str) -> String {
    json!({"UserName": "new", "Password": password}).to_string()
}

#[test]
fn what_is_open_is_closed_when_the_change_is_required() {
    let daemon = Service::new();
    let token = log_in(&daemon, "new", "Administrator");
    let own = format!("{ACCOUNTS}/new");
    assert_eq!(daemon.get(&own)["PasswordChangeRequired"], false);
    let stream = daemon.send("/redfish/v1/EventService/SSE", &[("X-Auth-Token", &token)]);
    let mut lines = BufReader::new(stream).lines().map(|line| line.unwrap());
    assert!(lines.by_ref().any(|line| line.contains("connected")));
    require(&daemon, &own);
    assert!(lines.by_ref().any(|line| line == "0"), "what was open is closed");
}

#[test]
fn a_log_in_says_so_after_a_kill_too() {
    let Required { daemon, own, made } = Required::new();
    let daemon = daemon.restarted();
    for made in [made, daemon.ask("POST", SESSIONS, Some(&credentials(PASSWORD)))] {
        let message = &made.json()["@Message.ExtendedInfo"][0];
        assert_eq!(message["MessageId"], "Base.1.22.PasswordChangeRequired");
        assert_eq!((made.status, &message["MessageArgs"]), (201, &json!([own])));
    }
    // A browser could do nothing with a session.
    let body = json!({"user": "new", "password": PASSWORD}).to_string();
    let browser = [("X-Requested-By", "clusterhat")];
    let refused = daemon.ask_with("POST", "/api/v1/session", &browser, Some(&body));
    assert_eq!((refused.status, refused.headers.get("set-cookie")), (403, None));
    assert!(refused.body.contains(&own), "it says where: {}", refused.body);
}

#[test]
fn nothing_else_is_reached() {
    let required = Required::new();
    let daemon = &required.daemon;
    let (user, password) = (&daemon.daemon.first_line["user"], &daemon.daemon.password);
    let body = json!({"UserName": user, "Password": password}).to_string();
    let of_admin = daemon.ask("POST", SESSIONS, Some(&body));
    let session = of_admin.header("location").rsplit_once('/').unwrap().1;
    for route in routes().iter().filter(|route| route.need != Need::Open) {
        let path = route.path.replace("{account}", "admin").replace("{session}", session);
        let answer = required.ask(route.method.as_str(), &path, &json!({"ResetType": "On"}));
        if (route.method.as_str(), route.path) != ("DELETE", "/api/v1/session") {
            let case = format!("{} {path}: {answer:?}", route.method);
            assert!(answer.status == 403 && answer.body.contains("must be changed"), "{case}");
        }
    }
    let refused = required.ask("POST", RESET, &json!({"ResetType": "On"}));
    assert_eq!(refused.messages(), ["PasswordChangeRequired"]);
    let message = &refused.json()["error"]["@Message.ExtendedInfo"][0];
    assert_eq!(message["MessageArgs"], json!([required.own]));
    assert_eq!(required.ask("GET", "/redfish/v1/?$expand=.", &json!({})).status, 403);
}

#[test]
fn another_password_ends_it_and_nothing_else_does() {
    let required = Required::new();
    let change = |body: Value| required.ask("PATCH", &required.own, &body);
    for body in [
        json!({"PasswordChangeRequired": true}),
        json!({"PasswordChangeRequired": false}),
        json!({"Password": "another one", "Enabled": true}),
    ] {
        assert_eq!(change(body).messages(), ["PasswordChangeRequired"]);
    }
    let same = change(json!({"Password": PASSWORD}));
    assert_eq!((same.status, same.messages()), (400, vec!["PropertyValueError".to_owned()]));
    for path in [&*required.own, required.made.header("location")] {
        assert_eq!(required.ask("GET", path, &json!({})).status, 200);
    }
    let changed = change(json!({"Password": "another one"}));
    assert_eq!(changed.json()["PasswordChangeRequired"], false, "{changed:?}");
    let made = required.daemon.ask("POST", SESSIONS, Some(&credentials("another one")));
    assert!(made.status == 201 && !made.body.contains("ExtendedInfo"), "{made:?}");
    let with = [("X-Auth-Token", made.header("x-auth-token"))];
    assert_eq!(required.daemon.ask_with("GET", P1, &with, None).status, 200);
}
