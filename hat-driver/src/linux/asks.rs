//! What callers ask of nodes, as the record tells it.

use super::cluster::Cluster;
use super::error::ClusterError;
use super::handle::Node;
use super::ledger::{Ledger, NodeAsks, WayDown, change, read};
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
    /// it goes down, or has. It needs a power cycle to start again. Programs that switch nodes without a record leave that behind
    /// on a node that they start anew: by itself it does not say that a node has halted.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn is_going_down(&self, node: Node) -> Result<bool, ClusterError> {
        Ok(self.recorded(node)?.is_some_and(|asks| asks.way_down == WayDown::Going))
    }

    /// Whether the hub of a node's board was switched off while the node went down: whether it is on the USB does not tell
    /// then whether it has halted.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn is_hidden(&self, node: Node) -> Result<bool, ClusterError> {
        Ok(self.recorded(node)?.is_some_and(|asks| asks.way_down == WayDown::Hidden))
    }

    /// Whether somebody has cut a node's power since then as it had halted ([`Self::switch_since`]).
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn has_ended_since(&self, node: Node, since: &AsksSoFar) -> Result<bool, ClusterError> {
        let place = self.recorded_as(node)?;
        let before = since.0.as_ref().map(|before| before.asks(&place).of(node.position()));
        let has_ended = |(now, before): (NodeAsks, NodeAsks)| {
            now.way_down == WayDown::Ended && now.off != before.off
        };
        Ok(self.recorded(node)?.zip(before).is_some_and(has_ended))
    }

    /// Records that a node's system has accepted to shut down, or that it did not. Where that cannot be recorded,
    /// others do not get to know.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn set_going_down(&self, node: Node, is_going_down: bool) -> Result<(), ClusterError> {
        let place = self.recorded_as(node)?;
        let nodes = Positions::one(node.position());
        let _ = change(&*self.platform, |ledger| match is_going_down {
            true => ledger.goes_down(&place, nodes),
            false => ledger.stays_up(&place, nodes),
        });
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
                    ledger.goes_down(&asked.place, nodes);
                }
            });
        }
        Ok(())
    }

    /// What the record says of a node; `None` where it cannot be read.
    fn recorded(&self, node: Node) -> Result<Option<NodeAsks>, ClusterError> {
        let place = self.recorded_as(node)?;
        Ok(read(&*self.platform).map(|ledger| ledger.asks(&place).of(node.position())))
    }

    fn recorded_as(&self, node: Node) -> Result<String, ClusterError> {
        self.check_nodes(&[node])?;
        Ok(self.slots[self.slot(node.board())?].recorded_as())
    }
}
