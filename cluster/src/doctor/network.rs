//! The nodes' network, as far as it was set up here.

use system_config::network::{BRIDGE, BridgeStatus, Finding, NetworkMode, NetworkSettings};

use super::check::Check;
use super::facts::Facts;
use super::finding::{Checked, Fix, Found, NotMade};
use super::system::Network;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "address-clash",
        looks_for: "the nodes' network overlapping another network of the controller",
        why: "packets for nodes go to the other network, or vice versa",
        make: address_clash,
    },
    Check {
        name: "packet-filter",
        looks_for: "a packet filter, such as Docker's, that drops what nodes send",
        why: "nodes get no address or have no internet access",
        make: packet_filter,
    },
    Check {
        name: "br-netfilter",
        looks_for: "bridged traffic that passes through the packet filter (br_netfilter)",
        why: "rules meant for routed packets then drop packets between the nodes and the network",
        make: br_netfilter,
    },
    Check {
        name: "network",
        looks_for: "anything else that `network status` finds",
        why: "nodes have no addresses, names or internet access",
        make: others,
    },
];

/// What an own check is about, by the word of the finding.
const CLASH: &[&str] = &["address-clash"];
const FILTER: &[&str] = &[
    "docker-forward",
    "forward-policy",
    "forward-unknown",
    "between-policy",
    "between-unknown",
    "input-policy",
    "input-unknown",
];
const UNREAD: &str = "filter-unread";
/// Of these, nodes.rs knows more, and the last one is over once the network is set up.
const ELSEWHERE: &[&str] = &["wrong-place", "your-connection"];

fn network(facts: &Facts) -> Result<(&Network, &NetworkSettings), NotMade> {
    let network = &facts.system.as_ref().map_err(NotMade::because)?.network;
    let settings = network.settings.as_ref().map_err(NotMade::because)?.as_ref();
    let none = || NotMade::because("no network of the nodes was set up here");
    Ok((network, settings.ok_or_else(none)?))
}

fn status(facts: &Facts) -> Result<&BridgeStatus, NotMade> {
    let (network, _) = network(facts)?;
    let offline = || NotMade::because("only the running system can be asked for its network");
    network.status.as_ref().ok_or_else(offline)?.as_ref().map_err(NotMade::because)
}

fn of_kinds(status: &BridgeStatus, is_it: impl Fn(&str) -> bool) -> Vec<Found> {
    status.findings.iter().filter(|finding| is_it(finding.kind)).map(found).collect()
}

fn found(finding: &Finding) -> Found {
    let fix = Fix::Network(finding.fix.clone());
    match finding.is_doubtful {
        true => Found::warning(&finding.what, fix),
        false => Found::error(&finding.what, fix),
    }
}

fn address_clash(facts: &Facts) -> Checked {
    Ok(of_kinds(status(facts)?, |kind| CLASH.contains(&kind)))
}

fn packet_filter(facts: &Facts) -> Checked {
    let status = status(facts)?;
    match status.findings.iter().find(|finding| finding.kind == UNREAD) {
        Some(unread) => Err(NotMade::because(format!("{}: look again as root", unread.what))),
        None => Ok(of_kinds(status, |kind| FILTER.contains(&kind))),
    }
}

fn br_netfilter(facts: &Facts) -> Checked {
    let (network, settings) = network(facts)?;
    if settings.mode != NetworkMode::Bridge || network.filters_bridges != Some(true) {
        return Ok(Vec::new());
    }
    let is_dropping = |status: &BridgeStatus| {
        status.findings.iter().any(|finding| FILTER.contains(&finding.kind))
    };
    let what = "br_netfilter sends what passes the bridge through the packet filter";
    let fix = Fix::Text(
        "sysctl net.bridge.bridge-nf-call-iptables=0 (permanently in /etc/sysctl.d), unless Docker or Kubernetes on \
         this controller needs it: then let nodes through the filter"
            .to_owned(),
    );
    Ok(vec![match &network.status {
        Some(Ok(status)) if is_dropping(status) => {
            Found::warning(format!("{what}, which drops it"), fix)
        }
        _ => Found::note(what, fix),
    }])
}

fn others(facts: &Facts) -> Checked {
    let status = status(facts)?;
    let known = |kind: &str| {
        [CLASH, FILTER, ELSEWHERE, &[UNREAD]].iter().any(|kinds| kinds.contains(&kind))
    };
    let mut found = of_kinds(status, |kind| !known(kind));
    if !status.bridge {
        found.insert(
            0,
            Found::error(format!("the bridge {BRIDGE} does not exist"), Fix::NetworkSetUp),
        );
    }
    Ok(found)
}
