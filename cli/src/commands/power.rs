//! `on`, `off` and `cycle`, and what they would do.

use std::time::Duration;

use clap::Args;
use clusterhat::report::Report;
use clusterhat::{Action, Cluster, Error, Event, NodeSet, Outcome, Start, parse_duration};

use crate::call::{Call, Done, Run};
use crate::commands::wait::Waiting;
use crate::watch::{Verdict, Watch};

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

/// What all that switches nodes shares.
#[derive(Debug, Args)]
pub(crate) struct Hooks {
    /// Run no hooks, so that none can refuse a node
    #[arg(long)]
    no_hooks: bool,
}

impl Hooks {
    pub(crate) fn apply(&self, call: &mut Call) {
        call.options.without_hooks = self.no_hooks;
    }
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
            });
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
        if self.dry_run {
            return Ok(call.open()?.plan_switch(&nodes, Action::Off)?.map(Report::Plan));
        }
        watched(self.name(), call, |cluster, observer| {
            Ok(cluster.switch(&nodes, Action::Off, observer)?.map(Report::Power))
        })
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
        if let Some(wait) = self.waiting.wait() {
            return watched(self.name(), call, |cluster, observer| {
                Ok(cluster.bring_up(&nodes, Start::Cycle, &wait, observer)?.map(Report::Start))
            });
        }
        watched(self.name(), call, |cluster, observer| {
            Ok(cluster.cycle(&nodes, observer)?.map(Report::Power))
        })
    }
}

/// Switches with a line of progress, and with an answer to signals.
pub(super) fn watched(
    command: &'static str,
    call: &mut Call,
    switch: impl FnOnce(
        &mut Cluster,
        &mut dyn FnMut(Event<'_>) -> Verdict,
    ) -> Result<Outcome<Report>, Error>,
) -> Done {
    let as_json = call.is_json;
    let cluster = call.open_to_switch()?;
    let mut watch = Watch::new(command, as_json);
    let result = switch(cluster, &mut |event| watch.see(&event));
    watch.end()?;
    Ok(result?)
}
