//! `clusterhatd` as systemd runs it.

use serde_json::Value;

use crate::{
    guest::{run, sh, until},
    system,
};

const UNIT: &str = "clusterhatd.service";

/// The service has run before, so that its folder is its own; then root makes the first account there.
#[test]
fn setup_serves_https_until_it_is_undone() {
    let system = system();
    let files = "cd /etc; find . -type f -exec sha256sum {} + | sort -k 2; find . -printf '%p %M %u %g %l\\n' | sort";
    let before = sh(&system, files);
    sh(&system, &format!("systemctl start {UNIT}"));
    let done = sh(&system, "clusterhatd --json setup");
    let done: Value = serde_json::from_str(&done).unwrap();
    let word = |name: &str| done[name].as_str().unwrap_or_else(|| panic!("{done}")).to_owned();
    let ask = format!(
        "curl --silent --show-error --fail --cacert {} --user {}:{} {}/redfish/v1/Systems",
        word("certificate"),
        word("user"),
        word("password"),
        word("url").replace("127.0.0.1", "localhost"),
    );
    until(&system, &format!("{ask} | grep -q /redfish/v1/Systems/p1"));
    sh(&system, "clusterhatd setup undo");
    assert_eq!(sh(&system, files), before);
    assert_eq!(run(&system, &ask).status, 7);
    sh(&system, &format!("systemctl stop {UNIT} clusterhatd.socket; rm -r /var/lib/clusterhatd"));
}
