//! What callers ask of nodes, as the record tells it.

use super::cluster::Cluster;
use super::handle::Node;
use super::ledger::Ledger;
use super::platform::Platform;
use crate::positions::Positions;

/// What was asked of nodes up to a moment, by any caller.
#[derive(Clone, Debug)]
pub struct AsksSoFar(pub(super) Option<Ledger>);

impl Cluster {
    /// What was asked of the nodes up to now, for [`Self::switch_since`].
    #[must_use]
    pub fn asks_so_far(&self) -> AsksSoFar {
        AsksSoFar(read(&*self.platform))
    }

    /// Those of the nodes that somebody has asked to be on since then.
    #[must_use]
    pub fn wanted_since(&self, nodes: &[Node], since: &AsksSoFar) -> Vec<Node> {
        let Some(now) = read(&*self.platform) else { return Vec::new() };
        let wanted = self.asked(nodes).into_iter().flat_map(|mut asked| {
            asked.note(since.0.as_ref());
            asked.first.all_beside(asked.wanted(&now)).collect::<Vec<_>>()
        });
        wanted.collect()
    }

    /// Whether somebody has asked for a node to be on or to be off since then.
    #[must_use]
    pub fn is_asked_since(&self, node: Node, since: &AsksSoFar) -> bool {
        let Some(now) = read(&*self.platform) else { return false };
        self.asked(&[node]).into_iter().any(|mut asked| {
            asked.note(since.0.as_ref());
            !asked.wanted(&now).union(asked.withdrawn(&now)).is_empty()
        })
    }

    /// Whether a node's system has accepted to shut down since the node went on last, as far as the record tells:
    /// it goes down, or has. It needs a power cycle to start again.
    #[must_use]
    pub fn is_going_down(&self, node: Node) -> bool {
        let (Some(ledger), Some(place)) = (read(&*self.platform), self.recorded_as(node)) else {
            return false;
        };
        ledger.asks(&place).of(node.position()).is_going_down
    }

    /// Records that a node's system has accepted to shut down, or that it did not. Where that cannot be recorded,
    /// others do not get to know.
    pub fn set_going_down(&self, node: Node, is_going_down: bool) {
        let Some(place) = self.recorded_as(node) else { return };
        let nodes = Positions::one(node.position());
        let _ = change(&*self.platform, |ledger| ledger.going_down(&place, nodes, is_going_down));
    }

    /// Records that a node's system has accepted to shut down, unless somebody has asked for the node to be off since then: its
    /// power went in the middle of that, and what runs now is another start of it.
    pub fn set_going_down_since(&self, node: Node, since: &AsksSoFar) {
        let nodes = Positions::one(node.position());
        for mut asked in self.asked(&[node]) {
            asked.note(since.0.as_ref());
            let _ = change(&*self.platform, |ledger| {
                if asked.withdrawn(ledger).is_empty() {
                    ledger.going_down(&asked.place, nodes, true);
                }
            });
        }
    }

    fn recorded_as(&self, node: Node) -> Option<String> {
        self.check_nodes(&[node]).ok()?;
        self.slot(node.board()).ok().map(|slot| self.slots[slot].recorded_as())
    }
}

/// The record; `None` where it cannot be read.
pub(super) fn read(platform: &dyn Platform) -> Option<Ledger> {
    let mut ledger = Ledger::default();
    let read = platform.record(&mut |text| {
        ledger = Ledger::parse(text);
        None
    });
    read.is_ok().then_some(ledger)
}

/// Changes the record.
pub(super) fn change(
    platform: &dyn Platform,
    mut change: impl FnMut(&mut Ledger),
) -> std::io::Result<()> {
    platform.record(&mut |text| {
        let mut ledger = Ledger::parse(text);
        change(&mut ledger);
        Some(ledger.to_string())
    })
}
