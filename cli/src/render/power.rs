//! What switching nodes came to, or would come to.

use std::fmt::Write as _;

use clusterhat::report::{BeyondSize, PlanReport, PowerReport, SystemState};
use hat_driver::power::Action;

use super::table::{Tone, cell, plain, table};
use super::words::{action, initialised};

/// What was switched.
pub(super) fn power(report: &PowerReport) -> String {
    let mut text = String::new();
    text.push_str(&initialised(&report.initialised));
    let rows: Vec<_> = report
        .nodes
        .iter()
        .map(|node| {
            let tone = if node.power == Action::On { Tone::Good } else { Tone::Plain };
            let cycle = format!("`clusterhat cycle {}` starts it", node.node);
            let note = match (node.changed, node.cycled, node.system) {
                _ if node.undone => "switched off by another process".to_owned(),
                (_, true, _) => "power cycled".to_owned(),
                (true, false, _) => String::new(),
                (false, false, Some(SystemState::Halted)) => format!("powered but halted; {cycle}"),
                (false, false, Some(SystemState::GoingDown)) => {
                    format!("shutting down; {cycle} once it has halted")
                }
                (false, false, Some(SystemState::MayBeHalted)) => {
                    format!("powered; it has halted or is starting; if it has halted, {cycle}")
                }
                (false, false, _) => "no change".to_owned(),
            };
            let name = node.name.clone().unwrap_or_default();
            vec![plain(&node.node), plain(name), cell(action(node.power), tone), plain(note)]
        })
        .collect();
    if !rows.is_empty() {
        text.push_str(&table(&["NODE", "NAME", "POWER", "NOTE"], &rows));
    }
    text.push_str(&beyond_size(&report.beyond_size));
    text
}

/// What was switched off although no node is meant to be there.
pub(super) fn beyond_size(boards: &[BeyondSize]) -> String {
    let line = |BeyondSize { board, places, .. }: &BeyondSize| {
        format!("{board}: beyond its configured size, switched off: {}\n", places.join(" "))
    };
    boards.iter().map(line).collect()
}

/// What would be switched.
pub(super) fn plan(report: &PlanReport) -> String {
    let mut text = String::new();
    for board in &report.initialise {
        let _ = writeln!(text, "would initialise {board}");
    }
    for step in &report.steps {
        if step.wait_s > 0.0 {
            let _ = writeln!(text, "would wait {} s", step.wait_s);
        }
        let nodes = step.nodes.join(" ");
        let _ = match step.shut_down {
            true => writeln!(text, "would shut down {nodes}; each goes off once it has halted"),
            false => writeln!(text, "would switch {} {nodes}", action(step.action)),
        };
    }
    if report.steps.is_empty() {
        text.push_str("no change\n");
    }
    text
}
