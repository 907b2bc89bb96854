//! What the daemon says when it starts, and that what it says is so.

use std::process::Command;

use rustix::process::Signal;
use serde_json::json;

use crate::client::Request;
use crate::rig::Daemon;

#[test]
fn the_first_line_is_all_that_a_client_needs() {
    let daemon = Daemon::new();
    let line = &daemon.first_line;
    assert_eq!((&line["schema"], &line["user"]), (&json!(1), &json!("admin")));
    let fingerprint = line["fingerprint"].as_str().unwrap();
    assert_eq!(fingerprint.split(':').count(), 32, "{fingerprint}");
    // By a certificate that is trusted as it is, and with TLS.
    let nodes = Request::get("/api/v1/nodes").basic("admin", &daemon.password);
    let answer = nodes.send(&mut daemon.tls()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let document = answer.json();
    assert_eq!((&document["schema"], &document["simulated"]), (&json!(1), &json!("v2.5")));
    let names: Vec<_> = document["nodes"].as_array().unwrap().iter().map(|n| &n["node"]).collect();
    assert_eq!(names, ["p1", "p2", "p3", "p4"]);
}

/// Seen: only the answers below /api said that no hardware is switched.
#[test]
fn who_serves_a_simulation_says_so_everywhere() {
    let daemon = Daemon::new();
    assert_eq!(daemon.first_line["simulated"], "v2.5");
    let told = "clusterhatd: simulated boards (v2.5): no hardware is switched\n";
    assert_eq!(daemon.tells(told).matches(told).count(), 1);
    let get = |path: &str| {
        let request = Request::get(path).basic("admin", &daemon.password);
        request.send(&mut daemon.tls()).unwrap()
    };
    assert_eq!(get("/redfish/v1").json()["Product"], "clusterhat (simulated boards)");
    let metrics = get("/metrics").body;
    let build = metrics.lines().find(|line| line.starts_with("clusterhat_build_info{"));
    assert!(build.is_some_and(|line| line.contains("simulated=\"true\"")), "{build:?}");
}

#[test]
fn the_password_is_told_once() {
    let daemon = Daemon::new();
    let fingerprint = daemon.first_line["fingerprint"].clone();
    let (status, folder, password) = daemon.end(Signal::TERM);
    assert_eq!(status, Some(0));
    let daemon = Daemon::again(folder, &["--listen", "127.0.0.1:0"], password);
    let line = &daemon.first_line;
    assert!(line.get("user").is_none() && line.get("password").is_none(), "{line}");
    assert_eq!(line["fingerprint"], fingerprint);
    let nodes = Request::get("/api/v1/nodes").basic("admin", &daemon.password);
    assert_eq!(nodes.send(&mut daemon.tls()).unwrap().status, 200);
}

#[test]
fn what_cannot_be_served_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let status = |command: &mut Command| command.status().unwrap().code();
    let mut unknown = Daemon::command(&folder, &["--sim", "none-such"]);
    assert_eq!(status(&mut unknown), Some(2));
    let stderr = || std::fs::read_to_string(folder.path().join("stderr")).unwrap();
    assert!(stderr().contains("clusterhatd: --sim none-such: "), "{}", stderr());
    // Seen: "No such file or directory", and nothing of what is missing.
    let nowhere = folder.path().join("nowhere/socket");
    let mut unmade = Daemon::command(&folder, &["--socket", nowhere.to_str().unwrap()]);
    assert_eq!(status(&mut unmade), Some(1));
    // Seen: to start clusterhatd.socket, which makes another folder.
    let missing =
        format!("the folder {} is missing: create it ", nowhere.parent().unwrap().display());
    assert!(stderr().contains(&missing), "{}", stderr());
    let mut option = Daemon::command(&folder, &["--nonsense"]);
    assert_eq!(status(&mut option), Some(2));
    let config = folder.path().join("clusterhat.toml");
    std::fs::write(&config, "[daemon]\nlisten = \"everywhere\"\n").unwrap();
    let mut wrong = Daemon::command(&folder, &["--config", config.to_str().unwrap()]);
    assert_eq!(status(&mut wrong), Some(2));
    assert!(stderr().contains("clusterhat.toml:2: "), "{}", stderr());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_eq!(status(&mut Daemon::command(&folder, &["--listen", &address])), Some(1));
}
