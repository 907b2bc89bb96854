//! nft's tables as `nft -j list ruleset` prints them (libnftables-json(5)).

use std::net::Ipv4Addr;

use serde_json::{Map, Value};

use super::flow::{Flow, Tri};
use super::walk::{Chains, Ends, Rule, Verdict, base};

/// A base chain and what becomes of the packet there.
#[derive(Clone, Debug)]
pub(super) struct Met {
    pub(super) family: String,
    pub(super) table: String,
    pub(super) chain: String,
    pub(super) ends: Ends,
}

/// The objects of the ruleset, each under the name of its kind.
fn objects<'a>(ruleset: &'a Value, kind: &'static str) -> impl Iterator<Item = &'a Value> {
    let all = ruleset["nftables"].as_array();
    all.into_iter().flatten().filter_map(move |object| object.get(kind))
}

/// Every base chain that the packet meets.
pub(super) fn met(ruleset: &Value, flow: &Flow) -> Vec<Met> {
    let text = |object: &Value, key: &str| object[key].as_str().unwrap_or_default().to_owned();
    let is_met = |chain: &&Value| {
        flow.families.contains(&&*text(chain, "family")) && chain["hook"] == flow.hook.nft()
    };
    let base_chains = objects(ruleset, "chain").filter(is_met);
    base_chains
        .map(|chain| {
            let (family, table, name) =
                (text(chain, "family"), text(chain, "table"), text(chain, "name"));
            let chains = chains(ruleset, &family, &table, flow);
            let ends = base(&chains, &name, chain["policy"] != "drop");
            Met { family, table, chain: name, ends }
        })
        .collect()
}

/// Where rules with this comment are: family, table, chain and handle.
pub(super) fn commented(ruleset: &Value, comment: &str) -> Vec<[String; 4]> {
    let rules = objects(ruleset, "rule").filter(|rule| rule["comment"] == comment);
    let of = |rule: &Value| {
        let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
        [text("family"), text("table"), text("chain"), rule["handle"].to_string()]
    };
    rules.map(of).collect()
}

fn chains(ruleset: &Value, family: &str, table: &str, flow: &Flow) -> Chains {
    let is_there = |object: &&Value| object["family"] == family && object["table"] == table;
    let mut chains = Chains::new();
    for chain in objects(ruleset, "chain").filter(is_there) {
        chains.entry(chain["name"].as_str().unwrap_or_default().to_owned()).or_default();
    }
    for rule in objects(ruleset, "rule").filter(is_there) {
        let chain = rule["chain"].as_str().unwrap_or_default().to_owned();
        chains.entry(chain).or_default().extend(rules(rule, flow));
    }
    chains
}

/// A rule, and one for every element of a verdict map in it.
fn rules(rule: &Value, flow: &Flow) -> Vec<Rule> {
    let mut found = Vec::new();
    let mut matches = Tri::Yes;
    let expressions = rule["expr"].as_array().into_iter().flatten().filter_map(Value::as_object);
    for (kind, value) in expressions.flat_map(Map::iter) {
        match &**kind {
            "match" => matches = matches.and(holds(value, flow)),
            "limit" | "quota" | "ct count" => matches = matches.and(Tri::Maybe),
            "counter" | "log" | "mangle" | "notrack" | "flow" | "comment" | "set" | "ct helper"
            | "ct timeout" => {}
            "vmap" => found.extend(map(value, matches, flow)),
            "xt" if value["type"] == "match" => matches = matches.and(Tri::Maybe),
            "xt" if value["type"] == "target" && value["name"] == "LOG" => {}
            kind => found.push(Rule { matches, verdict: verdict(kind, value) }),
        }
    }
    found
}

fn verdict(kind: &str, value: &Value) -> Verdict {
    let target = || value["target"].as_str().unwrap_or_default().to_owned();
    match kind {
        "accept" => Verdict::Accept,
        "drop" | "reject" => Verdict::Drop,
        "return" => Verdict::Return,
        "continue" => Verdict::Continue,
        "jump" => Verdict::Jump(target()),
        "goto" => Verdict::Goto(target()),
        _ => Verdict::Unknown,
    }
}

fn map(value: &Value, matches: Tri, flow: &Flow) -> Vec<Rule> {
    let Some(elements) = value["data"]["set"].as_array() else {
        return vec![Rule { matches, verdict: Verdict::Unknown }];
    };
    let mut rules = Vec::new();
    for element in elements {
        let holds = is(&value["key"], &element[0], flow);
        let verdicts = element[1].as_object().into_iter().flatten();
        rules.extend(verdicts.map(|(kind, value)| Rule {
            matches: matches.and(holds),
            verdict: verdict(kind, value),
        }));
    }
    rules
}

fn holds(value: &Value, flow: &Flow) -> Tri {
    let holds = is(&value["left"], &value["right"], flow);
    // Where the header is another's nothing holds, not even that a field of it is something else.
    let header = value["left"]["payload"]["protocol"].as_str();
    if header.is_some_and(|protocol| has_header(protocol, flow) == Tri::No) {
        return Tri::No;
    }
    match value["op"].as_str() {
        Some("==" | "in") => holds,
        Some("!=") => holds.negate(),
        _ => Tri::Maybe,
    }
}

/// Whether what is on the left is the right one, or one of those on the right.
fn is(left: &Value, right: &Value, flow: &Flow) -> Tri {
    let several = right.get("set").unwrap_or(right).as_array();
    if let Some(several) = several {
        return several.iter().fold(Tri::No, |any, one| any.or(is(left, one, flow)));
    }
    if let Some(element) = right.get("elem") {
        return is(left, &element["val"], flow);
    }
    let word = match right {
        // A set that has a name may change at any time.
        Value::String(text) if text.starts_with('@') => return Tri::Maybe,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let part = |kind: &str, key: &str| left[kind][key].as_str().unwrap_or_default();
    match (part("meta", "key"), part("ct", "key")) {
        ("iifname" | "iif", _) => flow.comes_in_by(&word),
        ("oifname" | "oif", _) => flow.goes_out_by(&word),
        ("l4proto", _) => flow.has_protocol(&word),
        ("nfproto", _) => Tri::of(word == "ipv4"),
        ("protocol", _) => Tri::of(word == "ip"),
        (_, "state") => Tri::of(word == flow.state),
        // Nobody outside asked for what a node has begun.
        (_, "status") if word == "dnat" => Tri::No,
        _ => match left.get("payload") {
            Some(_) => carries(part("payload", "protocol"), part("payload", "field"), right, flow),
            None => Tri::Maybe,
        },
    }
}

/// A field of a header of the packet.
fn carries(protocol: &str, field: &str, right: &Value, flow: &Flow) -> Tri {
    let number = || right.as_u64().and_then(|port| u16::try_from(port).ok());
    let is_it = match (protocol, field) {
        ("ip", "saddr") => network(right).map_or(Tri::Maybe, |network| flow.is_from(network)),
        ("ip", "daddr") => network(right).map_or(Tri::Maybe, |network| flow.is_to(network)),
        ("ip", "protocol") => right.as_str().map_or(Tri::Maybe, |name| flow.has_protocol(name)),
        (_, "dport") => number().map_or(Tri::Maybe, |port| flow.has_port(port)),
        _ => Tri::Maybe,
    };
    has_header(protocol, flow).and(is_it)
}

fn has_header(protocol: &str, flow: &Flow) -> Tri {
    match protocol {
        "ip" | "th" | "ether" => Tri::Yes,
        "ip6" | "icmpv6" | "arp" => Tri::No,
        protocol => flow.has_protocol(protocol),
    }
}

fn network(value: &Value) -> Option<(Ipv4Addr, u8)> {
    if let Some(prefix) = value.get("prefix") {
        let length = u8::try_from(prefix["len"].as_u64()?).ok()?;
        return Some((prefix["addr"].as_str()?.parse().ok()?, length));
    }
    Some((value.as_str()?.parse().ok()?, 32))
}
