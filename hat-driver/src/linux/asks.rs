//! What callers ask of nodes, as the record tells it.

use super::cluster::Cluster;
use super::error::ClusterError;
use super::handle::Node;
use super::ledger::{Ledger, NodeAsks, WayDown, change, read};
use crate::positions::Positions;
use crate::power::Action;

/// What was asked of nodes up to a moment, by any caller.
#[derive(Clone, Debug)]
pub struct AsksSoFar {
    /// Absent where the record could not be read.
    pub(super) ledger: Option<Ledger>,
    /// Whether whoever remembers it has asked for nodes to be on then.
    pub(super) has_asked_on: bool,
}

impl Cluster {
    /// What was asked of the nodes up to now, for [`Self::switch_since`] and [`Self::end_since`].
    #[must_use]
    pub fn asks_so_far(&self) -> AsksSoFar {
        AsksSoFar { ledger: read(&*self.platform), has_asked_on: false }
    }

    /// Asks for nodes to be on, or tells that they are about to be off, as from now on: for a caller that has something to do
    /// before it switches them, by [`Self::switch_since`] or [`Self::cycle_since`]. What others ask from here on comes later.
    /// A caller that ends without that calls [`Self::take_back`].
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn ask(&self, nodes: &[Node], action: Action) -> Result<AsksSoFar, ClusterError> {
        self.check_nodes(nodes)?;
        let mut before = None;
        let noted = change(&*self.platform, |ledger| {
            before = Some(ledger.clone());
            for asked in self.asked(nodes) {
                match action {
                    Action::On => ledger.ask_on(&asked.place, asked.nodes),
                    Action::Off => ledger.announce_off(&asked.place, asked.nodes),
                }
            }
        });
        let has_asked_on = action == Action::On && noted.is_ok();
        Ok(AsksSoFar { ledger: before, has_asked_on })
    }

    /// Tells that nodes are not about to be off any more, as [`Self::ask`] has told: once for each such call. What others have
    /// told of them stays.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn take_back(&self, nodes: &[Node]) -> Result<(), ClusterError> {
        self.check_nodes(nodes)?;
        let _ = change(&*self.platform, |ledger| {
            for asked in self.asked(nodes) {
                ledger.take_back_off(&asked.place, asked.nodes);
            }
        });
        Ok(())
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
            asked.note(since.ledger.as_ref());
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
            asked.note(since.ledger.as_ref());
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
        Ok(self.recorded(node)?.is_some_and(|asks| matches!(asks.way_down, WayDown::Going { .. })))
    }

    /// Whether a node goes down ([`Self::is_going_down`]), and its system has accepted that no longer ago than 15 minutes. One that
    /// has accepted longer ago may have started again from within, which no record tells.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn is_halt_awaited(&self, node: Node) -> Result<bool, ClusterError> {
        let way_down = self.recorded(node)?.map(|asks| asks.way_down);
        Ok(way_down.is_some_and(|way_down| way_down.is_awaited(&self.platform.moment())))
    }

    /// Whether the hub of a node's board was switched off while the node went down: whether it is on the USB does not tell
    /// then whether it has halted.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn is_hidden(&self, node: Node) -> Result<bool, ClusterError> {
        Ok(self.recorded(node)?.is_some_and(|asks| asks.way_down == WayDown::Hidden))
    }

    /// Whether somebody has cut a node's power since then as it had halted ([`Self::end_since`]).
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn has_ended_since(&self, node: Node, since: &AsksSoFar) -> Result<bool, ClusterError> {
        let place = self.recorded_as(node)?;
        let before = since.ledger.as_ref();
        let before = before.map(|before| before.asks(&place).of(node.position()));
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
        let (nodes, now) = (Positions::one(node.position()), self.platform.moment());
        let _ = change(&*self.platform, |ledger| match is_going_down {
            true => ledger.goes_down(&place, nodes, &now),
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
        let (nodes, now) = (Positions::one(node.position()), self.platform.moment());
        for mut asked in self.asked(&[node]) {
            asked.note(since.ledger.as_ref());
            let _ = change(&*self.platform, |ledger| {
                if asked.withdrawn(ledger).is_empty() {
                    ledger.goes_down(&asked.place, nodes, &now);
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
