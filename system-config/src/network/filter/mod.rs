//! Whether the packet filter lets the nodes' packets through: nft's rules and those of iptables, old and
//! new, judged for IPv4 packets of which not all is known. What cannot be judged is said to be so.

mod allow;
mod flow;
mod iptables;
mod nft;
mod walk;

use std::fs;
use std::path::Path;

use serde_json::Value;

pub use allow::{allow, withdraw};
pub(super) use flow::Flow;

use super::{NetworkMode, NetworkSettings};
use crate::{Manager, Tools};
use flow::{DHCP, DNS};

/// The comment of our rules.
const COMMENT: &str = "clusterhat";

/// iptables' own table, which nft shows too where iptables is the new one, but not its extensions.
const IPTABLES: [&str; 2] = ["ip", "filter"];

/// The rules of the running system.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    /// `nft -j list ruleset`; nothing if it could not be read.
    nft: Option<Value>,
    /// `iptables -S`, of whichever iptables it is; nothing if it could not be read.
    iptables: Option<String>,
    /// Whether that is a table of nft's.
    is_nft: bool,
    /// Those of the old iptables beside the new one.
    legacy: Option<String>,
    /// Whether a program that lists rules is installed but did not list them.
    pub(super) is_hidden: bool,
}

/// A chain that may block packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    pub(super) flow: usize,
    pub(super) place: Place,
    /// Whether it is certain that nothing passes.
    pub(super) is_certain: bool,
}

/// Where a chain is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A chain of the table "filter" of `iptables`, or of `iptables-legacy`.
    Iptables(&'static str, &'static str),
    /// Family, table and chain.
    Nft([String; 3]),
}

impl Filter {
    /// Reads the running system's rules.
    pub(super) fn read(root: &Path, tools: &dyn Tools) -> Self {
        let said = |program: &str, words: &[&str]| {
            let printed = tools.run(program, words).ok()?;
            Some(printed.success.then_some(printed.stdout))
        };
        // What is no ruleset tells nothing of what is let through.
        let parsed = |printed: String| {
            let ruleset: Value = serde_json::from_str(&printed).ok()?;
            ruleset["nftables"].is_array().then_some(ruleset)
        };
        let nft = said("nft", &["-j", "list", "ruleset"]).map(|printed| printed.and_then(parsed));
        let iptables = said("iptables", &["-S"]);
        let version = said("iptables", &["--version"]).flatten().unwrap_or_default();
        let names = fs::read_to_string(root.join("proc/net/ip_tables_names")).unwrap_or_default();
        let is_nft = version.contains("nf_tables");
        let has_legacy = is_nft && names.lines().any(|name| name == "filter");
        let legacy = if has_legacy { said("iptables-legacy", &["-S"]) } else { None };
        let is_hidden = [nft.is_some(), iptables.is_some()].contains(&true)
            && (matches!(nft, Some(None)) || matches!(iptables, Some(None)));
        Self {
            nft: nft.flatten(),
            iptables: iptables.flatten(),
            is_nft,
            legacy: legacy.flatten(),
            is_hidden,
        }
    }

    /// Docker's own place for rules of others.
    pub(super) fn is_dockers(&self) -> bool {
        let chains = self.iptables.iter().flat_map(|printed| printed.lines());
        chains.into_iter().any(|line| line == "-N DOCKER-USER")
    }

    /// The chains that may block these packets.
    pub(super) fn obstacles(&self, flows: &[Flow]) -> Vec<Obstacle> {
        let mut found = Vec::new();
        for (number, flow) in flows.iter().enumerate() {
            for (place, ends) in self.met(flow) {
                if ends.dropped {
                    found.push(Obstacle { flow: number, place, is_certain: !ends.accepted });
                }
            }
        }
        found
    }

    fn met(&self, flow: &Flow) -> Vec<(Place, walk::Ends)> {
        let mut met = Vec::new();
        if flow.families.contains(&"ip") {
            let hook = flow.hook.iptables();
            let printed = [("iptables", &self.iptables), ("iptables-legacy", &self.legacy)];
            for (program, printed) in printed {
                let ends = printed.as_ref().and_then(|printed| iptables::ends(printed, flow));
                met.extend(ends.map(|ends| (Place::Iptables(program, hook), ends)));
            }
        }
        let is_known = self.is_nft && self.iptables.is_some();
        for one in self.nft.iter().flat_map(|ruleset| nft::met(ruleset, flow)) {
            if !(is_known && [&*one.family, &*one.table] == IPTABLES) {
                met.push((Place::Nft([one.family, one.table, one.chain]), one.ends));
            }
        }
        met
    }
}

/// What nodes send beyond the controller and gets back, or what passes the bridge.
pub(super) fn forwarded(
    settings: &NetworkSettings,
    uplink: Option<&str>,
    filters_bridges: bool,
) -> Vec<Flow> {
    match (settings.mode, settings.subnet) {
        (NetworkMode::Nat, Some(subnet)) => Flow::routed(subnet, uplink).into(),
        (NetworkMode::Bridge, _) => {
            let ipv4 = if filters_bridges { Flow::bridged_ipv4().to_vec() } else { Vec::new() };
            [ipv4, Flow::bridged(settings.uplink.as_deref()).into()].concat()
        }
        (NetworkMode::Nat, None) => Vec::new(),
    }
}

/// What nodes behind the controller send each other, where they may.
pub(super) fn between(settings: &NetworkSettings, filters_bridges: bool) -> Vec<Flow> {
    match (settings.mode, settings.subnet) {
        (NetworkMode::Nat, Some(subnet)) if !settings.isolate => {
            let by = if filters_bridges { &[true, false][..] } else { &[false] };
            by.iter().flat_map(|is_ipv4| Flow::between(subnet, *is_ipv4)).collect()
        }
        _ => Vec::new(),
    }
}

/// What nodes behind the controller ask it: for an address, and under NetworkManager for names.
pub(super) fn asked(settings: &NetworkSettings) -> Vec<Flow> {
    match (settings.mode, settings.manager) {
        (NetworkMode::Bridge, _) => Vec::new(),
        (NetworkMode::Nat, Manager::Networkd) => vec![Flow::asked(DHCP)],
        (NetworkMode::Nat, _) => vec![Flow::asked(DHCP), Flow::asked(DNS)],
    }
}

impl Place {
    /// A table that only firewalld changes.
    pub(super) fn is_firewallds(&self) -> bool {
        matches!(self, Self::Nft([_, table, _]) if table == "firewalld")
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Iptables(program, chain) => write!(f, "{program}, chain {chain}"),
            Self::Nft([family, table, chain]) => write!(f, "nft, chain {family} {table} {chain}"),
        }
    }
}
