//! The lines for curl in README.md and in clusterhatd(8) do what they say: each is run, in order, on a simulated board.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::Request;
use crate::rig::Daemon;

/// Where curl gives up on a stream, which has no end (curl(1), 28).
const TIMED_OUT: i32 = 28;

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(path).expect("it is there")
}

/// Runs the lines against a daemon. Returns it, with the password that the last one has set.
fn run(lines: &[&str]) -> Daemon {
    let daemon = Daemon::new();
    let url = daemon.first_line["url"].as_str().expect("HTTPS").to_owned();
    let socket = daemon.path("socket");
    let mut secret = daemon
        .ask(&Request::post("/api/v1/tokens", &json!({"name": "first", "role": "read-only"})));
    for line in lines {
        let token = secret.json()["secret"].as_str().expect("a secret").to_owned();
        let known = line
            .replace("https://127.0.0.1:8443", &url)
            .replace("/run/clusterhat/clusterhatd.sock", socket.to_str().expect("UTF-8"))
            .replace("admin:PASSWORD", &format!("admin:{}", daemon.password))
            .replace("Bearer TOKEN", &format!("Bearer {token}"));
        let is_endless = line.contains(" -N");
        let options = if is_endless { "--max-time 3" } else { "--max-time 60" };
        let known = known.trim_start_matches("sudo ").replacen(
            "curl ",
            // The developer's own settings are not the test's.
            &format!(
                "curl --disable --noproxy '*' --silent --show-error --fail-with-body {options} "
            ),
            1,
        );
        let output = Command::new("sh").args(["-c", &known]).output().expect("sh runs");
        let expected = if is_endless { TIMED_OUT } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "{line}: {output:?}");
        if let Ok(document) = serde_json::from_slice::<Value>(&output.stdout) {
            if document["secret"].is_string() {
                secret.body = document.to_string();
            }
        } else {
            assert!(
                is_endless && output.stdout.starts_with(b": clusterhatd"),
                "{line}: {output:?}"
            );
        }
    }
    daemon
}

fn can_sign_in(daemon: &Daemon, user: &str, password: &str) -> bool {
    let request = Request::get("/api/v1/session").basic(user, password);
    request.send(&mut daemon.tls()).expect("an answer").status == 200
}

#[test]
fn the_lines_of_the_readme_do_what_they_say() {
    let readme = text("../README.md");
    let lines: Vec<_> = readme
        .lines()
        .filter(|line| line.trim_start_matches("sudo ").starts_with("curl "))
        .collect();
    assert_eq!(lines.len(), 7, "{lines:?}");
    run(&lines);
}

#[test]
fn the_lines_of_the_manual_page_do_what_they_say() {
    let page =
        text("src/manual.roff").replace("\\e\n", "").replace("\\(aq", "'").replace("\\-", "-");
    let lines: Vec<_> =
        page.lines().filter(|line| line.trim_start_matches("sudo ").starts_with("curl ")).collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    let daemon = run(&lines);
    assert!(can_sign_in(&daemon, "operator", "another one"));
    assert!(can_sign_in(&daemon, "admin", "another one"));
}
