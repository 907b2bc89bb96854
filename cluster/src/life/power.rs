//! Which nodes have power: read from their boards when the record of power switching changes.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use hat_driver::linux::{BoardReading, Cluster as Driver, ClusterError, Node, Resource};

use super::Event;
use crate::file_watch::FileWatch;

/// The power of nodes. Every process that switches writes to the record, before and after each node that it switches on, and
/// before it switches nodes off ([`hat_driver::linux::rules`]); boards are not polled in between.
pub(crate) struct Power {
    driver: Driver,
    nodes: Vec<(Node, Position)>,
    record: Record,
}

/// A node of a board, wherever that board is plugged in.
#[derive(Debug, PartialEq, Eq)]
struct Position {
    board: String,
    position: u8,
}

impl Power {
    /// Of these nodes of a cluster.
    pub(crate) fn new(driver: &Driver, nodes: &[Node]) -> io::Result<Self> {
        // First, so that no change after the first reading is missed.
        let record = Record::watch(&driver.platform().lock_path(Resource::Record)?)?;
        let position = |&node: &Node| {
            let board = driver.info(node.board()).ok()?.name.clone();
            Some((node, Position { board, position: node.position() }))
        };
        let nodes = nodes.iter().filter_map(position).collect();
        let driver = driver.open_again().map_err(io::Error::other)?;
        Ok(Self { driver, nodes, record })
    }

    /// Becomes readable when the record changes.
    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.record.watch.as_fd()
    }

    /// Whether the record has changed since the last call.
    pub(crate) fn has_changed(&self) -> io::Result<bool> {
        self.record.has_changed()
    }

    /// Looks for boards that came or went.
    pub(crate) fn rescan(&mut self) {
        // What cannot be found is gone, and told by reading.
        let _ = self.driver.rescan();
    }

    /// The power of every node.
    pub(crate) fn read(&mut self) -> Vec<(Node, Event)> {
        let boards = self.driver.boards().map(|(board, info)| (board, info.name.clone()));
        let boards: Vec<_> = boards.collect();
        let mut events = Vec::new();
        for &(node, ref position) in &self.nodes {
            if !boards.iter().any(|(_, name)| *name == position.board) {
                events.push((node, Event::BoardGone));
            }
        }
        for (board, name) in boards {
            let nodes = self.nodes.iter().filter(|(_, position)| position.board == name);
            let mut nodes = nodes.peekable();
            if nodes.peek().is_none() {
                continue;
            }
            let reading = match self.driver.settled_status(board) {
                Err(ClusterError::Locked { .. }) => self.driver.status(board),
                reading => reading,
            };
            let of = |position| reading.as_ref().map_or(Event::BoardGone, |is| event(is, position));
            events.extend(nodes.map(|(node, at)| (*node, of(at.position))));
        }
        events
    }

    /// Where a node is on the USB, as its board tells or as it can be found.
    pub(crate) fn usb_path(&mut self, node: Node) -> Option<String> {
        let (_, wanted) = self.nodes.iter().find(|(known, _)| *known == node)?;
        let mut boards = self.driver.boards();
        let (board, _) = boards.find(|(_, info)| info.name == wanted.board)?;
        drop(boards);
        let node = self.driver.node_at(board, wanted.position)?;
        self.driver.usb_path(node).ok().flatten()
    }
}

/// What a board's reading says of the node at a position.
pub(super) fn event(reading: &BoardReading, position: u8) -> Event {
    match reading {
        reading if reading.absent().has(position) => Event::BoardGone,
        reading if reading.seen().has(position) => Event::PowerOn,
        _ => Event::PowerOff,
    }
}

/// The record's file, which is changed in place. Its folder is watched, because it may not be there yet.
struct Record {
    watch: FileWatch,
    name: OsString,
}

impl Record {
    fn watch(path: &Path) -> io::Result<Self> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        // Who switches makes it, too.
        if !folder.exists() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(Self { watch: FileWatch::of_contents(Some(folder))?, name: name.to_owned() })
    }

    fn has_changed(&self) -> io::Result<bool> {
        let mut has_changed = false;
        // Where changes were lost, this may be among them.
        self.watch.take(|name| has_changed |= name.is_none_or(|name| name == self.name))?;
        Ok(has_changed)
    }
}

#[cfg(test)]
mod tests;
