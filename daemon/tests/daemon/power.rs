//! Switching nodes: done is what was read back, by the daemon and by the command beside it.

use clusterhat_tests::command::World;
use clusterhat_tests::running::until;
use serde_json::{Value, json};

use crate::client::Request;
use crate::rig::Daemon;

fn seen(daemon: &Daemon) -> Vec<Value> {
    let nodes = daemon.get("/api/v1/nodes");
    nodes["nodes"].as_array().expect("nodes").iter().map(|node| node["seen"].clone()).collect()
}

#[test]
fn a_power_action_is_read_back_and_the_command_sees_it() {
    let daemon = Daemon::on_socket();
    let done =
        daemon.ask(&Request::post("/api/v1/power", &json!({"nodes": ["p1"], "action": "on"})));
    assert_eq!(done.status, 200, "{}", done.body);
    let done = done.json();
    assert_eq!((&done["task"]["state"], &done["task"]["percent"]), (&json!("done"), &json!(100)));
    assert_eq!(done["nodes"][0]["power"], "on");
    assert_eq!(seen(&daemon), [true, false, false, false]);
    assert_eq!(daemon.run_beside(&["status", "p1"])["nodes"][0]["seen"], true);
    // What the command does is seen by the daemon, which keeps no copy.
    daemon.run_beside(&["off", "p1"]);
    daemon.run_beside(&["on", "p3"]);
    assert_eq!(seen(&daemon), [false, false, true, false]);
    let off = daemon.power(&json!({"nodes": ["all"], "action": "off"}));
    assert_eq!(off["task"]["state"], "done", "{off}");
    assert_eq!(seen(&daemon), [false; 4]);
}

#[test]
fn an_off_ends_a_staggered_on_that_runs() {
    let daemon = Daemon::on_socket();
    let body = json!({"nodes": ["all"], "action": "on", "delay": 30});
    let on = daemon.ask(&Request::post("/api/v1/power", &body));
    assert_eq!(on.status, 202, "{}", on.body);
    let id = on.json()["task"]["id"].as_str().unwrap().to_owned();
    assert_eq!(on.headers["location"], format!("/api/v1/tasks/{id}"));
    until("the first node's power", || seen(&daemon)[0] == true);
    let off = daemon.power(&json!({"nodes": ["all"], "action": "off"}));
    assert_eq!(off["task"]["state"], "done", "{off}");
    let on = daemon.finished(&id);
    assert_eq!((&on["task"]["state"], &on["error"]["kind"]), (&json!("failed"), &json!("undone")));
    assert_eq!(seen(&daemon), [false; 4]);
}

/// Seen: with the first of two boards pulled out, p5 was shown as absent, and `off p5` cut the power of what was shown as p8.
#[test]
fn a_number_is_of_the_node_that_was_shown_with_it() {
    let world = World::builtin("mixed");
    let daemon = Daemon::with(&["--sim", world.path().to_str().unwrap()]);
    assert_eq!(seen(&daemon).len(), 9);
    daemon.power(&json!({"nodes": ["p8"], "action": "on"}));
    seen(&daemon);
    let mut value = world.read();
    value["chips"].as_object_mut().unwrap().remove("11").unwrap();
    world.write(&value);

    let off = json!({"nodes": ["p5"], "action": "off"});
    let refused = daemon.ask(&Request::post("/api/v1/power", &off));
    let error = &refused.json()["error"];
    assert_eq!((refused.status, &error["kind"]), (409, &json!("renumbered")), "{}", refused.body);
    assert!(error["message"].as_str().unwrap().contains("p5"), "{error}");
    assert_eq!(world.read()["chips"]["12"]["p"], json!([1, 0]));
    // Whoever has looked means the other one.
    assert_eq!(seen(&daemon)[4], true);
    assert_eq!(daemon.power(&off)["task"]["state"], "done");
    assert_eq!(world.read()["chips"]["12"]["p"], json!([0, 0]));
}

/// Seen: nobody was told, and after a loss of power the node came up otherwise.
#[test]
fn what_cannot_be_saved_is_in_the_log() {
    let world = World::builtin("v2.5");
    let path = world.path();
    let name = path.file_name().unwrap().to_str().unwrap();
    std::fs::create_dir(path.with_file_name(format!(".{name}.desired"))).unwrap();
    let daemon = Daemon::with(&["--sim", path.to_str().unwrap()]);
    let on = daemon.power(&json!({"nodes": ["p1"], "action": "on"}));
    assert_eq!(on["task"]["state"], "done", "{on}");
    let told = "on: the nodes' desired state is not saved";
    daemon.tells(told);
}

#[test]
fn a_cancelled_task_stops_before_its_next_node() {
    let daemon = Daemon::on_socket();
    let body = json!({"nodes": ["all"], "action": "on", "delay": 30});
    let on = daemon.ask(&Request::post("/api/v1/power", &body)).json();
    let id = on["task"]["id"].as_str().unwrap();
    until("the first node's power", || seen(&daemon)[0] == true);
    let cancelled = daemon.ask(&Request::new("DELETE", &format!("/api/v1/tasks/{id}")));
    assert!([200, 202].contains(&cancelled.status), "{}", cancelled.body);
    let over = daemon.finished(id);
    assert_eq!(over["task"]["state"], "cancelled", "{over}");
    // What was switched stays as it is.
    assert_eq!(seen(&daemon), [true, false, false, false]);
}

/// Seen: "failed".
#[test]
fn a_cancelled_cycle_is_one_and_tells_what_it_leaves_off() {
    let daemon = Daemon::on_socket();
    assert_eq!(daemon.power(&json!({"nodes": ["p1"], "action": "on"}))["task"]["state"], "done");
    let body = json!({"nodes": ["p1"], "action": "cycle", "off_time": 30});
    let cycle = daemon.ask(&Request::post("/api/v1/power", &body)).json();
    let id = cycle["task"]["id"].as_str().unwrap();
    until("its power loss", || seen(&daemon)[0] == false);
    daemon.ask(&Request::new("DELETE", &format!("/api/v1/tasks/{id}")));
    let over = daemon.finished(id);
    assert_eq!(over["task"]["state"], "cancelled", "{over}");
    assert_eq!(over["nodes"][0]["power"], "off", "{over}");
}

#[test]
fn the_same_key_is_the_same_operation() {
    let daemon = Daemon::on_socket();
    let send = |key: &str, body: &Value| {
        daemon.ask(&Request::post("/api/v1/power", body).header("idempotency-key", key))
    };
    let cycle = json!({"nodes": ["p1"], "action": "cycle", "off_time": 0.1});
    let (first, again) = (send("a", &cycle).json(), send("a", &cycle).json());
    assert_eq!(first["task"]["id"], again["task"]["id"]);
    assert_ne!(send("b", &cycle).json()["task"]["id"], first["task"]["id"]);
    let other = send("a", &json!({"nodes": ["p2"], "action": "off"}));
    assert_eq!((other.status, &other.json()["error"]["kind"]), (409, &json!("conflict")));
    assert_eq!(daemon.get("/api/v1/tasks")["tasks"].as_array().unwrap().len(), 2);
}

#[test]
fn what_makes_no_sense_switches_nothing() {
    let daemon = Daemon::on_socket();
    for (body, status) in [
        (json!({"action": "off"}), 400),
        (json!({"nodes": [], "action": "off"}), 400),
        (json!({"nodes": ["p1"], "action": "explode"}), 400),
        (json!({"nodes": ["p1"], "action": "off", "force": true}), 400),
        (json!({"nodes": ["p1"], "action": "on", "delay": -1}), 400),
        (json!({"nodes": ["p1"], "action": "on", "unheard": 1}), 400),
        (json!({"nodes": ["p["], "action": "on"}), 404),
        (json!({"nodes": ["p9"], "action": "on"}), 404),
        (json!({"nodes": ["p1"], "action": "on", "delay": 4000}), 400),
    ] {
        let answer = daemon.ask(&Request::post("/api/v1/power", &body));
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        assert!(answer.json()["error"]["message"].is_string());
    }
    let text = Request::post("/api/v1/power", &json!({})).body("{");
    assert_eq!(daemon.ask(&text).status, 400);
    let form =
        Request::new("POST", "/api/v1/power").header("content-type", "text/plain").body("{}");
    let refused = daemon.ask(&form);
    assert!(refused.status == 415 && refused.body.contains("curl --json"), "{}", refused.body);
    assert_eq!(seen(&daemon), [false; 4]);
}

/// Seen: the thread of such a task ended in the middle, and the task kept one of the places for running ones for ever.
#[test]
fn a_limit_that_is_decades_away_is_one() {
    let daemon = Daemon::on_socket();
    for action in ["shutdown", "reboot"] {
        let body = json!({"nodes": ["p1"], "action": action, "timeout": 1_000_000_000});
        let state = daemon.power(&body)["task"]["state"].clone();
        assert!(state.is_string() && state != "running", "{state}");
    }
    assert!(!daemon.stderr().contains("panicked"), "{}", daemon.stderr());
}

/// Seen: the names of some hundred requests filled 200 MB.
#[test]
fn names_are_bounded_in_sum() {
    let daemon = Daemon::on_socket();
    let names = vec!["p1"; 9000];
    let answer =
        daemon.ask(&Request::post("/api/v1/power", &json!({"nodes": names, "action": "on"})));
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(daemon.get("/api/v1/tasks")["tasks"], json!([]));
}

#[test]
fn who_switched_what_is_written_down() {
    let daemon = Daemon::on_socket();
    daemon.power(&json!({"nodes": ["p2"], "action": "on"}));
    let line = std::fs::read_to_string(daemon.path("state/audit.log")).unwrap();
    let line: Value = serde_json::from_str(line.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&line["action"], &line["target"], &line["result"]),
        (&json!("on"), &json!("p2"), &json!("done"))
    );
    assert!(line["who"].as_str().unwrap().starts_with("uid:"), "{line}");
}
