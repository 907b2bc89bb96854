//! Rules that let the nodes' packets through, put before all others of the chains that would not.

use std::path::Path;

use node_link::names::INTERFACES;

use super::flow::Hook;
use super::{COMMENT, Filter, Flow, Place, asked, between, forwarded, nft};
use crate::Tools;
use crate::network::survey::Live;
use crate::network::{BRIDGE, NetworkError, NetworkSettings, Survey, bridge, call, masquerade};

/// Puts a rule of ours into every chain that may stop the nodes' packets, and looks again. Who made those rules may
/// have flushed the whole ruleset before: then the network manager masquerades anew.
///
/// # Errors
/// A program that fails; chains that stop them still.
pub fn allow(survey: &Survey, tools: &dyn Tools) -> Result<(), NetworkError> {
    let (Some(settings), Some(system)) = (survey.known_settings()?, survey.live()) else {
        return Err(NetworkError::NotSetUp);
    };
    let root = survey.system().sysroot().root();
    let flows = flows(settings, system);
    let mut done = Vec::new();
    for obstacle in system.filter.obstacles(&flows) {
        let flow = &flows[obstacle.flow];
        for call in calls(&obstacle.place, flow) {
            if !done.contains(&call) {
                let words: Vec<_> = call.iter().map(String::as_str).collect();
                call::run(tools, words[0], &words[1..])?;
                done.push(call);
            }
        }
    }
    if masquerade::is_missing(settings, system) {
        bridge::masquerade_anew(settings, tools)?;
    }
    check(root, &flows, tools)
}

/// Takes every rule of ours away.
///
/// # Errors
/// A program that fails.
pub fn withdraw(root: &Path, tools: &dyn Tools) -> Result<(), NetworkError> {
    let filter = Filter::read(root, tools);
    let printed = [("iptables", &filter.iptables), ("iptables-legacy", &filter.legacy)];
    for (program, printed) in printed {
        let lines = printed.iter().flat_map(|printed| printed.lines());
        let comment = format!("--comment {COMMENT} ");
        for line in lines.filter(|line| line.contains(&comment)) {
            let Some(rule) = line.strip_prefix("-A ") else { continue };
            let words = ["-w", "-D"].into_iter().chain(rule.split_whitespace());
            call::run(tools, program, &words.collect::<Vec<_>>())?;
        }
    }
    for [family, table, chain, handle] in
        filter.nft.iter().flat_map(|ruleset| nft::commented(ruleset, COMMENT))
    {
        if !(filter.is_nft && [&*family, &*table] == super::IPTABLES) {
            let words = ["delete", "rule", &family, &table, &chain, "handle", &handle];
            call::run(tools, "nft", &words)?;
        }
    }
    Ok(())
}

fn flows(settings: &NetworkSettings, system: &Live) -> Vec<Flow> {
    [
        forwarded(settings, system.uplink(), system.filters_bridges),
        between(settings, system.filters_bridges),
        asked(settings),
    ]
    .concat()
}

fn check(root: &Path, flows: &[Flow], tools: &dyn Tools) -> Result<(), NetworkError> {
    let filter = Filter::read(root, tools);
    if filter.is_hidden {
        return Err(NetworkError::FilterUnread);
    }
    match filter.obstacles(flows).first() {
        Some(obstacle) => Err(NetworkError::StillBlocked(obstacle.place.to_string())),
        None => Ok(()),
    }
}

/// The calls that make the rules: for what nodes send, for what comes back, or for what they ask.
fn calls(place: &Place, flow: &Flow) -> Vec<Vec<String>> {
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect();
    match (place, flow.hook) {
        (Place::Iptables(program, chain), Hook::Forward) => {
            let what = match flow.comes_back {
                false => format!("-i {BRIDGE}"),
                true => format!("-o {BRIDGE} -m conntrack --ctstate RELATED,ESTABLISHED"),
            };
            vec![words(format!("{program} -w -I {chain} {what} {}", accept()))]
        }
        (Place::Iptables(program, chain), Hook::Input) => {
            let rule = |protocol: &str, port: u16| {
                let what = format!("-i {BRIDGE} -p {protocol} -m {protocol} --dport {port}");
                words(format!("{program} -w -I {chain} {what} {}", accept()))
            };
            flow.ports().into_iter().map(|(protocol, port)| rule(protocol, port)).collect()
        }
        // It lets nobody else change its table, and makes it anew whenever it is reloaded.
        (place, _) if place.is_firewallds() => Vec::new(),
        (Place::Nft(chain), hook) => {
            let insert = format!("nft insert rule {}", chain.join(" "));
            let ends = format!("accept comment {COMMENT}");
            let rule = |what: String| words(format!("{insert} {what} {ends}"));
            match hook {
                Hook::Input => flow
                    .ports()
                    .into_iter()
                    .map(|(protocol, port)| {
                        rule(format!("iifname {BRIDGE} {protocol} dport {port}"))
                    })
                    .collect(),
                Hook::Forward if chain[0] == "bridge" => {
                    let key = if flow.comes_back { "oifname" } else { "iifname" };
                    INTERFACES.map(|prefix| rule(format!("{key} {prefix}*"))).into()
                }
                Hook::Forward if !flow.comes_back => vec![rule(format!("iifname {BRIDGE}"))],
                Hook::Forward => {
                    vec![rule(format!("oifname {BRIDGE} ct state established,related"))]
                }
            }
        }
    }
}

fn accept() -> String {
    format!("-m comment --comment {COMMENT} -j ACCEPT")
}
