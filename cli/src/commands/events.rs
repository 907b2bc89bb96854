//! `events`: what happens, as it happens.

use std::convert::Infallible;
use std::path::Path;
use std::thread;
use std::time::Duration;

use clap::Args;
use clusterhat::nodes::label;
use clusterhat::report::{EventReport, Report};
use clusterhat::service::{EventKind, Next, ServiceError, ServiceEvents, unix_millis};
use clusterhat::{Cluster, NodeSet};

use crate::call::{self, Call, Done, Run};
use crate::failure::Failure;
use crate::{render, service};

/// How long a service that has ended may take to start again.
const RESTART: Duration = Duration::from_secs(5);
/// The time between two attempts to reach it.
const PAUSE: Duration = Duration::from_millis(200);

const AFTER_HELP: &str = "\
While clusterhatd runs, its events are shown: nodes' states and power, tasks with who asked for what, consoles, agents, boards, \
under-voltage (CLUSTERHAT_SOCKET names another socket than /run/clusterhat/clusterhatd.sock). Without clusterhatd, this process \
follows the states of the nodes that are there when it starts. With NODES, only events of these nodes are shown.

With --json, each event is a JSON document on a line of its own.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Events {
    /// Only events of these nodes, such as p1 p3, p1..p4 or p[1-3,5] (default: all events)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
}

impl Run for Events {
    fn name(&self) -> &'static str {
        "events"
    }

    fn run(&self, call: &mut Call) -> Done {
        let set = NodeSet::parse(&self.nodes)?;
        call.options.without_boards = true;
        let as_json = call.is_json;
        let socket = service::socket(&call.options);
        let (cluster, warnings) = call.open_to_repeat()?;
        let nodes = match set.is_empty() {
            true => None,
            false => Some(cluster.nodes(&set)?.into_iter().map(label).collect()),
        };
        let mut view = View { command: self, nodes, warnings, as_json };
        if let Some(socket) = socket {
            view.follow_service(&socket)?;
        }
        view.follow_nodes(cluster, &set).map(|never| match never {})
    }
}

/// Whether the service is there for all that is known: somebody has named its socket, or this user may not use it.
fn is_expected(error: &ServiceError) -> bool {
    let ServiceError::Unreachable { source, .. } = error else { return false };
    service::is_named() || source.kind() == std::io::ErrorKind::PermissionDenied
}

/// What is shown, and how.
struct View<'a> {
    command: &'a Events,
    /// Those whose events are shown; none = every event.
    nodes: Option<Vec<String>>,
    warnings: &'a [String],
    as_json: bool,
}

impl View<'_> {
    /// Shows the service's events until it has ended and does not start again; none where it does not run.
    fn follow_service(&mut self, socket: &Path) -> Result<(), Failure> {
        let mut last = None;
        let mut left = Duration::ZERO;
        let mut was_there = false;
        loop {
            match ServiceEvents::connect(socket, last) {
                Ok(events) => {
                    was_there = true;
                    self.show_all(events, &mut last)?;
                    left = RESTART;
                }
                Err(error @ ServiceError::Unreachable { .. }) if left.is_zero() => {
                    if !was_there && is_expected(&error) {
                        let why = clusterhat::chain(&error);
                        let text = format!("{why}: only changes of nodes' states are shown");
                        render::tell(&text);
                    }
                    break;
                }
                Err(ServiceError::Unreachable { .. }) => {
                    thread::sleep(PAUSE);
                    left = left.saturating_sub(PAUSE);
                    if left.is_zero() {
                        render::tell(
                            "clusterhatd has ended: only changes of nodes' states are shown from now on",
                        );
                    }
                }
                Err(error) => return Err(Failure::Cluster(error.into())),
            }
        }
        Ok(())
    }

    fn show_all(
        &mut self,
        mut events: ServiceEvents,
        last: &mut Option<u64>,
    ) -> Result<(), Failure> {
        // A connection that fails has ended, too.
        while let Ok(Some(next)) = events.receive() {
            match next {
                Next::Event(event) => {
                    *last = Some(event.id);
                    self.show(EventReport { at: event.at, kind: event.kind })?;
                }
                Next::Missed => render::tell("some events were lost: there were too many at once"),
                _ => {}
            }
        }
        Ok(())
    }

    fn follow_nodes(
        &mut self,
        cluster: &mut Cluster,
        set: &NodeSet,
    ) -> Result<Infallible, Failure> {
        let mut watch = cluster.follow(set)?;
        loop {
            let Some(change) = watch.next(None)? else { continue };
            let at = unix_millis();
            // The kernel tells as it happens.
            let (node, since) = (label(change.node), Some(at));
            self.show(EventReport {
                at,
                kind: EventKind::State { node, state: change.state, since },
            })?;
        }
    }

    /// Shows an event, if it is one of those that are shown.
    fn show(&mut self, event: EventReport) -> Result<(), Failure> {
        let is_of = |nodes: &Vec<String>| nodes.iter().any(|node| event.kind.node() == Some(node));
        if !self.nodes.as_ref().is_none_or(is_of) {
            return Ok(());
        }
        let warnings = std::mem::take(&mut self.warnings);
        call::add(self.command, Report::Event(event).into(), warnings, self.as_json).map(drop)
    }
}
