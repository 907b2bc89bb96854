//! The table "filter" as `iptables -S` prints it (iptables(8), iptables-extensions(8)).

use std::net::Ipv4Addr;

use super::flow::{Flow, Tri};
use super::walk::{Chains, Ends, Rule, Verdict, base};

/// Matches without options of their own that matter here; others may hold or not.
const PLAIN_MATCHES: [&str; 6] = ["conntrack", "state", "comment", "tcp", "udp", "icmp"];

/// Targets after which the next rule has its turn.
const GOING_ON: [&str; 12] = [
    "LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "CT", "NOTRACK", "TCPMSS", "TOS", "DSCP", "TRACE",
    "SECMARK",
];

/// What becomes of the packet in the built-in chain; nothing if there is none.
pub(super) fn ends(printed: &str, flow: &Flow) -> Option<Ends> {
    let hook = flow.hook.iptables();
    let policy = printed.lines().find_map(|line| line.strip_prefix(&format!("-P {hook} ")))?;
    Some(base(&chains(printed, flow), hook, policy.trim() == "ACCEPT"))
}

fn chains(printed: &str, flow: &Flow) -> Chains {
    let mut chains = Chains::new();
    for line in printed.lines() {
        let words = words(line);
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["-P" | "-N", chain, ..] => {
                chains.entry(chain.to_owned()).or_default();
            }
            ["-A", chain, ref rest @ ..] => {
                chains.entry(chain.to_owned()).or_default().push(rule(rest, flow));
            }
            _ => {}
        }
    }
    chains
}

/// As a shell would take the line apart; iptables puts quotes around a word with blanks in it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('"').enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

fn rule(words: &[&str], flow: &Flow) -> Rule {
    let mut matches = Tri::Yes;
    let mut verdict = Verdict::Continue;
    let mut negated = false;
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        if word == "!" {
            negated = true;
            continue;
        }
        let mut value = || words.next().unwrap_or_default();
        let holds = match word {
            "-j" => {
                verdict = target(value());
                break;
            }
            "-g" => {
                verdict = Verdict::Goto(value().to_owned());
                break;
            }
            "-m" => {
                if PLAIN_MATCHES.contains(&value()) {
                    Tri::Yes
                } else {
                    Tri::Maybe
                }
            }
            "--comment" => {
                value();
                Tri::Yes
            }
            "-i" => flow.comes_in_by(&pattern(value())),
            "-o" => flow.goes_out_by(&pattern(value())),
            "-s" => network(value()).map_or(Tri::Maybe, |network| flow.is_from(network)),
            "-d" => network(value()).map_or(Tri::Maybe, |network| flow.is_to(network)),
            "-p" => flow.has_protocol(value()),
            "--dport" => value().parse().map_or(Tri::Maybe, |port| flow.has_port(port)),
            "--ctstate" | "--state" => {
                Tri::of(value().split(',').any(|one| one.eq_ignore_ascii_case(flow.state)))
            }
            _ => Tri::Maybe,
        };
        matches = matches.and(if negated { holds.negate() } else { holds });
        negated = false;
    }
    Rule { matches, verdict }
}

fn target(name: &str) -> Verdict {
    match name {
        "ACCEPT" => Verdict::Accept,
        "DROP" | "REJECT" => Verdict::Drop,
        "RETURN" => Verdict::Return,
        "NFQUEUE" | "QUEUE" => Verdict::Unknown,
        name if GOING_ON.contains(&name) => Verdict::Continue,
        // An unknown target is a chain that is not there, which may end in any way.
        name => Verdict::Jump(name.to_owned()),
    }
}

fn pattern(word: &str) -> String {
    word.strip_suffix('+').map_or_else(|| word.to_owned(), |stem| format!("{stem}*"))
}

fn network(word: &str) -> Option<(Ipv4Addr, u8)> {
    let (address, prefix) = word.split_once('/').unwrap_or((word, "32"));
    Some((address.parse().ok()?, prefix.parse().ok()?))
}
