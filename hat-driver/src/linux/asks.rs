//! What callers ask of nodes, as the record tells it.

use super::cluster::Cluster;
use super::error::ClusterError;
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
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn wanted_since(
        &self,
        nodes: &[Node],
        since: &AsksSoFar,
    ) -> Result<Vec<Node>, ClusterError> {
        self.check_nodes(nodes)?;
        let Some(now) = read(&*self.platform) else { return Ok(Vec::new()) };
        let wanted = self.asked(nodes).into_iter().flat_map(|mut asked| {
            asked.note(since.0.as_ref());
            asked.first.all_beside(asked.wanted(&now)).collect::<Vec<_>>()
        });
        Ok(wanted.collect())
    }

    /// Whether somebody has asked for a node to be on or to be off since then.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn is_asked_since(&self, node: Node, since: &AsksSoFar) -> Result<bool, ClusterError> {
        self.check_nodes(&[node])?;
        let Some(now) = read(&*self.platform) else { return Ok(false) };
        Ok(self.asked(&[node]).into_iter().any(|mut asked| {
            asked.note(since.0.as_ref());
            !asked.wanted(&now).union(asked.withdrawn(&now)).is_empty()
        }))
    }

    /// Whether a node's system has accepted to shut down since the node went on last, as far as the record tells:
    /// it goes down, or has. It needs a power cycle to start again.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn is_going_down(&self, node: Node) -> Result<bool, ClusterError> {
        let place = self.recorded_as(node)?;
        let ledger = read(&*self.platform);
        Ok(ledger.is_some_and(|ledger| ledger.asks(&place).of(node.position()).is_going_down))
    }

    /// Records that a node's system has accepted to shut down, or that it did not. Where that cannot be recorded,
    /// others do not get to know.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn set_going_down(&self, node: Node, is_going_down: bool) -> Result<(), ClusterError> {
        let place = self.recorded_as(node)?;
        let nodes = Positions::one(node.position());
        let _ = change(&*self.platform, |ledger| ledger.going_down(&place, nodes, is_going_down));
        Ok(())
    }

    /// Records that a node's system has accepted to shut down, unless somebody has asked for the node to be off since then: its
    /// power went in the middle of that, and what runs now is another start of it.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn set_going_down_since(&self, node: Node, since: &AsksSoFar) -> Result<(), ClusterError> {
        self.check_nodes(&[node])?;
        let nodes = Positions::one(node.position());
        for mut asked in self.asked(&[node]) {
            asked.note(since.0.as_ref());
            let _ = change(&*self.platform, |ledger| {
                if asked.withdrawn(ledger).is_empty() {
                    ledger.going_down(&asked.place, nodes, true);
                }
            });
        }
        Ok(())
    }

    fn recorded_as(&self, node: Node) -> Result<String, ClusterError> {
        self.check_nodes(&[node])?;
        Ok(self.slots[self.slot(node.board())?].recorded_as())
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
