//! Opens watches of a cluster's nodes.

use super::agents::Agents;
use super::kernel::Kernel;
use super::power::Power;
use super::{Source, Watch};
use crate::backend::Backend;
use crate::cluster::Cluster;
use crate::error::Error;
use crate::nodes::NodeSet;
use crate::simulated::SimulatedSource;

impl Cluster {
    /// Follows nodes from their present state; an empty set means all. Later events are queued until the watch is read.
    /// The watch reads the boards through handles of its own. It listens to the nodes' agents on their serial ports,
    /// and releases a port as soon as another process opens it.
    ///
    /// # Errors
    /// [`Error::Nodes`]; [`Error::Events`] where the kernel's events cannot be received.
    pub fn follow(&mut self, set: &NodeSet) -> Result<Watch, Error> {
        self.follow_with(set, true)
    }

    /// Like [`Self::follow`], but with events of the kernel and the boards only: nothing is sent to the nodes.
    ///
    /// # Errors
    /// As [`Self::follow`].
    pub fn follow_kernel(&mut self, set: &NodeSet) -> Result<Watch, Error> {
        self.follow_with(set, false)
    }

    fn follow_with(&mut self, set: &NodeSet, hears_agents: bool) -> Result<Watch, Error> {
        let nodes = self.nodes(set)?;
        let source: Box<dyn Source> = match &self.backend {
            Backend::System { root } => {
                let power = Power::new(&self.driver, &nodes).map_err(Error::Events)?;
                let noted = || nodes.iter().filter_map(|&node| Some((node, self.note(node)?)));
                let agents = hears_agents.then(|| Agents::new(root, noted()));
                let agents = agents.transpose().map_err(Error::Events)?;
                let located = |(node, note)| (node, note, self.configured_usb_path(node));
                let nodes = noted().map(located).collect();
                let kernel = Kernel::new(root.clone(), nodes, power, agents);
                Box::new(kernel.map_err(Error::Events)?)
            }
            Backend::Simulation(_) => Box::new(SimulatedSource::new(self, &nodes)?),
        };
        Watch::new(&nodes, source)
    }
}
