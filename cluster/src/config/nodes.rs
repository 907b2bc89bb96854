//! The `[nodes.pN]` tables, validated.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::ConfigError;
use super::file::NodeFragment;
use super::given::Given;
use super::limits;
use crate::desired::AtBoot;
use crate::nodes::{MOST, check_name};

/// What was configured for single nodes, counted from 1.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) delays: BTreeMap<usize, Duration>,
    pub(super) names: BTreeMap<usize, String>,
    pub(super) usb_paths: BTreeMap<usize, String>,
    pub(super) ssh: BTreeMap<usize, String>,
    pub(super) at_boot: BTreeMap<usize, AtBoot>,
}

/// `first` is the number of the first node: with 101, `[nodes.p103]` is node 3.
pub(super) fn validate(fragments: &[NodeFragment], first: u32) -> Result<Nodes, ConfigError> {
    let mut nodes = Nodes::default();
    let mut named: BTreeMap<String, &Given<String>> = BTreeMap::new();
    let mut placed: BTreeMap<String, &Given<String>> = BTreeMap::new();
    for fragment in by_line(fragments) {
        let node = index(&fragment.node, first)?;
        if let Some(given) = &fragment.name {
            check_name(&given.value).map_err(|allowed| given.refused(allowed))?;
            // Resolvers do not tell upper from lower case.
            once(&mut named, given.value.to_ascii_lowercase(), given)?;
            nodes.names.insert(node, given.value.clone());
        }
        if let Some(given) = &fragment.delay {
            nodes.delays.insert(node, limits::DELAY.check(given)?);
        }
        if let Some(given) = &fragment.at_boot {
            nodes.at_boot.insert(node, given.value);
        }
        if let Some(given) = &fragment.usb_path {
            if !limits::is_usb_path(&given.value) {
                return Err(given.refused(limits::USB_PATH));
            }
            once(&mut placed, given.value.clone(), given)?;
            nodes.usb_paths.insert(node, given.value.clone());
        }
        if let Some(given) = &fragment.ssh {
            if !limits::is_ssh_host(&given.value) {
                return Err(given.refused(limits::SSH));
            }
            nodes.ssh.insert(node, given.value.clone());
        }
    }
    Ok(nodes)
}

/// The tables in the order of writing, so that a clash is reported at the later one.
fn by_line(fragments: &[NodeFragment]) -> Vec<&NodeFragment> {
    let mut ordered: Vec<&NodeFragment> = fragments.iter().collect();
    ordered.sort_by_key(|fragment| fragment.node.line());
    ordered
}

fn once<'a>(
    seen: &mut BTreeMap<String, &'a Given<String>>,
    key: String,
    given: &'a Given<String>,
) -> Result<(), ConfigError> {
    let Some(earlier) = seen.insert(key, given) else { return Ok(()) };
    let line = earlier.line();
    let how = if earlier.value == given.value { "" } else { ", but for upper and lower case" };
    Err(given.clash(format!("line {line} gives it to another node{how}; change one of them")))
}

fn index(node: &Given<String>, first: u32) -> Result<usize, ConfigError> {
    let last = first.saturating_add(MOST - 1);
    node.value
        .strip_prefix('p')
        .filter(|digits| !digits.starts_with('0') && digits.chars().all(|c| c.is_ascii_digit()))
        .and_then(|digits| digits.parse::<u32>().ok())
        .filter(|number| (first..=last).contains(number))
        .and_then(|number| usize::try_from(number - first + 1).ok())
        .ok_or_else(|| node.refused(&format!("a node from nodes.p{first} to nodes.p{last}")))
}
