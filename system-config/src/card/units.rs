//! Enabling units by the links that systemctl would make, which needs no running systemd.

use std::path::PathBuf;

use super::CardError;
use crate::changes::{Snapshot, SysPath};
use crate::units::{self, ETC, is_mask};

/// The node's gadget.
pub(super) const NODE: &str = "clusterhat-node.service";

/// The node's agent.
pub(super) const AGENT: &str = "clusterhat-node-agent.service";

/// A login on the agent's port.
const AGENT_GETTY: &str = "serial-getty@ttyGS1.service";

/// The login on the gadget's first serial port.
pub(super) const GETTY: &str = "serial-getty@ttyGS0.service";

/// Of which the next is an instance.
const GETTY_TEMPLATE: &str = "serial-getty@.service";

/// What is looked for in each of the folders.
pub(super) const KNOWN: [&str; 4] = [NODE, AGENT, GETTY, GETTY_TEMPLATE];

/// A unit, the file that it is made of, and where it is wanted if that file does not say.
struct Wanted {
    unit: &'static str,
    file: &'static str,
    by: &'static str,
}

const WANTED: [Wanted; 2] = [
    Wanted { unit: GETTY, file: GETTY_TEMPLATE, by: "getty.target" },
    Wanted { unit: NODE, file: NODE, by: "multi-user.target" },
];

/// The links to make, each with its target.
pub(super) fn links(card: &Snapshot) -> Result<Vec<(SysPath, PathBuf)>, CardError> {
    let mut links = Vec::new();
    for wanted in WANTED {
        refuse_masked(card, wanted.unit)?;
        let found = units::links(card, wanted.unit, wanted.file, wanted.by);
        links.extend(found.ok_or_else(|| missing(card, wanted.file))?);
    }
    links.extend(agent(card));
    Ok(links)
}

/// The links that start a login on the agent's port, where the agent is to answer there.
pub(super) fn logins_on_agent_port(card: &Snapshot) -> Vec<SysPath> {
    match units::is_usable(card, AGENT) {
        true => units::enabling_links(card, AGENT_GETTY).cloned().collect(),
        false => Vec::new(),
    }
}

/// The agent is not what makes a node: a card whose package has none yet, or whose owner wants none, does without.
fn agent(card: &Snapshot) -> Vec<(SysPath, PathBuf)> {
    match units::is_usable(card, AGENT) {
        true => units::links(card, AGENT, AGENT, "multi-user.target").unwrap_or_default(),
        false => Vec::new(),
    }
}

fn refuse_masked(card: &Snapshot, unit: &'static str) -> Result<(), CardError> {
    match card.content(&SysPath::root(ETC).below(unit)) {
        Some(content) if is_mask(content) => {
            let path = card.sysroot().shown(&SysPath::root(ETC).below(unit));
            Err(CardError::UnitMasked { unit, path })
        }
        _ => Ok(()),
    }
}

fn missing(card: &Snapshot, unit: &'static str) -> CardError {
    let root = card.sysroot().root().to_owned();
    let fix = match unit {
        NODE => format!(
            "install the node's package of the card's architecture there first (dpkg --root={} -i clusterhat-node_VERSION_ARCHITECTURE.deb)",
            root.display()
        ),
        _ => "this systemd is not Raspberry Pi OS's or Debian's".to_owned(),
    };
    CardError::UnitMissing { unit, root, fix }
}
