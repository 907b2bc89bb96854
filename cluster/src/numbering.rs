//! Which node has which number, so that who was told it means the same node later.
//!
//! Nodes are numbered through all boards in their order. Where a board is pulled out or plugged in, the numbers of
//! the nodes behind it move, and what somebody has seen as p4 is p1.

use std::collections::BTreeMap;

use hat_driver::linux::{BoardModel, Node};
use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::error::Error;
use crate::nodes::{NodeSet, label};

/// The nodes by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbering(BTreeMap<u32, Place>);

/// Where a node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// A ClusterCTRL board is known by its order, wherever it is plugged in, a HAT by its bus and address.
    board: String,
    position: u8,
}

impl Numbering {
    /// Whether a number is the same node's in both, as far as both know.
    pub(crate) fn agrees(&self, other: &Self, number: u32) -> bool {
        match (self.0.get(&number), other.0.get(&number)) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }

    /// The board that a node is on, if that is known.
    pub(crate) fn board(&self, number: u32) -> Option<&str> {
        self.0.get(&number).map(|place| &*place.board)
    }

    /// Takes over a number of another.
    pub(crate) fn add(&mut self, other: &Self, number: u32) {
        self.0.extend(other.0.get(&number).map(|place| (number, place.clone())));
    }

    pub(crate) fn remove(&mut self, number: u32) {
        self.0.remove(&number);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Cluster {
    /// As it is now, without nodes whose numbers are uncertain.
    #[must_use]
    pub fn numbering(&self) -> Numbering {
        let all = self.driver.nodes();
        Numbering(all.filter_map(|node| Some((node.number(), self.place(node)?))).collect())
    }

    /// Refuses nodes of a set that have got the numbers of others. Numbers that nothing had before are nobody else's, and who
    /// means all nodes means those that there are.
    ///
    /// # Errors
    /// [`Error::Renumbered`]; [`Error::Nodes`] as in [`Self::nodes`].
    pub fn check_numbering(&self, before: &Numbering, set: &NodeSet) -> Result<(), Error> {
        if set.is_all() {
            return Ok(());
        }
        let now = self.numbering();
        let is_other = |node: &Node| !before.agrees(&now, node.number());
        let others: Vec<_> = self.nodes(set)?.into_iter().filter(is_other).map(label).collect();
        if others.is_empty() { Ok(()) } else { Err(Error::Renumbered(others)) }
    }

    /// Where a node is, in one word; `None` where its number is uncertain.
    pub(crate) fn place_name(&self, node: Node) -> Option<String> {
        let Place { board, position } = self.place(node)?;
        Some(format!("{}/{}", board.replace(' ', ":"), position + 1))
    }

    fn place(&self, node: Node) -> Option<Place> {
        let info = self.driver.info(node.board()).ok()?;
        let board = match info.model {
            BoardModel::Ctrl { order, .. } => format!("ctrl{order}"),
            _ => info.place(),
        };
        let is_certain = self.driver.is_certain(node.board());
        is_certain.then(|| Place { board, position: node.position() })
    }
}

#[cfg(test)]
mod tests {
    use clusterhat_tests::command::World;

    use super::*;
    use crate::controller::Options;

    #[test]
    fn numbers_that_moved_are_told_and_new_ones_are_not() {
        let world = World::builtin("mixed");
        let open = || Options::of_file(&world.path()).cluster();
        let before = open().numbering();
        let nodes = |words: &[&str]| NodeSet::parse(words).unwrap();
        assert!(open().check_numbering(&before, &nodes(&["p1..p9"])).is_ok());

        let mut value = world.read();
        let triple = value["chips"].as_object_mut().unwrap().remove("11").unwrap();
        world.write(&value);
        let error = open().check_numbering(&before, &nodes(&["p1..p6"])).unwrap_err();
        assert!(matches!(&error, Error::Renumbered(nodes) if *nodes == ["p5", "p6"]), "{error}");
        assert!(open().check_numbering(&before, &nodes(&["p1..p4"])).is_ok());
        assert!(open().check_numbering(&before, &nodes(&[])).is_ok());
        let without = open().numbering();

        // Another board in its place on the USB is another one.
        let phat = value["chips"].as_object_mut().unwrap().remove("12").unwrap();
        value["chips"].as_object_mut().unwrap().insert("11".to_owned(), phat.clone());
        world.write(&value);
        let error = open().check_numbering(&before, &nodes(&["p5"])).unwrap_err();
        assert!(matches!(&error, Error::Renumbered(nodes) if *nodes == ["p5"]), "{error}");
        let chips = value["chips"].as_object_mut().unwrap();
        chips.remove("11");
        chips.insert("12".to_owned(), phat);

        // The same board, wherever it is plugged in.
        value["chips"].as_object_mut().unwrap().insert("13".to_owned(), triple);
        world.write(&value);
        assert!(open().check_numbering(&before, &nodes(&["p1..p9"])).is_ok());
        assert!(open().check_numbering(&without, &nodes(&["p7..p9"])).is_ok(), "nothing had these");
    }
}
