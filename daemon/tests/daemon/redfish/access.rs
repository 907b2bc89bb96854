//! Sessions, accounts and roles by Redfish, as a client of the program has them.

use std::fs;
use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use super::Service;
use clusterhat_tests::running::until;
use serde_json::{Value, json};

pub(super) const P1: &str = "/redfish/v1/Systems/p1";
pub(super) const RESET: &str = "/redfish/v1/Systems/p1/Actions/ComputerSystem.Reset";
pub(super) const SESSIONS: &str = "/redfish/v1/SessionService/Sessions";
pub(super) const ACCOUNTS: &str = "/redfish/v1/AccountService/Accounts";
const SUBSCRIPTIONS: &str = "/redfish/v1/EventService/Subscriptions";

#[test]
fn the_root_is_for_everybody_and_the_rest_is_not() {
    let daemon = Service::new();
    let nobody = [("X-Auth-Token", "wrong")];
    for path in
        ["/redfish", "/redfish/v1", "/redfish/v1/", "/redfish/v1/odata", "/redfish/v1/$metadata"]
    {
        let answer = daemon.ask_with("GET", path, &nobody, None);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("odata-version"), "4.0");
    }
    for path in [P1, SESSIONS, "/redfish/v1/?$expand=."] {
        let answer = daemon.ask_with("GET", path, &nobody, None);
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.messages(), ["NoValidSession"]);
        assert!(answer.header("www-authenticate").starts_with("Basic"));
    }
}

#[test]
fn a_session_begins_with_a_password_and_ends_on_request() {
    let daemon = Service::new();
    let credentials =
        json!({"UserName": daemon.daemon.first_line["user"], "Password": daemon.daemon.password});
    for path in [SESSIONS, "/redfish/v1/SessionService/Sessions/Members"] {
        let made = daemon.ask("POST", path, Some(&credentials.to_string()));
        assert_eq!(made.status, 201, "{made:?}");
        let (session, token) = (made.header("location"), made.header("x-auth-token"));
        assert_eq!(made.json()["@odata.id"], session);
        assert!(!made.body.contains(token), "the secret is told in the header alone");
        let with = [("X-Auth-Token", token)];
        assert_eq!(daemon.ask_with("GET", session, &with, None).status, 200);
        assert_eq!(daemon.ask_with("DELETE", session, &with, None).status, 204);
        assert_eq!(daemon.ask_with("GET", SESSIONS, &with, None).status, 401);
    }
    let wrong = json!({"UserName": "admin", "Password": "wrong"}).to_string();
    assert_eq!(daemon.ask("POST", SESSIONS, Some(&wrong)).status, 401);
    let missing = daemon.ask("POST", SESSIONS, Some("{\"UserName\": \"admin\"}"));
    assert_eq!((missing.status, missing.messages()), (400, vec!["PropertyMissing".to_owned()]));
}

/// Makes an account, and logs it in. Returns its session's secret.
pub(super) fn log_in(daemon: &Service, name: &str, role: &str) -> String {
    let body = json!({"UserName": name, "Password": "long enough", "RoleId": role}).to_string();
    let made = daemon.ask("POST", ACCOUNTS, Some(&body));
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.header("location"), format!("{ACCOUNTS}/{name}"));
    let body = json!({"UserName": name, "Password": "long enough"}).to_string();
    daemon.ask("POST", SESSIONS, Some(&body)).header("x-auth-token").to_owned()
}

#[test]
fn roles_decide_who_may_what() {
    let daemon = Service::new();
    let (reader, operator) =
        (log_in(&daemon, "rea", "ReadOnly"), log_in(&daemon, "opa", "Operator"));
    let ask = |token: &str, method: &str, path: &str, body: Value| {
        daemon.ask_with(method, path, &[("X-Auth-Token", token)], Some(&body.to_string())).status
    };
    let (rea, opa) = (format!("{ACCOUNTS}/rea"), format!("{ACCOUNTS}/opa"));
    for (token, method, path, body, status) in [
        (&reader, "POST", RESET, json!({"ResetType": "On"}), 403),
        (&operator, "POST", RESET, json!({"ResetType": "ForceOff"}), 204),
        (
            &reader,
            "PATCH",
            "/redfish/v1/Chassis/hat1",
            json!({"LocationIndicatorActive": true}),
            403,
        ),
        (&operator, "POST", ACCOUNTS, json!({}), 403),
        (&operator, "DELETE", &*rea, json!({}), 403),
        (&operator, "PATCH", "/redfish/v1/EventService", json!({"DeliveryRetryAttempts": 1}), 403),
        (&reader, "POST", SUBSCRIPTIONS, json!({}), 403),
        (&reader, "PATCH", &*opa, json!({"Password": "long enough too"}), 404),
        (&reader, "PATCH", &*rea, json!({"RoleId": "Administrator"}), 403),
        (&reader, "PATCH", &*rea, json!({"Password": "long enough too"}), 200),
        // Who has another password is logged out.
        (&reader, "GET", &*rea, json!({}), 401),
    ] {
        assert_eq!(ask(token, method, path, body.clone()), status, "{method} {path} {body}");
    }
}

/// Seen: the audit log said that an account was changed, and not that it may switch nodes from then on.
#[test]
fn what_is_changed_of_an_account_is_written_down() {
    let daemon = Service::new();
    log_in(&daemon, "pi", "ReadOnly");
    let change = json!({"RoleId": "Operator", "Password": "s3cret enough"}).to_string();
    assert_eq!(daemon.ask("PATCH", &format!("{ACCOUNTS}/pi"), Some(&change)).status, 200);
    let audit = std::fs::read_to_string(daemon.daemon.path("state/audit.log")).unwrap();
    let last: Value = serde_json::from_str(audit.lines().last().unwrap()).unwrap();
    assert_eq!(last["action"], "change password, role to operator of account");
    assert_eq!((&last["target"], &last["result"]), (&json!("pi"), &json!("done")));
    assert!(!audit.contains("s3cret") && !daemon.daemon.stderr().contains("s3cret"));
}

/// Seen: who tried to become an administrator, or guessed the names of accounts, was not written down.
#[test]
fn what_is_refused_of_accounts_is_written_down() {
    let daemon = Service::new();
    let token = log_in(&daemon, "rea", "ReadOnly");
    let rea = format!("{ACCOUNTS}/rea");
    let by_rea = |method: &str, path: &str, body: Value| {
        daemon.ask_with(method, path, &[("X-Auth-Token", &token)], Some(&body.to_string())).status
    };
    let admin = |method: &str, path: &str, body: Value| {
        daemon.ask(method, path, Some(&body.to_string())).status
    };
    let before = fs::read_to_string(daemon.daemon.path("state/audit.log")).unwrap();
    assert_eq!(by_rea("PATCH", &rea, json!({"RoleId": "Administrator"})), 403);
    assert_eq!(by_rea("PATCH", &format!("{ACCOUNTS}/admin"), json!({"Password": "another1"})), 404);
    assert_eq!(by_rea("POST", ACCOUNTS, json!({})), 403);
    assert_eq!(by_rea("POST", "/api/v1/tokens", json!({})), 403);
    // However often they try.
    let audit = || fs::read_to_string(daemon.daemon.path("state/audit.log")).unwrap();
    assert_eq!(audit(), before);
    assert_eq!(admin("POST", ACCOUNTS, json!({"UserName": "x", "Password": 12_345_678})), 400);
    assert_eq!(admin("PATCH", &rea, json!({"RoleId": "King"})), 400);
    assert_eq!(admin("DELETE", &format!("{ACCOUNTS}/nobody"), json!({})), 404);
    assert_eq!(admin("POST", "/api/v1/tokens", json!({"name": "t", "role": "king"})), 400);
    let access = fs::read_to_string(daemon.daemon.path("state/access.log")).unwrap();
    let lines = |text: &str| -> Vec<[String; 3]> {
        let read = |line| serde_json::from_str::<Value>(line).expect("JSON");
        let of = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let all = text.lines().map(read).filter(|line| line["action"] != "log-in");
        all.map(|line| ["who", "action", "target"].map(|key| of(&line, key))).collect()
    };
    assert_eq!(
        lines(&access),
        [
            ["rea", "change account", "rea"],
            ["rea", "change account", "admin"],
            ["rea", "POST", ACCOUNTS],
            ["rea", "POST", "/api/v1/tokens"],
        ]
    );
    let audit = audit();
    let who = before.lines().last().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let who = who.unwrap()["who"].as_str().unwrap().to_owned();
    assert_eq!(
        lines(audit.strip_prefix(&before).unwrap()),
        [
            [&*who, "create account", ""],
            [&*who, "change account", "rea"],
            [&*who, "remove account", "nobody"],
            [&*who, "create token", ""],
        ]
    );
    assert!(audit.contains("'King'") && !audit.contains("12345678"), "{audit}");
}

/// Seen: the handler ended with its connection, and the sessions stayed and nothing was written down.
#[test]
fn a_change_whose_client_goes_away_is_whole() {
    let daemon = Service::new();
    let token = log_in(&daemon, "pi", "ReadOnly");
    let body = json!({"Password": "another one"}).to_string();
    let length = body.len();
    let request = format!(
        "PATCH {ACCOUNTS}/pi HTTP/1.1\r\nHost: pi\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let text = |file: &str| std::fs::read_to_string(daemon.daemon.path(file)).unwrap();
    let before = text("state/accounts.json");
    // Gone long before a key is derived from the password. On a busy machine even before the request is read: it counts as none
    // then, and is sent again.
    let mut sent: Option<Instant> = None;
    until("the change", || {
        if sent.is_none_or(|at| at.elapsed() > Duration::from_secs(10)) {
            daemon.daemon.socket().write_all(request.as_bytes()).unwrap();
            sent = Some(Instant::now());
        }
        text("state/accounts.json") != before
    });
    until("the change is written down", || {
        text("state/audit.log").contains("change password of account")
    });
    assert_eq!(daemon.ask_with("GET", P1, &[("X-Auth-Token", &token)], None).status, 401);
}

/// Seen: with a full disk, "See the daemon's journal", which had nothing of it.
#[test]
fn what_fails_inside_the_service_is_in_its_log() {
    let daemon = Service::new();
    let file = daemon.daemon.path("state/accounts.json");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let change = json!({"Password": "another one 123"}).to_string();
    let user = daemon.daemon.first_line["user"].as_str().unwrap();
    let answer = daemon.ask("PATCH", &format!("{ACCOUNTS}/{user}"), Some(&change));
    assert_eq!((answer.status, &*answer.messages()), (500, &["InternalError".to_owned()][..]));
    let told = daemon.daemon.tells("request failed: ");
    assert!(told.contains("accounts.json"), "{told}");
}

#[test]
fn accounts_are_changed_one_after_the_other() {
    let daemon = Service::new();
    log_in(&daemon, "pi", "ReadOnly");
    let pi = format!("{ACCOUNTS}/pi");
    let tag = daemon.ask("GET", &pi, None).header("etag").to_owned();
    let body = json!({"RoleId": "Operator"}).to_string();
    // All know the same account, and only one of them may change it.
    let statuses: Vec<u16> = thread::scope(|scope| {
        let ask = || daemon.ask_with("PATCH", &pi, &[("If-Match", &tag)], Some(&body)).status;
        let all: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
    for (body, status, key) in [
        (
            json!({"UserName": "pi", "Password": "long enough", "RoleId": "Operator"}),
            409,
            "ResourceAlreadyExists",
        ),
        (
            json!({"UserName": "../x", "Password": "long enough", "RoleId": "Operator"}),
            400,
            "PropertyValueError",
        ),
        (
            json!({"UserName": "lab", "Password": "short", "RoleId": "Operator"}),
            400,
            "PropertyValueError",
        ),
        (
            json!({"UserName": "lab", "Password": "long enough", "RoleId": "King"}),
            400,
            "PropertyValueNotInList",
        ),
        (json!({"UserName": "lab", "Password": "long enough"}), 400, "PropertyMissing"),
    ] {
        let answer = daemon.ask("POST", ACCOUNTS, Some(&body.to_string()));
        assert_eq!((answer.status, answer.messages()), (status, vec![key.to_owned()]), "{body}");
    }
    let taken = daemon.ask("PATCH", &pi, Some(&json!({"UserName": "admin"}).to_string()));
    assert_eq!((taken.status, taken.messages()), (409, vec!["ResourceAlreadyExists".to_owned()]));
    // Seen: only what was done was written down.
    let audit = fs::read_to_string(daemon.daemon.path("state/audit.log")).unwrap();
    let made = "\"create account\",\"target\":\"pi\",\"result\":\"there is an account pi already\"";
    let renamed = "\"change name to admin of account\",\"target\":\"pi\",\"result\":\"there is an account admin already\"";
    assert!(audit.contains(made) && audit.contains(renamed), "{audit}");
    let last = daemon.ask("DELETE", &format!("{ACCOUNTS}/admin"), None);
    assert_eq!((last.status, last.messages()), (409, vec!["ResourceCannotBeDeleted".to_owned()]));
    // Seen: "Try again when the other request is done", which never helps.
    let lower = json!({"RoleId": "ReadOnly"}).to_string();
    let lowered = daemon.ask("PATCH", &format!("{ACCOUNTS}/admin"), Some(&lower));
    assert_eq!((lowered.status, lowered.messages()), (409, vec!["PropertyNotUpdated".to_owned()]));
    let shut = json!({"RoleId": "Administrator", "Enabled": false}).to_string();
    let shut = daemon.ask("PATCH", &format!("{ACCOUNTS}/admin"), Some(&shut));
    for (refused, property) in [(&lowered, "#/RoleId"), (&shut, "#/Enabled")] {
        let about = &refused.json()["error"]["@Message.ExtendedInfo"][0]["RelatedProperties"];
        assert_eq!(*about, json!([property]));
    }
    for refused in [&last, &lowered, &shut] {
        let resolution = &refused.json()["error"]["@Message.ExtendedInfo"][0]["Resolution"];
        assert_eq!(*resolution, "Give another enabled account the role Administrator first.");
    }
    assert_eq!(daemon.ask("DELETE", &pi, None).status, 204);
    assert_eq!(daemon.ask("GET", &pi, None).status, 404);
}
