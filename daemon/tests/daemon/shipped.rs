//! What is shipped beside the program: units, alerts, a dashboard.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::client::Request;
use crate::rig::Daemon;

fn share(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("share").join(name)
}

/// 2.0 is where systemd begins to call a unit's exposure more than "OK".
#[test]
fn the_unit_is_closed() {
    let mut analyze = Command::new("systemd-analyze");
    analyze.args(["--no-pager", "--offline=true", "--threshold=20", "security"]);
    let output = analyze.arg(share("systemd/clusterhatd.service")).output();
    let output = output.expect("systemd-analyze runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

/// The names of metrics in a text.
fn names(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| !is_part(c)).filter(|word| word.starts_with("clusterhat_"));
    words.map(str::to_owned).collect()
}

/// As far as a simulated HAT can show them: each that an alert or a plot asks for is told.
#[test]
fn alerts_and_plots_ask_for_metrics_that_are_told() {
    let daemon = Daemon::on_socket();
    daemon.power(&json!({"nodes": ["p1", "p2"], "action": "on", "delay": 0.1}));
    daemon.ask(&Request::get("/api/v1/nodes").bearer("nobody"));
    let mut told = BTreeSet::new();
    clusterhat_tests::running::until("what an agent says", || {
        told = names(&daemon.ask(&Request::get("/metrics")).body);
        told.contains("clusterhat_node_temperature_celsius")
    });
    // Of the firmware of a Pi, which a simulated one need not have.
    let of_a_pi = [
        "clusterhat_under_voltage",
        "clusterhat_node_under_voltage",
        "clusterhat_controller_temperature_celsius",
    ];
    for file in ["prometheus/clusterhat.rules.yml", "grafana/clusterhat.json"] {
        let text = std::fs::read_to_string(share(file)).unwrap();
        let asked = names(&text);
        assert!(asked.len() > 5, "{asked:?}");
        for name in asked.iter().filter(|name| !of_a_pi.contains(&name.as_str())) {
            assert!(told.contains(name), "{file} asks for {name}, and nobody tells it");
        }
    }
}

/// In the format that `promtool check metrics` reads: each family has its help and type before its samples, and a counter's
/// name ends with `_total`.
#[test]
fn metrics_keep_to_prometheus_s_conventions() {
    let daemon = Daemon::on_socket();
    daemon.power(&json!({"nodes": ["p1"], "action": "on"}));
    let answer = daemon.ask(&Request::get("/metrics"));
    assert!(answer.headers["content-type"].starts_with("text/plain; version=0.0.4"));
    let mut types = std::collections::BTreeMap::new();
    let mut helps = BTreeSet::new();
    for line in answer.body.lines() {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", name, text] => assert!(helps.insert(name) && !text.is_empty(), "{line}"),
            ["#", "TYPE", name, kind] => {
                assert!(helps.contains(name) && types.insert(name, kind).is_none(), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            }
            _ => {
                let name = line.split(['{', ' ']).next().unwrap();
                let base =
                    ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
                let family =
                    types.contains_key(name) || base.is_some_and(|base| types.contains_key(base));
                assert!(family, "{line}");
            }
        }
    }
    assert!(types.len() > 15, "{types:?}");
    let open =
        Request::get("/metrics").header("accept", "application/openmetrics-text; version=1.0.0");
    let open = daemon.ask(&open);
    assert!(open.headers["content-type"].starts_with("application/openmetrics-text"));
    assert!(open.body.ends_with("# EOF\n"));
}
