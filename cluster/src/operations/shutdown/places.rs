//! Whether the nodes that are asked, by their IDs, are those whose power is cut, by their positions.

use std::collections::BTreeMap;

use hat_driver::linux::Node;
use node_link::NodeId;

use super::course::Course;
use crate::cluster::Cluster;
use crate::life::Present;
use crate::misplaced::misplaced;
use crate::nodes::label;

/// The nodes that were seen in another place than their own, or another one in theirs, each with how that is told. Who has left the
/// USB is not forgotten: a system may still write then.
#[derive(Default)]
pub(super) struct Misplaced(BTreeMap<Node, String>);

impl Misplaced {
    /// Looks where the nodes' gadgets are now. A node whose place is not known is as good as in it; a simulation has no places.
    pub(super) fn look(&mut self, cluster: &mut Cluster, nodes: &[Node]) {
        let Some(present) = cluster.backend.root().map(Present::read) else { return };
        let gadgets: Vec<_> = present.gadgets().collect();
        if gadgets.is_empty() {
            // No board is asked in vain.
            return;
        }
        for &node in nodes {
            // What was seen first tells the most, as they may be leaving.
            if self.0.contains_key(&node) {
                continue;
            }
            // A board that cannot tell says so where it is switched.
            let Ok(Some(usb_path)) = cluster.usb_path(node) else { continue };
            let own = NodeId::from_number(node.number()).ok();
            let path_of =
                |id: NodeId| cluster.usb_path(cluster.driver.node(id.get().into())?).ok()?;
            if let Some(why) = misplaced(&label(node), own, &usb_path, &gadgets, path_of) {
                self.0.insert(node, why);
            }
        }
    }

    /// Ends the courses of those among these nodes. Returns the nodes.
    pub(super) fn refuse<'a>(&self, courses: impl Iterator<Item = &'a mut Course>) -> Vec<Node> {
        let refuse = |course: &mut Course| {
            course.misplace(self.0.get(&course.node)?);
            Some(course.node)
        };
        courses.filter_map(refuse).collect()
    }
}
