//! Which nodes would lose something with their power.

use hat_driver::linux::Node;

use crate::cluster::Cluster;
use crate::error::Error;
use crate::life::State;
use crate::nodes::NodeSet;

/// Nodes that would lose something with their power.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Running {
    /// Their system is up: their gadget is on the USB, with a link or without.
    pub seen: Vec<Node>,
    /// They have power, and nobody can see whether they run: the USB hub of their board is off.
    pub hidden: Vec<Node>,
}

impl Cluster {
    /// The nodes whose system is up, by what the kernel sees of them, or may be. An empty set means all nodes. Asks no node.
    ///
    /// # Errors
    /// [`Error::Nodes`]; [`Error::Events`] where the kernel cannot be asked.
    pub fn running(&mut self, set: &NodeSet) -> Result<Running, Error> {
        let watch = self.follow_kernel(set)?;
        let of = |is: fn(State) -> bool| -> Vec<Node> {
            let nodes = watch.states().iter().filter(|node| is(node.state));
            nodes.map(|node| node.node).collect()
        };
        let seen = of(|state| (State::Enumerated..=State::Agent).contains(&state));
        let unseen = of(|state| matches!(state, State::Powered | State::Failed));
        Ok(Running { seen, hidden: self.behind_hub_off(&unseen) })
    }
}
