//! systemd's failed units.

use std::time::{Duration, Instant};

use node_link::agent::{LIST_LIMIT, Printable};

use crate::agent::process::output;

/// How long an answer holds: asking takes a process, which is a lot on a Zero.
const FRESH: Duration = Duration::from_secs(60);

/// Asks systemd, and not again at once.
#[derive(Default)]
pub(in crate::agent) struct UnitsReader {
    last: Option<(Instant, Vec<Printable>)>,
}

impl UnitsReader {
    /// `None` where systemd does not answer.
    pub(super) fn failed(&mut self) -> Option<Vec<Printable>> {
        if let Some((at, units)) = &self.last {
            if at.elapsed() < FRESH {
                return Some(units.clone());
            }
        }
        let text = output(
            "systemctl",
            &["list-units", "--state=failed", "--no-legend", "--plain", "--full"],
        );
        let units = parse(&text.ok()?);
        self.last = Some((Instant::now(), units.clone()));
        Some(units)
    }
}

/// A line is the unit and its states.
pub(super) fn parse(text: &str) -> Vec<Printable> {
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    names.take(LIST_LIMIT).map(Printable::new).collect()
}
