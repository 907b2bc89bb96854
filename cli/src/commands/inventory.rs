//! `inventory`: the nodes for other programs.

use clap::Args;
use clusterhat::report::Report;
use clusterhat::{NodeSet, System};

use crate::call::{Call, Done, Run};
use crate::render;
use crate::render::inventory::Format;

#[derive(Debug, Args)]
pub(crate) struct Inventory {
    /// Nodes to print, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
    /// The output format
    #[arg(long, value_enum)]
    pub(crate) format: Format,
}

impl Run for Inventory {
    fn name(&self) -> &'static str {
        "inventory"
    }

    fn is_for_programs(&self) -> bool {
        self.format == Format::Json
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        // A simulated board has nodes without a network.
        let system = System::new(&call.options).ok();
        Ok(call.open()?.inventory(system.as_ref(), &nodes)?.map(Report::Inventory))
    }

    fn text(&self, report: &Report) -> String {
        match report {
            Report::Inventory(report) => render::inventory::render(report, self.format),
            report => render::text::render(report),
        }
    }
}
