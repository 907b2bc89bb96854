//! The thread that asks the nodes' agents how they are, now and then, and the last hour of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use clusterhat::report::{TopNode, TopReport};
use clusterhat::telemetry::Gatherer;
use clusterhat::{Cluster, Controller, Error, NodeSet};
use schemars::JsonSchema;
use serde::Serialize;

use crate::access::tokens::unix_now;
use crate::boards::Boards;
use crate::events::{EventKind, Events};

/// How long a node's readings are kept.
const HISTORY: Duration = Duration::from_secs(3600);

/// How long agents that push are listened to in a round.
const LISTEN: Duration = Duration::from_secs(2);

/// A node at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Sample {
    /// Seconds since 1970-01-01 UTC.
    pub at: u64,
    /// Degrees Celsius.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<f32>,
    /// Runnable tasks on average over a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<f32>,
    /// How much of the memory is in use, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<f32>,
}

#[derive(Default)]
struct Kept {
    latest: Option<Arc<TopReport>>,
    taken: u64,
    history: BTreeMap<String, VecDeque<Sample>>,
}

/// What agents said.
pub struct Telemetry {
    interval: Mutex<Duration>,
    kept: Mutex<Kept>,
}

impl Telemetry {
    /// Starts the thread, which asks once in each interval.
    ///
    /// # Errors
    /// Where the kernel gives no thread.
    pub fn start(boards: Boards, events: Arc<Events>, interval: Duration) -> io::Result<Arc<Self>> {
        let telemetry = Arc::new(Self { interval: Mutex::new(interval), kept: Mutex::default() });
        let own = Arc::clone(&telemetry);
        let work = move || {
            let mut asking = Asking { boards, events, reached: BTreeSet::new(), opened: None };
            loop {
                let begun = Instant::now();
                if let Ok(report) = asking.round() {
                    own.take(report, unix_now());
                } else {
                    asking.opened = None;
                }
                thread::sleep(own.interval().saturating_sub(begun.elapsed()));
            }
        };
        thread::Builder::new().name("telemetry".to_owned()).spawn(work)?;
        Ok(telemetry)
    }

    /// How often agents are asked.
    #[must_use]
    pub fn interval(&self) -> Duration {
        *self.interval.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets how often agents are asked.
    pub fn set_interval(&self, interval: Duration) {
        *self.interval.lock().unwrap_or_else(PoisonError::into_inner) = interval;
    }

    /// What agents said last, and when that was, in seconds since 1970-01-01 UTC; absent until the first round is over.
    #[must_use]
    pub fn latest(&self) -> Option<(Arc<TopReport>, u64)> {
        let kept = self.kept();
        Some((kept.latest.clone()?, kept.taken))
    }

    /// The last hour of a node, the oldest first.
    #[must_use]
    pub fn history(&self, node: &str) -> Vec<Sample> {
        self.kept().history.get(node).map_or_else(Vec::new, |all| all.iter().copied().collect())
    }

    /// Keeps what was said at a moment. A clock that was set back leaves nothing of what was a later moment by it.
    fn take(&self, report: TopReport, now: u64) {
        let mut kept = self.kept();
        let nodes: BTreeSet<_> = report.nodes.iter().map(|row| &*row.node).collect();
        kept.history.retain(|node, _| nodes.contains(&**node));
        for row in &report.nodes {
            let Some(sample) = sample(row, now) else { continue };
            let history = kept.history.entry(row.node.clone()).or_default();
            while history.back().is_some_and(|old| old.at > now) {
                history.pop_back();
            }
            history.push_back(sample);
            while history.front().is_some_and(|old| old.at + HISTORY.as_secs() < now) {
                history.pop_front();
            }
        }
        kept.taken = now;
        kept.latest = Some(Arc::new(report));
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "half the memory is worth the digits")]
fn sample(row: &TopNode, at: u64) -> Option<Sample> {
    let said = row.telemetry.as_ref()?;
    let memory = said.memory.filter(|memory| memory.total_kib > 0).map(|memory| {
        1.0 - memory.available_kib.min(memory.total_kib) as f32 / memory.total_kib as f32
    });
    Some(Sample {
        at,
        temperature_c: said.temperature_c.map(|celsius| celsius as f32),
        load: said.load.map(|load| load[0] as f32),
        memory,
    })
}

/// The thread's own.
struct Asking {
    boards: Boards,
    events: Arc<Events>,
    reached: BTreeSet<String>,
    opened: Option<(Cluster, Gatherer, u64)>,
}

impl Asking {
    fn round(&mut self) -> Result<TopReport, Error> {
        let generation = self.boards.generation();
        let (cluster, gatherer) = match &mut self.opened {
            Some((cluster, gatherer, of)) if *of == generation => (cluster, gatherer),
            opened => {
                let cluster = Controller::new(&self.boards.options())?.open()?;
                let (cluster, gatherer, _) =
                    opened.insert((cluster, Gatherer::default(), generation));
                (cluster, gatherer)
            }
        };
        let all = NodeSet::parse::<&str>(&[])?;
        let report = gatherer.round(cluster, &all, Instant::now() + LISTEN)?.report;
        self.tell(&report);
        Ok(report)
    }

    fn tell(&mut self, report: &TopReport) {
        let reached = |row: &&TopNode| row.transport.is_some();
        let now: BTreeSet<_> =
            report.nodes.iter().filter(reached).map(|row| row.node.clone()).collect();
        for (node, reached) in now
            .difference(&self.reached)
            .map(|node| (node, true))
            .chain(self.reached.difference(&now).map(|node| (node, false)))
        {
            self.events.tell(EventKind::Agent { node: node.clone(), reached });
        }
        self.reached = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> TopReport {
        let node = TopNode {
            node: "p1".to_owned(),
            name: None,
            state: None,
            transport: None,
            simulated: true,
            telemetry: serde_json::from_str("{}").expect("it may say nothing"),
            no_agent: Vec::new(),
            error: None,
        };
        TopReport { nodes: vec![node], ..TopReport::default() }
    }

    /// Seen: after a clock was set back by a year, nothing was forgotten for a year.
    #[test]
    fn an_hour_is_kept_whichever_way_the_clock_is_set() {
        let telemetry = Telemetry { interval: Mutex::default(), kept: Mutex::default() };
        let kept = || telemetry.history("p1").iter().map(|sample| sample.at).collect::<Vec<_>>();
        for now in [10_000, 10_010, 500, 510] {
            telemetry.take(report(), now);
        }
        assert_eq!(kept(), [500, 510]);
        for now in [3700, 4105, 900_000] {
            telemetry.take(report(), now);
            assert_eq!(kept().last(), Some(&now));
        }
        assert_eq!(kept(), [900_000]);
    }
}
