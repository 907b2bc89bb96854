//! The content of the file, and how boards are identified in it.

use std::collections::BTreeMap;

use hat_driver::Positions;
use hat_driver::linux::{BoardInfo, BoardModel};
use hat_driver::power::Action;
use serde::{Deserialize, Serialize};

/// Incremented when the meaning of a key changes.
const VERSION: u32 = 1;

/// Consecutive starts that may be cut short before nodes stay off.
const MOST_CUT_SHORT: u32 = 2;

/// Positions of nodes on a board, as printed on it.
const PLACES: std::ops::RangeInclusive<u8> = 1..=32;

/// The whole file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Document {
    version: u32,
    boards: Vec<BoardEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<Start>,
}

/// One board's nodes, by the numbers that are printed beside them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct BoardEntry {
    #[serde(flatten)]
    id: BoardId,
    nodes: BTreeMap<u8, NodeEntry>,
}

/// The identity of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BoardId {
    /// The chip's bus and address, the GPIO lines, or a ClusterCTRL board's order.
    place: String,
    /// The EEPROM's, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct NodeEntry {
    /// The power that was last requested; absent if it was never switched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on: Option<bool>,
    /// Whether it is still to be restored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    due: bool,
    /// How many requests it has had: it tells a request from a later one for the same power.
    #[serde(default, skip_serializing_if = "is_zero")]
    requests: u32,
}

/// A start of nodes after a loss of power.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Start {
    /// The boot in which it is under way; absent where it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boot: Option<String>,
    /// How many starts in a row were cut short by under-voltage or another loss of power.
    cut_short: u32,
}

const fn is_zero(requests: &u32) -> bool {
    *requests == 0
}

impl NodeEntry {
    /// As the next request leaves it.
    const fn requested(self, on: bool, due: bool) -> Self {
        Self { on: Some(on), due, requests: self.requests.wrapping_add(1) }
    }
}

impl Default for Document {
    fn default() -> Self {
        Self { version: VERSION, boards: Vec::new(), start: None }
    }
}

impl BoardId {
    pub(crate) fn of(info: &BoardInfo) -> Self {
        let place = match info.model {
            BoardModel::Ctrl { order, .. } => format!("ctrl:{order}"),
            _ => info.place().replace(' ', ":"),
        };
        // An EEPROM that was written without one has zeros.
        let is_uuid = |uuid: &String| uuid.chars().any(|c| c != '0' && c != '-');
        let uuid = info.eeprom.as_ref().and_then(|eeprom| eeprom.uuid.clone()).filter(is_uuid);
        Self { place, uuid }
    }

    /// Where both have an EEPROM it decides, wherever the board is plugged in; else the place does.
    fn is(&self, other: &Self) -> bool {
        match (&self.uuid, &other.uuid) {
            (Some(one), Some(other)) => one == other,
            _ => self.place == other.place,
        }
    }
}

impl Document {
    /// Reads the file's text.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let document: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if document.version != VERSION {
            return Err(format!("version {}, where {VERSION} is expected", document.version));
        }
        let places = document.boards.iter().flat_map(|board| board.nodes.keys());
        match places.copied().find(|place| !PLACES.contains(place)) {
            Some(place) => Err(format!("no board has a node {place}")),
            None => Ok(document),
        }
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let mut bytes = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The power that was last requested for a node.
    pub(crate) fn last(&self, board: &BoardId, position: u8) -> Option<Action> {
        let on = self.node(board, position)?.on?;
        Some(if on { Action::On } else { Action::Off })
    }

    /// Whether a node is still to be restored.
    pub(crate) fn is_due(&self, board: &BoardId, position: u8) -> bool {
        self.node(board, position).is_some_and(|node| node.due)
    }

    /// Records a request, after which the nodes are not due to be restored.
    pub(crate) fn ask(&mut self, board: &BoardId, nodes: Positions, action: Action) {
        for node in self.nodes_mut(board, nodes) {
            *node = node.requested(action == Action::On, false);
        }
    }

    /// Whether another request has changed a node's entry since the one that found the document as `before`, be it for
    /// the same power.
    pub(crate) fn is_asked_since(&self, board: &BoardId, position: u8, before: &Self) -> bool {
        let requests =
            |document: &Self| document.node(board, position).unwrap_or_default().requests;
        requests(self) != requests(before).wrapping_add(1)
    }

    /// Reverts a node's entry to `before`, as its request found it, unless another one has changed it since.
    pub(crate) fn take_back(&mut self, board: &BoardId, position: u8, before: &Self) {
        if !self.is_asked_since(board, position, before) {
            let old = before.node(board, position).unwrap_or_default();
            for node in self.nodes_mut(board, Positions::one(position)) {
                *node = old;
            }
        }
    }

    /// These nodes are to be restored, or not any more.
    pub(crate) fn set_due(&mut self, board: &BoardId, nodes: Positions, due: bool) {
        self.nodes_mut(board, nodes).for_each(|node| node.due = due);
    }

    /// These nodes were on, and are to be restored as that.
    pub(crate) fn set_due_on(&mut self, board: &BoardId, nodes: Positions) {
        if !nodes.is_empty() {
            self.nodes_mut(board, nodes).for_each(|node| *node = node.requested(true, true));
        }
    }

    /// A start of nodes begins. One that another boot had begun did not come to its end.
    pub(crate) fn begin_start(&mut self, boot: &str) {
        let cut_short = self.cut_short(boot);
        self.start = Some(Start { boot: Some(boot.to_owned()), cut_short });
    }

    /// How many starts in a row were cut short, seen from this boot.
    pub(crate) fn cut_short(&self, boot: &str) -> u32 {
        let Some(start) = &self.start else { return 0 };
        let by_power_loss = start.boot.as_deref().is_some_and(|of| of != boot);
        start.cut_short.saturating_add(by_power_loss.into())
    }

    /// Whether so many were cut short that the supply has to be looked at first.
    pub(crate) fn is_boot_loop(&self, boot: &str) -> bool {
        self.cut_short(boot) >= MOST_CUT_SHORT
    }

    /// The start has ended: well, or by under-voltage.
    pub(crate) fn end_start(&mut self, under_voltage: bool) {
        let cut_short = self.start.take().map_or(0, |start| start.cut_short).saturating_add(1);
        self.start = under_voltage.then_some(Start { boot: None, cut_short });
    }

    /// The supply was looked at: starts are counted anew.
    pub(crate) fn forget_starts(&mut self) {
        self.start = None;
    }

    fn node(&self, board: &BoardId, position: u8) -> Option<NodeEntry> {
        let entry = self.boards.iter().find(|entry| entry.id.is(board))?;
        entry.nodes.get(&(position + 1)).copied()
    }

    fn nodes_mut(
        &mut self,
        board: &BoardId,
        nodes: Positions,
    ) -> impl Iterator<Item = &mut NodeEntry> {
        let index = self.boards.iter().position(|entry| entry.id.is(board)).unwrap_or_else(|| {
            // Another board was there before.
            self.boards.retain(|entry| entry.id.place != board.place);
            self.boards.push(BoardEntry { id: board.clone(), nodes: BTreeMap::new() });
            self.boards.len() - 1
        });
        let entry = &mut self.boards[index];
        entry.id = board.clone();
        for position in nodes.iter() {
            entry.nodes.entry(position + 1).or_default();
        }
        let asked = move |place: &u8| nodes.has(place - 1);
        entry.nodes.iter_mut().filter(move |(place, _)| asked(place)).map(|(_, node)| node)
    }
}

#[cfg(test)]
mod tests;
