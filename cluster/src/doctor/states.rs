//! Where nodes with power are in their starts.

use super::check::Check;
use super::facts::Facts;
use super::finding::{Checked, Fix, Found, NotMade};
use crate::life::State;
use crate::operations::hub::HUB_OFF;

pub(super) const CHECKS: &[Check] = &[Check {
    name: "not-started",
    looks_for: "a node that has had power for 2 minutes and never appeared on the USB",
    why: "it can be neither reached nor shut down",
    make: not_started,
}];

/// The nodes that were asked for, have power and are in this state.
pub(super) fn in_state(facts: &Facts, state: State) -> impl Iterator<Item = &str> {
    let nodes = facts.states.iter().filter(move |node| node.state == Some(state));
    nodes.map(|node| &*node.node)
}

fn not_started(facts: &Facts) -> Checked {
    if facts.states.is_empty() {
        return Err(facts.no_power());
    }
    let failed = in_state(facts, State::Failed).filter(|node| !facts.is_hidden(node));
    let found = failed.map(|node| {
        let what = format!("{node} has power, and never appeared on the USB");
        let fix = "check its card, its image and the power supply, or switch it off".to_owned();
        Found::warning(what, Fix::Text(fix)).of_nodes(vec![node.to_owned()])
    });
    let found: Vec<_> = found.collect();
    match facts.states.iter().find(|row| facts.is_hidden(&row.node)) {
        Some(row) if found.is_empty() => Err(NotMade::because(hidden(&row.node))),
        _ => Ok(found),
    }
}

/// Why nothing is known of a node that a hub hides.
pub(super) fn hidden(node: &str) -> String {
    format!("{node}: {HUB_OFF}")
}
