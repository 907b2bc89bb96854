//! `chaos`: random loss of power, with a JSON document for each event.

use std::io;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use clusterhat::chaos::{ChaosError, ChaosPlan, ChaosProgress};
use clusterhat::report::{ChaosReport, Report};
use clusterhat::{Error, NodeSet, Outcome, parse_duration};

use crate::call::{Call, Done, Run};
use crate::failure::Failure;
use crate::render::{self, Lines, Printout};
use crate::signals::{self, WholeSteps};

const AFTER_HELP: &str = "\
Each node that is on loses its power after a random time, gets it back after another, and so on. Both times are exponentially \
distributed, and depend only on the seed and the node's number: the generator is xoshiro256++, seeded through SplitMix64, and \
jumped as many times as the node's number says; a time is -mean * ln(1 - u), to the millisecond, where u is a number's upper 53 \
bits as a fraction of 1. Each fault draws two times and a third number, which decides its kind: it is a shutdown if u is less \
than --graceful-share. Nodes are switched as by `on` and `off`, one operation at a time, so that a fault may be late by the \
delay between two nodes. The document of a fault has the planned time, at_s, the planned length, lasts_s, and the actual time, actual_s, all in \
seconds since the beginning; that of its repair, which is planned for at_s + lasts_s, has the actual time. As with a real loss of power, no hooks run, and \
the nodes' desired state is unchanged.

A shutdown proceeds as with `clusterhat shutdown`: the node's agent is asked, and power is cut once the node has halted. A node \
that does not halt keeps its power, and the document of the fault says why. Faults that fail are counted as failed in the last \
document, and the exit status is 1. With --hang, a node stays on the USB and does not \
respond until it is repaired by a power cycle. Only simulated nodes can hang: no board or agent can make a real one do so.

Nodes that are off at the beginning stay off; the first document lists them as left_off. What an interrupted run has left without \
power is not among them: it is switched on first, with a document put-back. A node that is switched on, off or cycled by another command during its fault, or \
after an interrupted run, is left as that command put it. All others that were on are on again at the end, also after Ctrl-C, \
SIGTERM, SIGHUP or SIGQUIT, which take effect when the operation in progress is done. Before a node loses its power, its number is \
written to /var/lib/clusterhat/power/chaos.json (for a simulation: .FILE.lock.chaos beside its file) and synchronised to the \
disk; it is removed once the node is on again. After a kill -9 or a loss of the controller's power, the nodes in that file are \
switched on by the next `chaos`, or by `chaos --restore`, which does nothing else; `doctor` lists them. Only one `chaos` runs at \
a time.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Chaos {
    /// Nodes that may lose their power, such as p1 p3, p1..p4 or all
    #[arg(value_name = "NODES", required_unless_present = "restore")]
    nodes: Vec<String>,
    /// Mean time from a node's repair to its next power loss (seconds; at least 1)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, allow_hyphen_values = true,
          required_unless_present = "restore")]
    mtbf: Option<Duration>,
    /// Mean time without power (seconds; each is at least 0.1)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, allow_hyphen_values = true,
          required_unless_present = "restore")]
    mttr: Option<Duration>,
    /// How long to run (seconds)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, allow_hyphen_values = true,
          required_unless_present = "restore")]
    duration: Option<Duration>,
    /// The seed of all random numbers (default: a new one for each run, which the first document contains)
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Share of faults that are shutdowns instead of power cuts (0 to 1)
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, allow_hyphen_values = true)]
    graceful_share: f64,
    /// Make nodes hang instead of cutting their power; simulated nodes only
    #[arg(long)]
    hang: bool,
    /// Print what would be done, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Only switch on the nodes that an interrupted run has left off
    #[arg(long, conflicts_with_all = ["nodes", "mtbf", "mttr", "duration", "seed", "dry_run", "graceful_share", "hang"])]
    restore: bool,
}

impl Run for Chaos {
    fn name(&self) -> &'static str {
        "chaos"
    }

    /// Its output is a record of an experiment.
    fn is_for_programs(&self) -> bool {
        true
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        let plan = self.plan();
        if self.hang && call.options.simulation.is_none() {
            return Err(Error::Chaos(ChaosError::NoHang).into());
        }
        if self.restore {
            return Ok(call.open_to_switch()?.restore_after_chaos()?.map(Report::Chaos));
        }
        if self.dry_run {
            let mut printed = Ok(());
            let outcome = call.open()?.plan_chaos(&nodes, &plan, &mut |event| {
                if printed.is_ok() {
                    printed = print(event, None);
                }
            })?;
            printed?;
            return Ok(outcome.map(Report::Chaos));
        }
        self.break_nodes(call, &nodes, &plan)
    }
}

impl Chaos {
    fn plan(&self) -> ChaosPlan {
        ChaosPlan {
            mtbf: self.mtbf.unwrap_or_default(),
            mttr: self.mttr.unwrap_or_default(),
            duration: self.duration.unwrap_or_default(),
            seed: self.seed.unwrap_or_else(any_seed),
            graceful_share: self.graceful_share,
            hang: self.hang,
        }
    }

    fn break_nodes(&self, call: &mut Call, nodes: &NodeSet, plan: &ChaosPlan) -> Done {
        let cluster = call.open_to_switch()?;
        let steps = WholeSteps::watch(|signal| std::process::exit(128 + signal))?;
        let mut lines = Lines::new();
        // One step as a whole: on a signal, the nodes that are off are switched on first.
        let whole = steps.begin();
        let outcome = cluster.chaos(nodes, plan, &mut |progress| {
            if let ChaosProgress::Done(event, error) = progress {
                told(event, error, |printout| lines.add(printout));
            }
            match lines.is_lost() || steps.signal().is_some() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        // From here on a signal has nothing to wait for.
        drop(whole);
        call.signal = steps.signal();
        call.signal.into_iter().for_each(signals::limit_last_words);
        let printed = lines.end();
        match (printed, outcome?) {
            (Err(error), Outcome { error: None | Some(Error::ChaosStopped), .. }) => {
                Err(Failure::Output(error))
            }
            (_, outcome) => Ok(outcome.map(Report::Chaos)),
        }
    }
}

fn print(event: &ChaosReport, error: Option<Error>) -> io::Result<()> {
    told(event, error, |printout| render::print(printout, true))
}

fn told<T>(event: &ChaosReport, error: Option<Error>, tell: impl FnOnce(&Printout<'_>) -> T) -> T {
    let report = Report::Chaos(event.clone());
    let failure = error.map(Failure::Cluster);
    tell(&Printout {
        command: "chaos",
        report: Some(&report),
        text: &render::text::render,
        bus: None,
        warnings: &[],
        failure: failure.as_ref(),
    })
}

/// No secret: any number will do that is not the same at the next call.
fn any_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Short enough to be typed in again.
    u64::from(now.subsec_nanos()) ^ (now.as_secs() << 20 & 0xffff_ffff)
}
