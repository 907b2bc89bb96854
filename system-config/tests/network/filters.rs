//! Packet filters as the programs that make them leave them, recorded in a network namespace of Debian, by
//! `nft -j list ruleset` and `iptables -S`. In the folder `filters`:
//!
//! | file | program | of Debian |
//! |---|---|---|
//! | `docker` | Docker 20.10.24; 26.1.5 of Debian 13 makes the same rules | 12 |
//! | `docker28` | Docker 28.5.2 | sid |
//! | `ufw` | ufw 0.36.2; Debian 13 and sid have the same release and rules | 12 |
//! | `firewalld` | firewalld 1.3.3 | 12 |
//! | `firewalld2` | firewalld 2.3.1; 2.5.2 of sid lets the same through | 13 |
//! | `firewalld2-shared` | the same with the bridge in the zone of NetworkManager 1.52.1's method "shared" | 13 |
//! | `nftables` | a rule set written by hand, loaded by nft 1.0.6 | 12 |

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use system_config::Manager::{self, NetworkManager, Networkd};
use system_config::network::{Finding, Fix, NetworkError, NetworkMode, NetworkRequest, allow};

use crate::machine::{FILTER, Machine, RULESET, request};

fn recorded(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/network/filters").join(name);
    fs::read_to_string(&path).unwrap_or_default()
}

/// A machine with such a filter, whose iptables is nft's.
fn filtered(manager: Manager, name: &str) -> Machine {
    let machine = Machine::stock(manager);
    machine.tools.answer(RULESET, recorded(&format!("{name}.json")));
    let printed = recorded(&format!("{name}.iptables"));
    if !printed.is_empty() {
        machine.tools.answer(FILTER, printed);
    }
    machine
}

fn findings(machine: &Machine, mode: NetworkMode) -> Vec<Finding> {
    let request = NetworkRequest { cluster: Some("rack-1".parse().unwrap()), ..request(mode) };
    machine.plan(&request).unwrap().findings
}

fn kinds(machine: &Machine, mode: NetworkMode) -> Vec<&'static str> {
    findings(machine, mode).iter().map(|finding| finding.kind).collect()
}

/// The rules with more before all others.
fn with(machine: &Machine, rules: &[&str], name: &str) {
    let printed = recorded(&format!("{name}.iptables"));
    let at = printed.find("-A ").unwrap();
    let (head, tail) = printed.split_at(at);
    machine.tools.answer(FILTER, format!("{head}{}\n{tail}", rules.join("\n")));
}

#[test]
fn what_stops_nodes_is_told_by_who_does() {
    for (name, nat) in [
        ("docker", &["docker-forward"][..]),
        ("docker28", &["docker-forward"]),
        // Its rules for what comes in let no DHCP and no DNS in.
        ("ufw", &["forward-policy", "input-policy"]),
        ("firewalld", &["forward-policy", "input-policy"]),
        ("firewalld2", &["forward-policy", "input-policy"]),
        ("nftables", &["forward-policy"]),
    ] {
        for manager in [NetworkManager, Networkd] {
            let machine = filtered(manager, name);
            assert_eq!(kinds(&machine, NetworkMode::Nat), nat, "{name}");
            // No frame of the bridge passes these.
            assert_eq!(kinds(&machine, NetworkMode::Bridge), [""; 0], "{name}");
            let found = findings(&machine, NetworkMode::Nat);
            assert!(found.iter().all(|finding| !finding.is_doubtful), "{found:?}");
            assert!(matches!(found[0].fix, Fix::AllowForwarding { .. }), "{found:?}");
        }
    }
}

/// Its zone and its policy for nodes, as `--allow-forwarding` writes them.
#[test]
fn firewalld_lets_nodes_through_by_the_files_for_it() {
    for name in ["firewalld-allowed", "firewalld2-allowed"] {
        assert_eq!(kinds(&filtered(Networkd, name), NetworkMode::Nat), [""; 0], "{name}");
    }
    // NetworkManager has a zone of its own for what it shares.
    assert_eq!(kinds(&filtered(NetworkManager, "firewalld2-shared"), NetworkMode::Nat), [""; 0]);
}

/// Where frames of bridges are shown to IPv4's rules.
#[test]
fn a_bridge_is_stopped_where_its_frames_are_filtered() {
    let machine = filtered(NetworkManager, "docker");
    machine.card.write("root/proc/sys/net/bridge/bridge-nf-call-iptables", "1\n");
    assert_eq!(kinds(&machine, NetworkMode::Bridge), ["docker-forward"]);
    let machine = Machine::stock(Networkd);
    let chain = json!({"family": "bridge", "table": "filter", "name": "forward", "handle": 1,
        "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"});
    machine.tools.answer(RULESET, json!({"nftables": [{"chain": chain}]}));
    assert_eq!(kinds(&machine, NetworkMode::Bridge), ["forward-policy"]);
    // Behind the controller nodes reach each other by the bridge, and all else through it.
    assert_eq!(kinds(&machine, NetworkMode::Nat), ["between-policy"]);
}

/// Where frames of bridges are shown to IPv4's rules, nodes that get out may still not reach each other.
#[test]
fn nodes_may_be_kept_from_each_other() {
    let out = "-A DOCKER-USER -i clusterhat0 -o eth0 -j ACCEPT";
    let back = "-A DOCKER-USER -i eth0 -o clusterhat0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
    let between = "-A DOCKER-USER -i clusterhat0 -o clusterhat0 -j ACCEPT";
    let machine = filtered(Networkd, "docker");
    with(&machine, &[out, back], "docker");
    assert_eq!(kinds(&machine, NetworkMode::Nat), [""; 0], "they are not shown");
    machine.card.write("root/proc/sys/net/bridge/bridge-nf-call-iptables", "1\n");
    let found = findings(&machine, NetworkMode::Nat);
    assert_eq!(found[0].kind, "between-policy");
    assert!(found[0].what.contains("to each other"), "{found:?}");
    let apart = NetworkRequest { isolate: true, ..request(NetworkMode::Nat) };
    assert_eq!(machine.plan(&apart).unwrap().findings, [], "they are to be kept from each other");
    let (calls, _) = allowed(&machine);
    assert_eq!(calls.len(), 2, "{calls:?}");
    with(&machine, &[out, back, between], "docker");
    assert_eq!(kinds(&machine, NetworkMode::Nat), [""; 0]);
}

#[test]
fn only_what_lets_packets_out_and_back_counts() {
    let out = "-A DOCKER-USER -i clusterhat0 -j ACCEPT";
    let back = "-A DOCKER-USER -o clusterhat0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
    for (rules, expected) in [
        (&[out, back][..], &[][..]),
        (&[out, "-A DOCKER-USER -o clusterhat0 -j ACCEPT"], &[]),
        (&["-A FORWARD -i clusterhat0 -j ACCEPT", back], &[]),
        (&["-A DOCKER-USER -i cluster+ -j ACCEPT", back], &[]),
        (&["-A DOCKER-USER -s 172.19.0.0/16 -o eth0 -j ACCEPT", back], &[]),
        (&["-A DOCKER-USER ! -i docker0 -m comment --comment \"let -j DROP out\" -j ACCEPT"], &[]),
        // What the old program took for enough.
        (&[out], &["docker-forward"]),
        (&[back], &["docker-forward"]),
        (&["-A INPUT -i clusterhat0 -j ACCEPT", back], &["docker-forward"]),
        (&["-A DOCKER -i clusterhat0 -j ACCEPT", back], &["docker-forward"]),
        (&["-A DOCKER-USER -i clusterhat0 -p udp -j ACCEPT", back], &["docker-forward"]),
        (&["-A DOCKER-USER -i clusterhat0 -o docker0 -j ACCEPT", back], &["docker-forward"]),
        (&["-A DOCKER-USER -s 10.0.0.0/8 -j ACCEPT", back], &["docker-forward"]),
        (
            &["-A DOCKER-USER -i clusterhat0 -m conntrack --ctstate ESTABLISHED -j ACCEPT", back],
            &["docker-forward"],
        ),
        (&["-A FORWARD -i clusterhat0 -j DROP", out, back], &["docker-forward"]),
        // A connection does not end with its first packet.
        (
            &["-A DOCKER-USER -i clusterhat0 -m conntrack --ctstate NEW -j ACCEPT", back],
            &["docker-forward"],
        ),
        // What nobody can tell beforehand.
        (
            &["-A DOCKER-USER -i clusterhat0 -p tcp -m tcp --dport 443 -j ACCEPT", back],
            &["forward-unknown"],
        ),
        (
            &["-A DOCKER-USER -i clusterhat0 -m set --match-set x src -j ACCEPT", back],
            &["forward-unknown"],
        ),
        (&["-A DOCKER-USER -s 172.19.181.0/25 -j ACCEPT", back], &["forward-unknown"]),
        (&["-A DOCKER-USER -i clusterhat0 -j MY-OWN-TARGET", back], &["forward-unknown"]),
        (&["-A FORWARD -m set --match-set x src -j DROP", out, back], &["forward-unknown"]),
    ] {
        let machine = filtered(NetworkManager, "docker");
        with(&machine, rules, "docker");
        assert_eq!(kinds(&machine, NetworkMode::Nat), expected, "{rules:?}");
    }
}

/// An accept in one base chain does not overrule a drop in another.
#[test]
fn every_table_has_its_say() {
    let machine = filtered(NetworkManager, "nftables");
    let open = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-A FORWARD -i clusterhat0 -j ACCEPT\n";
    machine.tools.answer(FILTER, open);
    let found = findings(&machine, NetworkMode::Nat);
    assert!(found[0].what.contains("inet filter forward"), "{found:?}");
    // Rules of the old iptables are none of nft's.
    machine.tools.answer(RULESET, json!({"nftables": []}));
    assert_eq!(kinds(&machine, NetworkMode::Nat), [""; 0]);
    machine.card.write("root/proc/net/ip_tables_names", "filter\n");
    machine.tools.answer("iptables-legacy -S", "-P FORWARD DROP\n");
    let found = findings(&machine, NetworkMode::Nat);
    assert!(found[0].what.contains("iptables-legacy"), "{found:?}");
}

/// `{base chain's rules}` before those of the recorded file.
fn ruled(expressions: &[Value]) -> Machine {
    let machine = Machine::stock(Networkd);
    let mut ruleset: Value = serde_json::from_str(&recorded("nftables.json")).unwrap();
    let objects = ruleset["nftables"].as_array_mut().unwrap();
    let first = objects.iter().position(|object| object.get("rule").is_some()).unwrap();
    let rule = |expression: &Value| json!({"rule": {"family": "inet", "table": "filter", "chain": "forward", "expr": expression}});
    objects.splice(first..first, expressions.iter().map(rule));
    machine.tools.answer(RULESET, ruleset);
    machine
}

fn is(left: Value, op: &str, right: Value) -> Value {
    json!({"match": {"op": op, "left": left, "right": right}})
}

#[test]
fn nft_s_expressions() {
    let iif = json!({"meta": {"key": "iifname"}});
    let oif = json!({"meta": {"key": "oifname"}});
    let saddr = json!({"payload": {"protocol": "ip", "field": "saddr"}});
    let ip6 = json!({"payload": {"protocol": "ip6", "field": "saddr"}});
    let dport = json!({"payload": {"protocol": "udp", "field": "dport"}});
    let ours = json!({"prefix": {"addr": "172.19.181.0", "len": 24}});
    let accept = json!({"accept": null});
    for (rule, expected) in [
        (
            json!([is(iif.clone(), "==", json!("clusterhat0")), {"counter": {"packets": 0}}, accept]),
            &[][..],
        ),
        (json!([is(iif.clone(), "==", json!({"set": ["lo", "clusterhat*"]})), accept]), &[]),
        (json!([is(oif.clone(), "!=", json!("docker0")), accept]), &[]),
        (json!([is(saddr, "==", ours), accept]), &[]),
        (
            json!([{"vmap": {"key": iif, "data": {"set": [["eth9", {"drop": null}], ["clusterhat0", accept]]}}}]),
            &[],
        ),
        (json!([is(iif.clone(), "==", json!("clusterhat1")), accept]), &["forward-policy"]),
        (json!([is(dport, "!=", json!(53)), accept]), &["forward-policy"]),
        (json!([is(ip6, "!=", json!("fd00::1")), accept]), &["forward-policy"]),
        (json!([is(iif.clone(), "==", json!("@inside")), accept]), &["forward-unknown"]),
        (json!([{"limit": {"rate": 5}}, accept]), &["forward-unknown"]),
        (json!([{"xt": {"type": "match", "name": "set"}}, accept]), &["forward-unknown"]),
        (json!([{"vmap": {"key": iif, "data": "@verdicts"}}]), &["forward-unknown"]),
        (json!([{"something new": {}}]), &["forward-unknown"]),
        (json!([{"jump": {"target": "gone"}}]), &["forward-unknown"]),
    ] {
        assert_eq!(
            kinds(&ruled(std::slice::from_ref(&rule)), NetworkMode::Nat),
            expected,
            "{rule}"
        );
    }
}

#[test]
fn rules_that_nobody_may_read_are_unknown() {
    let machine = Machine::stock(NetworkManager);
    machine.tools.fail(RULESET, "Operation not permitted (you must be root)");
    machine.tools.fail(FILTER, "Permission denied (you must be root)");
    let found = findings(&machine, NetworkMode::Nat);
    assert_eq!((found[0].kind, found[0].is_doubtful), ("filter-unread", true), "{found:?}");
    machine.set_up(NetworkMode::Nat);
    let error = allow(&machine.survey(), &machine.tools).unwrap_err();
    assert!(matches!(error, NetworkError::FilterUnread), "{error}");
}

/// The calls of `network allow`, after which the recorded filter is as it was, so that it says so.
fn allowed(machine: &Machine) -> (Vec<String>, String) {
    machine.set_up(NetworkMode::Nat);
    let survey = machine.survey();
    machine.tools.answer_others("");
    machine.tools.calls.borrow_mut().clear();
    let error = allow(&survey, &machine.tools).unwrap_err();
    let calls = machine.tools.calls.borrow();
    let inserts = calls.iter().filter(|call| call.contains(" -I ") || call.contains("insert"));
    (inserts.cloned().collect(), error.to_string())
}

#[test]
fn rules_of_ours_go_before_all_others_and_are_looked_at_again() {
    let comment = "-m comment --comment clusterhat -j ACCEPT";
    let out = format!("iptables -w -I FORWARD -i clusterhat0 {comment}");
    let back = format!(
        "iptables -w -I FORWARD -o clusterhat0 -m conntrack --ctstate RELATED,ESTABLISHED {comment}"
    );
    let (calls, error) = allowed(&filtered(NetworkManager, "docker"));
    assert_eq!(calls, [out.clone(), back.clone()]);
    assert!(error.contains("iptables, chain FORWARD"), "{error}");
    let asked = |protocol: &str, port: u16| {
        format!(
            "iptables -w -I INPUT -i clusterhat0 -p {protocol} -m {protocol} --dport {port} {comment}"
        )
    };
    // ufw lets answers through by itself.
    let (calls, _) = allowed(&filtered(NetworkManager, "ufw"));
    assert_eq!(calls, [out.clone(), asked("udp", 67), asked("udp", 53), asked("tcp", 53)]);
    let (calls, _) = allowed(&filtered(Networkd, "ufw"));
    assert_eq!(calls, [out, asked("udp", 67)]);
    let (calls, _) = allowed(&filtered(NetworkManager, "nftables"));
    assert_eq!(
        calls,
        ["nft insert rule inet filter forward iifname clusterhat0 accept comment clusterhat"]
    );
    // Nobody else may change its table.
    let (calls, error) = allowed(&filtered(NetworkManager, "firewalld"));
    assert_eq!(calls, [""; 0]);
    assert!(error.contains("firewalld"), "{error}");
}

#[test]
fn an_open_filter_is_left_alone() {
    let machine = Machine::stock(NetworkManager);
    let error = allow(&machine.survey(), &machine.tools).unwrap_err();
    assert!(matches!(error, NetworkError::NotSetUp), "{error}");
    machine.set_up(NetworkMode::Nat);
    allow(&machine.survey(), &machine.tools).unwrap();
    assert!(!machine.tools.calls.borrow().iter().any(|call| call.contains("-I")));
}
