//! Which nodes would lose something with their power.

use hat_driver::linux::Node;

use crate::cluster::Cluster;
use crate::error::Error;
use crate::life::State;
use crate::nodes::NodeSet;

impl Cluster {
    /// The nodes whose system is up, by what the kernel sees of them: their gadget is on the USB, with a link or without. All for no
    /// words. Asks no node.
    ///
    /// # Errors
    /// [`Error::Nodes`]; [`Error::Events`] where the kernel cannot be asked.
    pub fn running(&mut self, set: &NodeSet) -> Result<Vec<Node>, Error> {
        let watch = self.follow_kernel(set)?;
        let is_up = |state| (State::Enumerated..=State::Agent).contains(&state);
        let running = watch.states().iter().filter(|node| is_up(node.state));
        Ok(running.map(|node| node.node).collect())
    }
}
