//! Every route, by every role and method: the table is all there is, and it is obeyed.

use std::collections::{BTreeMap, BTreeSet};

use clusterhat_daemon::access::{Need, Role};
use clusterhat_daemon::http::route::Route;
use clusterhat_daemon::table::routes;
use serde_json::json;

use crate::client::Request;
use crate::rig::Daemon;

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// Who asks: nobody, and a token of each role.
fn callers(daemon: &Daemon) -> Vec<(Option<Role>, String)> {
    let token = |role: Role| {
        let body = json!({ "name": role.name(), "role": role.name() });
        let made = daemon.ask(&Request::post("/api/v1/tokens", &body));
        assert_eq!(made.status, 201, "{}", made.body);
        (Some(role), made.json()["secret"].as_str().expect("a secret").to_owned())
    };
    // A token that is not one: without any, the unix socket knows the caller.
    std::iter::once((None, "nobody".to_owned())).chain(Role::ALL.into_iter().map(token)).collect()
}

/// A path of the pattern that no thing is at.
fn path(route: &Route) -> String {
    let fill = |part: &str| if part.starts_with('{') { "zzz".to_owned() } else { part.to_owned() };
    route.path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

/// What would end the test's own tokens, or is a stream, is not carried out by those who may.
fn is_harmless(method: &str, route: &Route) -> bool {
    !(route.path.ends_with("/events")
        || route.path.contains("/SSE")
        || method == "DELETE" && route.path == "/api/v1/session")
}

#[test]
fn every_route_obeys_its_role() {
    let daemon = Daemon::on_socket();
    let callers = callers(&daemon);
    let routes = routes();
    assert!(routes.len() > 15);
    for route in &routes {
        for (role, token) in &callers {
            let method = route.method.as_str();
            let may = match route.need {
                Need::Open => true,
                Need::Role(need) => role.is_some_and(|role| role >= need),
            };
            if may && !is_harmless(method, route) {
                continue;
            }
            let request = Request::new(method, &path(route)).bearer(token).body("");
            let request = request.header("cache-control", "max-age=3600");
            let status = daemon.ask(&request).status;
            let case = format!("{method} {} as {role:?}: {status}", route.path);
            match (may, role) {
                (true, _) => assert!(
                    ![401, 403, 405].contains(&status) || route.need == Need::Open,
                    "{case}"
                ),
                (false, None) => assert!([401, 429].contains(&status), "{case}"),
                (false, Some(_)) => assert_eq!(status, 403, "{case}"),
            }
        }
    }
}

#[test]
fn other_methods_are_refused_with_those_that_are_not() {
    let daemon = Daemon::on_socket();
    let mut methods: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for route in routes() {
        let known = methods.entry(path(&route)).or_default();
        known.insert(route.method.to_string());
        if route.method == "GET" {
            known.insert("HEAD".to_owned());
        }
    }
    for (path, known) in &methods {
        for method in METHODS.iter().filter(|method| !known.contains(**method)) {
            let answer = daemon.ask(&Request::new(method, path).body(""));
            assert_eq!(answer.status, 405, "{method} {path}");
            // HEAD has no body.
            let names = |word: &String| answer.body.contains(word.trim());
            assert!(*method == "HEAD" || known.iter().all(names), "{path}: {}", answer.body);
            let allow: BTreeSet<_> =
                answer.headers["allow"].split(',').map(str::to_owned).collect();
            assert_eq!(&allow, known, "{path}");
        }
        // What is asked for methods says them, and does nothing.
        let answer = daemon.ask(&Request::new("OPTIONS", path));
        let allow: BTreeSet<_> = answer.headers["allow"].split(',').map(str::to_owned).collect();
        assert_eq!((answer.status, &allow), (204, known), "{path}");
    }
    assert_eq!(daemon.ask(&Request::new("OPTIONS", "*")).status, 204);
}

#[test]
fn what_is_not_in_the_table_is_not_found() {
    let daemon = Daemon::on_socket();
    for path in ["/nothing", "/api", "/api/v1/nodes/", "/api/v2/nodes", "/../etc/passwd"] {
        let answer = daemon.ask(&Request::get(path));
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["error"]["kind"], "not-found");
    }
}
