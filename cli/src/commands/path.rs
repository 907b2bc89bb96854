//! `path`: where on the USB nodes are.

use clap::Args;
use clusterhat::NodeSet;
use clusterhat::report::Report;

use crate::call::{Call, Done, Run};

#[derive(Debug, Args)]
pub(crate) struct Path {
    /// Nodes to show, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
}

impl Run for Path {
    fn name(&self) -> &'static str {
        "path"
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        Ok(call.open()?.usb_paths(&nodes)?.map(Report::Path))
    }
}
