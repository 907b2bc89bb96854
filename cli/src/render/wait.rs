//! The results of `wait`, and of `--wait` with `on` and `cycle`.

use clusterhat::report::{StartReport, WaitNode, WaitReport};

use super::power;
use super::state;
use super::table::{plain, table};

/// `on` and `cycle` with `--wait`.
pub(super) fn start(report: &StartReport) -> String {
    format!("{}{}", power::power(&report.power), wait(&report.wait))
}

/// `wait`.
pub(super) fn wait(report: &WaitReport) -> String {
    if report.nodes.is_empty() {
        return String::new();
    }
    let row = |node: &WaitNode| {
        let [state, since] = state::cells(Some(node.state), node.since);
        let name = node.name.clone().unwrap_or_default();
        vec![plain(&node.node), plain(name), state, since, plain(note(node))]
    };
    let rows: Vec<_> = report.nodes.iter().map(row).collect();
    table(&["NODE", "NAME", "STATE", "SINCE", "NOTE"], &rows)
}

fn note(node: &WaitNode) -> String {
    let cycles = match node.cycles {
        0 => None,
        1 => Some("power cycled once".to_owned()),
        cycles => Some(format!("power cycled {cycles} times")),
    };
    let parts: Vec<_> =
        cycles.into_iter().chain(node.cause.as_deref().map(str::to_owned)).collect();
    parts.join("; ")
}
