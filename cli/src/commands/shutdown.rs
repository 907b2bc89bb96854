//! `shutdown` and `reboot`: nodes are asked to go down; `shutdown` cuts their power once they have.

use std::fmt::Display;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Args;
use clusterhat::report::{Report, ShutdownReport};
use clusterhat::{AfterShutdown, NodeSet, Shutdown, parse_duration};
use node_link::agent::Goodbye;

use super::hooks::Hooks;
use crate::call::{Call, Done, Run};
use crate::failure::Failure;
use crate::watch::watched;

/// For `--help` and the manual page.
const AFTER_SHUTDOWN: &str = "\
The request goes to the node's agent (clusterhat-node agent): over the node's second serial port, which needs no network \
and no keys, or else through ssh NODE clusterhat-node agent --stdio with your ssh configuration. Power is cut 3 seconds after the \
agent has said goodbye, or its ssh session has ended, and the node has left the USB; a node that leaves without either, because of a loose cable or a crash, keeps \
its power. A node that clusterhat-node has set up leaves the USB when its kernel stops, after the file systems are unmounted. While it stops, the kernel allows the card 1 second to write back its cache and 1 second to prepare for the loss of \
power; the third second is a margin. A node that is reached by ssh and has no gadget on the USB is shut down, too, but keeps its \
power, since its halt cannot be observed. A node is asked by its ID, and its power is cut by its position: where the position's path on the USB is known \
(clusterhat path), and the node's gadget is at another path or another node's gadget at this one, the node is neither asked nor switched off, even \
with --force. If the controller is powered off, it is asked, but not switched off. Where the path is not known, the ID alone counts.
Exit status: 0 all nodes are off, 1 a node could not be asked, refused, or was switched by another command meanwhile, \
or systemd could not be asked (--when-powering-off), \
3 a node did not answer or halt in time; it keeps its power.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_SHUTDOWN)]
pub(crate) struct ShutdownArgs {
    /// Nodes to shut down, such as p1 p3, p1..p4 or p[1-3,5]
    #[arg(value_name = "NODES", required = true)]
    pub(crate) nodes: Vec<String>,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) hooks: Hooks,
    /// Do nothing unless systemd is powering off or halting this machine (for clusterhat-shutdown.service)
    #[arg(long)]
    pub(crate) when_powering_off: bool,
}

/// What `shutdown` shares with `off --graceful`.
#[derive(Debug, Args)]
pub(crate) struct Limits {
    /// How long nodes may take to halt (seconds; default 120); those that take longer keep their power
    #[arg(long, value_name = "TIME", value_parser = parse_duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,
    /// Cut the power of nodes that have not halted by then, even if they could not be asked; they may lose data
    #[arg(long)]
    pub(crate) force: bool,
}

impl Limits {
    pub(super) fn how(&self, then: AfterShutdown) -> Shutdown {
        Shutdown { limit: self.timeout, force: self.force, then, beyond_size: false }
    }
}

/// For `--help` and the manual page.
const AFTER_REBOOT: &str = "\
Exit status: 0 all nodes restart, 1 a node is off, could not be asked, or refused, 3 a node did not answer in time.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_REBOOT)]
pub(crate) struct Reboot {
    /// Nodes to restart, such as p1 p3, p1..p4 or p[1-3,5]; their power stays on
    #[arg(value_name = "NODES", required = true)]
    pub(crate) nodes: Vec<String>,
    /// How long nodes may take to answer (seconds; default 120)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,
}

impl Run for ShutdownArgs {
    fn name(&self) -> &'static str {
        "shutdown"
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        if self.when_powering_off && !is_powering_off()? {
            return Ok(Report::Shutdown(ShutdownReport::default()).into());
        }
        self.hooks.apply(call);
        let then = match self.when_powering_off {
            true => AfterShutdown::OnAtNextStart,
            false => AfterShutdown::Off,
        };
        shut_down(self.name(), call, &nodes, self.limits.how(then))
    }
}

impl Run for Reboot {
    fn name(&self) -> &'static str {
        "reboot"
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        watched(self.name(), call, |cluster, observer| {
            Ok(cluster.reboot(&nodes, self.timeout, observer)?.map(Report::Reboot))
        })
    }
}

/// For `off`, too, where it shuts down first.
pub(super) fn shut_down(
    command: &'static str,
    call: &mut Call,
    nodes: &NodeSet,
    how: Shutdown,
) -> Done {
    watched(command, call, |cluster, observer| {
        Ok(cluster.shut_down(nodes, how, observer)?.map(Report::Shutdown))
    })
}

/// Whether systemd has a job for poweroff.target or halt.target. With a restart it has one for reboot.target or kexec.target instead
/// (systemd.special(7)), and where a unit alone is stopped none of these.
fn is_powering_off() -> Result<bool, Failure> {
    let mut systemctl = Command::new("systemctl");
    systemctl.args(["list-jobs", "--no-legend", "--plain"]).env("LC_ALL", "C");
    let unknown = |why: &dyn Display| {
        Failure::NotAsked(format!(
            "cannot tell whether this machine is powering off, so no node was shut down: systemctl: {why}"
        ))
    };
    let jobs = systemctl.stdin(Stdio::null()).output().map_err(|error| unknown(&error))?;
    if !jobs.status.success() {
        let said = String::from_utf8_lossy(&jobs.stderr);
        let said = said.lines().map(str::trim).find(|line| !line.is_empty());
        return Err(said.map_or_else(|| unknown(&jobs.status), |said| unknown(&said)));
    }
    let jobs = String::from_utf8_lossy(&jobs.stdout);
    Ok(matches!(Goodbye::of_jobs(&jobs), Goodbye::Poweroff | Goodbye::Halt))
}
