//! `restore`: nodes as they were before a loss of power.

use clap::Args;
use clusterhat::report::Report;
use clusterhat::{NodeSet, Restore as Which};

use super::power::Stagger;
use crate::call::{Call, Done, Run};
use crate::watch::watched;

const AFTER_HELP: &str = "\
Nodes are restored once after their board has lost power, or after they were shut down with the controller \
(clusterhat-shutdown.service); a reboot of the controller alone changes nothing. --all --dry-run shows what a loss of power would lead to. at-boot in clusterhat.toml selects what becomes of each node: off, \
last, on, or keep (the default). After two consecutive starts that were cut short by under-voltage or another loss of \
power, nothing is switched on: check the supply, or raise --delay, then use --again.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Restore {
    /// Nodes to restore, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    nodes: Vec<String>,
    /// Include nodes whose board kept its power
    #[arg(long)]
    all: bool,
    /// Continue even after two consecutive starts that were cut short by under-voltage or a loss of power
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    stagger: Stagger,
}

impl Run for Restore {
    fn name(&self) -> &'static str {
        "restore"
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        let which = Which { all: self.all, again: self.again };
        self.stagger.apply(call);
        if self.stagger.dry_run {
            return Ok(call.open()?.plan_restore(&nodes, which)?.map(Report::Restore));
        }
        watched(self.name(), call, |cluster, observer| {
            Ok(cluster.restore(&nodes, which, observer)?.map(Report::Restore))
        })
    }
}
