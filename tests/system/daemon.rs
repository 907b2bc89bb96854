//! `clusterhatd` as systemd runs it: its socket, its user, its console of a node, and its ends.

use clusterhat_tests::vm::Vm;
use serde_json::Value;

use crate::{
    guest::{run, sh, until},
    power::{NCM, await_node},
    start::nodes,
    system,
};

const UNIT: &str = "clusterhatd.service";

/// The user pi may use the nodes' consoles, and so switch nodes; visitor may not. A watchdog that is not fed for 20 s is enough here.
const PREPARE: &str = "\
    useradd --no-create-home --groups clusterhat pi
    useradd --no-create-home visitor
    mkdir -p /run/rig /run/systemd/system/clusterhatd.service.d
    printf '[Service]\\nWatchdogSec=20\\n' >/run/systemd/system/clusterhatd.service.d/rig.conf
    systemctl daemon-reload
    clusterhat off";

const CLEAN_UP: &str = "\
    clusterhat off
    userdel pi; userdel visitor
    rm -r /run/rig /run/systemd/system/clusterhatd.service.d
    systemctl daemon-reload";

/// The first words of a call by somebody.
fn by(user: &str) -> String {
    format!("setpriv --reuid {user} --regid {user} --init-groups --reset-env")
}

/// curl, as somebody, on the service's socket.
fn curl(user: &str, words: &str) -> String {
    let curl = "curl --silent --show-error --fail-with-body --unix-socket /run/clusterhat/clusterhatd.sock";
    format!("{} {curl} {words}", by(user))
}

fn switch(vm: &Vm, nodes: &str, action: &str) {
    let body = format!("{{\"nodes\":[{nodes}],\"action\":\"{action}\",\"delay\":0}}");
    sh(vm, &curl("pi", &format!("--json '{body}' http://localhost/api/v1/power")));
}

fn property(vm: &Vm, name: &str) -> String {
    sh(vm, &format!("systemctl show --property {name} --value {UNIT}"))
}

/// Nobody has started it: the first connection does.
fn the_first_connection_starts_it(vm: &Vm) {
    sh(vm, "systemctl start clusterhatd.socket");
    assert_eq!(property(vm, "ActiveState"), "inactive");
    let refused = run(vm, &curl("visitor", "http://localhost/api/v1/nodes"));
    // curl(1): 7 is a connection that could not be made.
    assert_eq!(refused.status, 7, "{refused:?}");
    assert_eq!(property(vm, "ActiveState"), "inactive");

    let answer = sh(vm, &curl("pi", "http://localhost/api/v1/nodes"));
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["nodes"][0]["commanded"], false, "it reads the board: {answer}");
    assert_eq!(["Type", "ActiveState"].map(|name| property(vm, name)), ["notify", "active"]);
    let owner = sh(vm, &format!("stat -c %U /proc/{}", property(vm, "MainPID")));
    assert_eq!(owner, "clusterhatd");
    let security = format!("systemd-analyze --no-pager --threshold=20 security {UNIT}");
    let security = run(vm, &security);
    assert_eq!(security.status, 0, "{}", security.stdout);
}

/// The user pi watches events and node 1's console from here on.
const WATCH: &str = "\
    EVENTS http://localhost/api/v1/events --no-buffer </dev/null >/run/rig/events 2>&1 &
    CONSOLE clusterhat console p1 --watch </dev/null >/run/rig/console 2>&1 &
    echo $! >/run/rig/console.pid";

/// What the command has connected to.
const CONNECTIONS: &str = "readlink /proc/$(cat /run/rig/console.pid)/fd/* | grep ^socket: | sort";

/// Node 1 prints a line on its console, again until pi sees it: who has not joined yet does not.
fn says(vm: &Vm, line: &str) {
    let first = "ls -d /sys/kernel/config/usb_gadget/node1/functions/acm.* | head -n 1";
    let say = format!("echo {line} >/dev/ttyGS$(cat $({first})/port_num)");
    until(vm, &format!("{say}; sleep 1; grep -q 'p1: *{line}' /run/rig/console"));
}

fn members_watch_and_others_do_not(vm: &Vm) {
    let watch = WATCH.replace("EVENTS", &curl("pi", "")).replace("CONSOLE", &by("pi"));
    sh(vm, &watch);
    says(vm, "one");
    let held = format!("readlink /proc/{}/fd/* | grep -q ^/dev/ttyACM", property(vm, "MainPID"));
    sh(vm, &held);
    let refused = run(vm, &format!("{} clusterhat console p1 --send x --timeout 2", by("visitor")));
    assert_eq!(refused.status, 1, "{refused:?}");
}

/// The console goes on over the same connection.
fn a_reload_keeps_the_console(vm: &Vm) {
    let before = sh(vm, CONNECTIONS);
    sh(vm, &format!("systemctl reload {UNIT}"));
    until(vm, &format!("journalctl --no-pager -u {UNIT} | grep -q 'configuration reloaded'"));
    says(vm, "two");
    assert_eq!(sh(vm, CONNECTIONS), before);
}

/// A journal entry of the daemon's with fields of its own.
fn await_entry(vm: &Vm, fields: &str) {
    until(vm, &format!("journalctl --no-pager -q -n 1 _SYSTEMD_UNIT={UNIT} {fields} | grep -q ."));
}

fn changes_of_state_are_told(vm: &Vm) {
    switch(vm, "\"p3\"", "off");
    await_entry(vm, "NODE=p3 STATE=off");
    until(vm, "grep -A 1 '^event: state' /run/rig/events | grep '\"p3\"' | grep -q '\"off\"'");
    let entry = "journalctl --no-pager -q -n 1 -o json NODE=p3 STATE=off";
    let entry: Value = serde_json::from_str(&sh(vm, entry)).unwrap();
    assert_eq!(entry["SYSLOG_IDENTIFIER"], "clusterhatd", "{entry}");
    assert!(entry["WAS"].is_string(), "{entry}");
}

/// systemd starts it again; the command finds it again, and goes on.
fn await_restart(vm: &Vm, restarts: u8, line: &str) {
    until(
        vm,
        &format!(
            "[ $(systemctl show -P NRestarts {UNIT}) = {restarts} ] && systemctl -q is-active {UNIT}"
        ),
    );
    says(vm, line);
}

#[test]
#[ignore = "4 minutes: tests/long system"]
fn the_service_is_started_by_its_socket_and_its_ends_change_no_node() {
    let mut system = system();
    sh(&system, PREPARE);
    the_first_connection_starts_it(&system);
    switch(&system, "\"p1\",\"p3\"", "on");
    assert_eq!(nodes(&system), 0b0101);
    await_node(&system, 1, &NCM);
    members_watch_and_others_do_not(&system);
    a_reload_keeps_the_console(&system);
    changes_of_state_are_told(&system);
    assert_eq!(nodes(&system), 0b0001);

    let writes = system.expanders().register_writes;
    sh(&system, &format!("systemctl kill --signal=KILL {UNIT}"));
    await_restart(&system, 1, "three");
    // It hangs, and nothing but the watchdog tells.
    sh(&system, &format!("systemctl kill --signal=STOP {UNIT}"));
    await_restart(&system, 2, "four");
    let told = sh(&system, &format!("journalctl --no-pager -b UNIT={UNIT}"));
    assert!(told.contains("Watchdog timeout"), "{told}");
    sh(
        &system,
        &format!(
            "systemctl stop clusterhatd.socket {UNIT}; [ ! -e /run/clusterhat/clusterhatd.sock ]"
        ),
    );
    assert_eq!(system.expanders().register_writes, writes, "no end of it switches anything");
    assert_eq!(nodes(&system), 0b0001);
    assert_eq!(system.plane().unwrap().on().unwrap(), 0b0001);
    assert_eq!(sh(&system, "systemctl --no-legend --plain --failed list-units"), "");
    sh(&system, "kill $(cat /run/rig/console.pid)");
    sh(&system, CLEAN_UP);
}

/// The service has run before, so that its folder is its own; then root makes the first account there.
#[test]
fn setup_serves_https_until_it_is_undone() {
    let system = system();
    let files = "cd /etc; find . -type f -exec sha256sum {} + | sort -k 2; find . -printf '%p %M %u %g %l\\n' | sort";
    let before = sh(&system, files);
    for (address, why) in [
        ("127.0.0.1:80", "cannot listen at port 80"),
        ("203.0.113.9:8443", "HTTPS cannot be served at 203.0.113.9:8443"),
    ] {
        let refused = run(&system, &format!("clusterhatd setup --listen {address}"));
        assert!(refused.status == 2 && refused.stderr.contains(why), "{refused:?}");
        assert_eq!(sh(&system, files), before);
    }
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
