//! What was restored, for people.

use clusterhat::report::{RestoreNode, RestoreReport};

use super::table::{Cell, Tone, cell, plain, table};
use super::words::{action, initialised};

pub(super) fn render(report: &RestoreReport) -> String {
    let rows: Vec<_> = report.nodes.iter().map(|node| row(node, report.dry_run)).collect();
    let head = ["NODE", "NAME", "AT BOOT", "LAST", "RESTORE", "WHY"];
    format!("{}{}", initialised(&report.initialised), table(&head, &rows))
}

fn row(node: &RestoreNode, dry_run: bool) -> Vec<Cell> {
    let power = |power| action(power).to_owned();
    let restore = match node.action {
        None => plain("-"),
        Some(action) if dry_run => plain(format!("would switch {}", power(action))),
        Some(action) if node.done => cell(power(action), Tone::Good),
        Some(action) => cell(format!("not {}", power(action)), Tone::Bad),
    };
    vec![
        plain(&node.node),
        plain(node.name.clone().unwrap_or_default()),
        plain(node.at_boot.to_string()),
        plain(node.last.map_or("-".to_owned(), power)),
        restore,
        plain(node.why.to_string()),
    ]
}
