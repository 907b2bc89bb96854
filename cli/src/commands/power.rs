//! `on`, `off` and `cycle`, and what they would do.

use std::time::Duration;

use clap::Args;
use clusterhat::nodes::folded;
use clusterhat::report::{BeyondSize, Report};
use clusterhat::{
    Action, AfterShutdown, Cluster, Error, NodeSet, Running, Shutdown, Start, parse_duration,
};

use super::confirm::{can_ask, confirm};
use super::hooks::Hooks;
use super::shutdown::{Limits, shut_down};
use crate::call::{Call, Done, Run};
use crate::commands::wait::{Waiting, with_hint};
use crate::failure::Failure;
use crate::watch::watched;

/// What `on` and `cycle` share.
#[derive(Debug, Args)]
pub(crate) struct Stagger {
    /// Time between two nodes switched on (seconds; default 1)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, allow_hyphen_values = true)]
    pub(crate) delay: Option<Duration>,
    /// Continue even if the Pi reports under-voltage
    #[arg(long)]
    pub(crate) ignore_undervoltage: bool,
    /// Show what would be done, write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) hooks: Hooks,
}

#[derive(Debug, Args)]
pub(crate) struct On {
    /// Nodes to switch on, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
    #[command(flatten)]
    pub(crate) stagger: Stagger,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct Off {
    /// Nodes to switch off, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
    /// Show what would be done, write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) hooks: Hooks,
    /// Shut the nodes down first, as `clusterhat shutdown` does
    #[arg(long)]
    pub(crate) graceful: bool,
    /// Cut the power at once, even if the configuration has graceful-off
    #[arg(long, conflicts_with_all = ["graceful", "timeout", "force"])]
    pub(crate) immediate: bool,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) asking: Asking,
}

#[derive(Debug, Args)]
pub(crate) struct Cycle {
    /// Nodes to switch off and on; nodes that are off are switched on too
    #[arg(value_name = "NODES", required = true)]
    pub(crate) nodes: Vec<String>,
    /// How long the nodes stay off (seconds; default 2)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, allow_hyphen_values = true)]
    pub(crate) off_time: Option<Duration>,
    #[command(flatten)]
    pub(crate) stagger: Stagger,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    #[command(flatten)]
    pub(crate) asking: Asking,
}

/// What `off` and `cycle` share.
#[derive(Debug, Args)]
pub(crate) struct Asking {
    /// Do not ask for confirmation when nodes are running
    #[arg(long)]
    pub(crate) yes: bool,
}

impl Asking {
    /// Says what may be lost, and asks, if there is anything; a script is never asked.
    fn confirm(
        &self,
        call: &mut Call,
        dangers: impl FnOnce(&mut Cluster) -> Result<Vec<String>, Error>,
    ) -> Result<(), Failure> {
        if self.yes || !can_ask() {
            return Ok(());
        }
        let dangers = dangers(call.open()?)?;
        if dangers.is_empty() {
            return Ok(());
        }
        confirm(false, &dangers.join("; "))
    }
}

/// Names the nodes that are running. `instead` is what to do with them for their data.
fn running(
    cluster: &mut Cluster,
    nodes: &NodeSet,
    instead: impl Fn(&str) -> String,
) -> Result<Vec<String>, Error> {
    let Running { seen, hidden } = cluster.running(nodes)?;
    let verb = if seen.len() == 1 { "is" } else { "are" };
    let (seen, hidden) = (folded(&seen), folded(&hidden));
    let seen = (!seen.is_empty())
        .then(|| format!("{seen} {verb} running, and may lose data; {}", instead(&seen)));
    let hidden = (!hidden.is_empty()).then(|| {
        format!(
            "{hidden} may be running, as a USB hub that is off hides that, and may lose data; after `clusterhat hub on`, {}",
            instead(&hidden)
        )
    });
    Ok(seen.into_iter().chain(hidden).collect())
}

/// Names the positions that no node is meant to be at, which go off with all nodes.
fn beyond(cluster: &mut Cluster, nodes: &NodeSet) -> Option<String> {
    let boards = if nodes.is_all() { cluster.powered_beyond_size() } else { Vec::new() };
    let named = |board: &BeyondSize| {
        board.places.iter().map(|place| format!("{}:{place}", board.board)).collect::<Vec<_>>()
    };
    let places: Vec<_> = boards.iter().flat_map(named).collect();
    let danger = format!(
        "what has power at {}, beyond the configured size, cannot be asked to shut down, and may lose data",
        places.join(" ")
    );
    (!places.is_empty()).then_some(danger)
}

impl Stagger {
    pub(crate) fn apply(&self, call: &mut Call) {
        self.hooks.apply(call);
        call.options.overrides.delay = self.delay;
        call.options.ignore_under_voltage = self.ignore_undervoltage;
    }
}

impl Run for On {
    fn name(&self) -> &'static str {
        "on"
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        self.stagger.apply(call);
        if self.stagger.dry_run {
            return Ok(call.open()?.plan_switch(&nodes, Action::On)?.map(Report::Plan));
        }
        if let Some(wait) = self.waiting.wait() {
            return watched(self.name(), call, |cluster, observer| {
                Ok(cluster.bring_up(&nodes, Start::On, &wait, observer)?.map(Report::Start))
            })
            .map_err(|failure| with_hint(failure, "--wait"));
        }
        watched(self.name(), call, |cluster, observer| {
            Ok(cluster.switch(&nodes, Action::On, observer)?.map(Report::Power))
        })
    }
}

impl Run for Off {
    fn name(&self) -> &'static str {
        "off"
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        self.hooks.apply(call);
        let is_graceful = self.is_graceful(call)?;
        // All off means all.
        let how = Shutdown { beyond_size: true, ..self.limits.how(AfterShutdown::Off) };
        if self.dry_run {
            let cluster = call.open()?;
            let plan = match is_graceful {
                true => cluster.plan_shut_down(&nodes, how),
                false => cluster.plan_switch(&nodes, Action::Off),
            };
            return Ok(plan?.map(Report::Plan));
        }
        self.asking.confirm(call, |cluster| {
            let instead = |names: &str| format!("`clusterhat shutdown {names}` shuts down first");
            let running = if is_graceful { Vec::new() } else { running(cluster, &nodes, instead)? };
            Ok(running.into_iter().chain(beyond(cluster, &nodes)).collect())
        })?;
        if is_graceful {
            return shut_down(self.name(), call, &nodes, how);
        }
        watched(self.name(), call, |cluster, observer| {
            Ok(cluster.switch(&nodes, Action::Off, observer)?.map(Report::Power))
        })
    }
}

impl Off {
    /// Whether nodes are shut down first: as asked, else as configured. A limit or force is for that alone.
    fn is_graceful(&self, call: &mut Call) -> Result<bool, Failure> {
        if self.immediate || self.graceful {
            return Ok(self.graceful);
        }
        let is_configured = call.controller()?.settings().graceful_off;
        let option = [(self.limits.timeout.is_some(), "--timeout"), (self.limits.force, "--force")];
        match option.iter().find(|(is_given, _)| *is_given && !is_configured) {
            Some((_, option)) => Err(Failure::Usage(format!(
                "{option} is for nodes that are shut down: add --graceful"
            ))),
            None => Ok(is_configured),
        }
    }
}

impl Run for Cycle {
    fn name(&self) -> &'static str {
        "cycle"
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        self.stagger.apply(call);
        call.options.overrides.off_time = self.off_time;
        if self.stagger.dry_run {
            return Ok(call.open()?.plan_cycle(&nodes)?.map(Report::Plan));
        }
        self.asking.confirm(call, |cluster| {
            running(cluster, &nodes, |names| {
                format!("`clusterhat reboot {names}` restarts without a power cut")
            })
        })?;
        if let Some(wait) = self.waiting.wait() {
            return watched(self.name(), call, |cluster, observer| {
                Ok(cluster.bring_up(&nodes, Start::Cycle, &wait, observer)?.map(Report::Start))
            })
            .map_err(|failure| with_hint(failure, "--wait"));
        }
        watched(self.name(), call, |cluster, observer| {
            Ok(cluster.cycle(&nodes, observer)?.map(Report::Power))
        })
    }
}
