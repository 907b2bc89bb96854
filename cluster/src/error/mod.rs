//! Why an operation failed, wholly or in part.

mod kind;
mod kind_of;
mod left;
mod report;
mod texts;

use std::io;
use std::path::PathBuf;

use hat_driver::linux::{ClusterError as DriverError, Output, chain};
use hat_driver::power::{Action, ResultingState};
use hat_driver::sim::StoreError;
use node_link::text::shorten;

use crate::chaos::ChaosError;
use crate::config::ConfigError;
use crate::consoles::SharedConsoleError;
use crate::desired::DesiredError;
use crate::hooks::HookFailure;
use crate::life::State;
use crate::nodes::{Labels, NodeSetError};
use crate::ports::PortError;
use crate::report::SwitchedNode;
use crate::service::ServiceError;
use texts::{NodeClauses, kept, list, orders, problems, renumbered};

pub use kind::ErrorKind;
pub use left::NodesLeft;
pub use report::ErrorReport;

/// Why an operation has no result, or not the whole one. The text names the fact and not its causes,
/// which are the sources; [`Error::message`] has both on one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A set of nodes is malformed, or names a node that is not here.
    #[error(transparent)]
    Nodes(#[from] NodeSetError),
    /// Nodes that have got the numbers of others, since a board has come or gone.
    #[error(
        "{}, because boards were added or removed: list the nodes again, then retry", renumbered(.0)
    )]
    Renumbered(Vec<String>),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no such simulation, or its file cannot be used.
    #[error("{0}")]
    Simulation(String),
    /// The folder of this user's simulations cannot be used.
    #[error("{0}; set XDG_RUNTIME_DIR to a folder of your own")]
    SimulationFolder(StoreError),
    /// A serial port of a node.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The service does not give a console.
    #[error(transparent)]
    SharedConsole(#[from] SharedConsoleError),
    /// The service does not do what it was asked for.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The vendor's configuration makes this machine a node, which has no boards.
    #[error(
        "this machine is a node (TYPE in /etc/default/clusterctrl), and nodes have no boards; \
         run this on the controller"
    )]
    NotController,
    /// The boards.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// No board has the output.
    #[error("no board here can switch its {0}")]
    NoSuchOutput(Output),
    /// The nodes' boards cannot choose how their nodes boot.
    #[error("the boards of these nodes have no USB boot setting")]
    NoUsbBoot,
    /// No ClusterCTRL board has the order.
    #[error("no ClusterCTRL board has the order {order}; {}", orders(.connected))]
    NoSuchOrder {
        /// The order that was asked for.
        order: u8,
        /// Those that there are.
        connected: Vec<u8>,
    },
    /// Another ClusterCTRL board has the order that one is to get.
    #[error("another ClusterCTRL board has the order {order}; choose a free one")]
    OrderTaken {
        /// The order.
        order: u8,
    },
    /// Another ClusterCTRL board has the factory's order, which a board is to get.
    #[error("another ClusterCTRL board has the order {order}, the factory default")]
    FactoryOrderTaken {
        /// The factory's order.
        order: u8,
    },
    /// There is no fan to switch.
    #[error(
        "no fan of the controller is configured: set fan-gpio in \
         /etc/clusterhat/clusterhat.toml, or FANGPIO in /etc/default/clusterctrl"
    )]
    NoFan,
    /// No temperatures are configured at which fans go on and off.
    #[error(
        "no temperatures are configured: set fan = {{ on = 60, off = 50 }} in /etc/clusterhat/clusterhat.toml"
    )]
    NoFanCurve,
    /// Following the temperature was stopped: the fans were left running.
    #[error("interrupted; the fans were left running")]
    FanStopped,
    /// A reset of hubs was stopped between two of them: those that were switched off are on again.
    #[error("interrupted; no USB hub was left switched off")]
    HubResetStopped,
    /// Nodes that were to go down, and do not.
    #[error("{}", NodeClauses::not_shut_down(.failures, .fixes, .left).line())]
    NotShutDown {
        /// Each that was not switched off, with why. They keep their power, except for `left.unknown`.
        failures: Vec<(String, String)>,
        /// What can be done for those that could not be asked, named where it is not for all that failed; and why others were left out.
        fixes: Box<[String]>,
        /// Whether a node was asked and has not halted in time.
        timed_out: bool,
        /// Which nodes are left in what way.
        left: Box<NodesLeft>,
    },
    /// Nodes that were to be off, and that another caller has asked to be on before they were switched.
    #[error("{}, as another command has requested it since", kept(.0))]
    Wanted(Vec<String>),
    /// Nodes that were to restart, and do not.
    #[error("{}", NodeClauses::not_restarted(.failures, .fixes, .off, .unknown).line())]
    NotRestarted {
        /// Each that was not known to be off, with why.
        failures: Vec<(String, String)>,
        /// What can be done for those that could not be asked, named where it is not for all that failed; and why others were left out.
        fixes: Box<[String]>,
        /// Whether a node did not answer in time.
        timed_out: bool,
        /// Those that have no power, so that there is nothing to restart.
        off: Vec<String>,
        /// Those of `failures` of which nobody knows whether they have power, since their board does not answer.
        unknown: Box<[String]>,
        /// Those that could not be asked since they are still starting.
        starting: Box<[String]>,
    },
    /// Nodes that were asked for are on a HAT that is not there.
    #[error("absent, because their HAT is not connected: {}", .0.join(" "))]
    Absent(Vec<String>),
    /// Hooks that ran before an operation refused nodes; the others were switched.
    #[error("not switched, since a hook refused: {}", list(.refusals))]
    Vetoed {
        /// The power that the nodes were to get in the end.
        action: Action,
        /// Each of the nodes, with its hook.
        refusals: Vec<HookFailure>,
    },
    /// The desired state cannot be read or saved.
    #[error(transparent)]
    Desired(#[from] DesiredError),
    /// Two starts of nodes in a row were cut short, so that another one is likely to be.
    #[error(
        "the last two starts were cut short by under-voltage or a loss of power, so these nodes stay off: {}; \
         check the power supply first", .0.join(" ")
    )]
    BootLoop(Vec<String>),
    /// Where nodes are on the USB is not known.
    #[error(
        "no USB path is known for {}: a HAT's hub is located through a powered node, and some ClusterCTRL \
         firmware reports no paths; set usb-path in [nodes.pN]", .0.join(" ")
    )]
    NoPath(Vec<String>),
    /// The number of a node is too large for a network of nodes.
    #[error("{node} cannot be in the nodes' network")]
    NoNetworkPlace {
        /// The node.
        node: String,
        /// Why its number has no address.
        source: node_link::NodeIdError,
    },
    /// Nodes whose numbers are too large for a network, folded.
    #[error("left out: {0}: node numbers this large have no address in the nodes' network")]
    LeftOut(String),
    /// The root of the system that was named is no folder.
    #[error("{}: no such directory", .0.display())]
    NoRoot(PathBuf),
    /// A link below the root that was named leads out of it, and something would be made behind it.
    #[error("{0}")]
    LeadsOut(io::Error),
    /// The operation is about a system, and only boards are simulated.
    #[error("a simulation covers boards, not a system: specify the root of a system")]
    NoSystem,
    /// The operation is about the running system, and another root was named.
    #[error("this works on the running system only, not on the one at {}", .0.display())]
    NotRunning(PathBuf),
    /// The system's files are root's.
    #[error("this changes the system's files: run it as root")]
    NotRoot,
    /// A user to be set up is not known.
    #[error("there is no user {user:?} in {}: nothing was changed", .place.display())]
    NoSuchUser {
        /// The user.
        user: String,
        /// Where users are.
        place: PathBuf,
    },
    /// A system's files.
    #[error(transparent)]
    Files(#[from] system_config::changes::ChangeError),
    /// Its groups.
    #[error("the files are set up, but not every user is in every group")]
    Groups(#[source] io::Error),
    /// A user could not be removed from a group; files and their record are as they were.
    #[error(
        "{user} is still in the group {group}, and the setup is not undone: fix the cause, then undo it again"
    )]
    StillMember {
        /// The user.
        user: String,
        /// The group.
        group: String,
        /// Why.
        source: io::Error,
    },
    /// The nodes' network.
    #[error(transparent)]
    Network(#[from] system_config::network::NetworkError),
    /// What certainly keeps the nodes' network from working, a clause each.
    #[error("the nodes' network does not work as configured: {}", .0.join("; "))]
    NetworkBroken(Vec<String>),
    /// Power loss at random could not begin, or its note not be kept.
    #[error(transparent)]
    Chaos(#[from] ChaosError),
    /// Power loss at random was stopped: every node is as it was found, unless another command has switched it.
    #[error("interrupted; every node is as it was found, unless another command has switched it")]
    ChaosStopped,
    /// Faults of `chaos` could not be made.
    #[error("{failed} of {of} faults failed; their documents say why")]
    FaultsFailed {
        /// How many.
        failed: u64,
        /// Of how many.
        of: u64,
        /// What the first of them failed for.
        kind: ErrorKind,
    },
    /// A check-up found something that needs doing; the report says what.
    #[error("{}", problems(*.0))]
    ProblemsFound(usize),
    /// Nodes did not get into a state in time.
    #[error("not {goal}{after}: {}", .left.join("; "))]
    NotReached {
        /// The state.
        goal: State,
        /// In what time: ` within 120 s`.
        after: String,
        /// Where they are instead, and why, most likely.
        left: Vec<String>,
    },
    /// What becomes of nodes is not told: by the kernel, or of a simulation's file.
    #[error("cannot follow the nodes' states")]
    Events(#[source] io::Error),
}

impl Error {
    /// The text and its causes on one line, with overlong words cut.
    #[must_use]
    pub fn message(&self) -> String {
        shorten(&match self {
            Self::Driver(error) => error.describe(&Labels).to_string(),
            error => chain(error),
        })
        .into_owned()
    }

    /// The text of what several nodes did not do, each on a line of its own; `more`, what the caller has to say about
    /// it, comes on the last one. None for other errors.
    #[must_use]
    pub fn node_by_node(&self, more: Option<String>) -> Option<String> {
        let clauses = match self {
            Self::NotShutDown { failures, fixes, left, .. } if failures.len() > 1 => {
                NodeClauses::not_shut_down(failures, fixes, left)
            }
            Self::NotRestarted { failures, fixes, off, unknown, .. } if failures.len() > 1 => {
                NodeClauses::not_restarted(failures, fixes, off, unknown)
            }
            _ => return None,
        };
        Some(shorten(&clauses.lines(more)).into_owned())
    }

    /// The error for programs.
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        let mut report = ErrorReport::new(self.kind(), self.message());
        match self {
            Self::Driver(error) => report.add(error),
            Self::Vetoed { action, refusals } => {
                let old = |refusal: &HookFailure| {
                    SwitchedNode::new(refusal.node, *action, ResultingState::Old)
                };
                report.switched = Some(refusals.iter().map(old).collect());
            }
            _ => {}
        }
        report
    }
}
