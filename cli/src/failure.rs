//! Why the command ends without success, and with which exit status.

use std::fmt::Write as _;

use hat_driver::linux::{Error as DriverError, NodeState, chain};
use hat_driver::power::Stands;
use serde::Serialize;

use crate::config::ConfigError;
use crate::nodes::NodeSetError;
use crate::shorten::shorten;

/// An error of any stage.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The words of the command line make no sense here.
    #[error("{0}")]
    Usage(String),
    /// A set of nodes.
    #[error(transparent)]
    Nodes(#[from] NodeSetError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The simulated world.
    #[error("{0}")]
    World(String),
    /// This machine is a node, not a controller.
    #[error("{0}")]
    NotController(String),
    /// The driver.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// No board has the output.
    #[error("no board here can switch its {0}")]
    NoSuchOutput(String),
    /// The nodes' boards cannot choose how their nodes boot.
    #[error("the boards of these nodes cannot choose whether they boot over USB")]
    NoUsbBoot,
    /// No ClusterCTRL board has the order.
    #[error("no ClusterCTRL board has the order {order}; {known}")]
    NoSuchOrder {
        /// The order.
        order: u8,
        /// Those that there are.
        known: String,
    },
    /// Somebody ended the command in the middle of switching.
    #[error(
        "interrupted{}{}; a node that was being switched at that moment may be in either state",
        list("; switched on: ", .on),
        list("; switched off: ", .off)
    )]
    Interrupted {
        /// SIGHUP, SIGINT or SIGTERM.
        signal: i32,
        /// The nodes switched on, folded.
        on: String,
        /// The nodes switched off, folded.
        off: String,
        /// All of them.
        switched: Vec<NodeState>,
    },
    /// Somebody ended a reset of hubs: those that were switched off are on again.
    #[error("interrupted; no USB hub was left off")]
    HubInterrupted {
        /// SIGHUP, SIGINT or SIGTERM.
        signal: i32,
    },
    /// Nodes that were asked for are on a HAT that is not there.
    #[error("absent, since their HAT is not there: {}", .0.join(" "))]
    Absent(Vec<String>),
    /// A dangerous command was not confirmed.
    #[error("{0}; nothing was done")]
    NotConfirmed(String),
    /// Where nodes are on the USB is not known.
    #[error(
        "no USB path is known for {0}: a HAT's hub is found by a node of it that is on, and some ClusterCTRL \
         firmware knows no paths; usb-path in [nodes.pN] sets one"
    )]
    NoPath(String),
    /// Nodes whose numbers are too large for a network.
    #[error("left out: {0}; their numbers are too large for a network of nodes")]
    LeftOut(String),
    /// A system's files.
    #[error(transparent)]
    Files(#[from] system_config::changes::Error),
    /// Its groups.
    #[error("the files are set up, but not every user is in every group")]
    Groups(#[source] std::io::Error),
    /// The nodes' network.
    #[error(transparent)]
    Network(#[from] system_config::network::Error),
    /// What stands in the way of the nodes' network was printed.
    #[error("the nodes' network does not work as it was set up: see above")]
    NetworkBroken,
    /// The output went nowhere.
    #[error("cannot write the output")]
    Output(#[from] std::io::Error),
}

/// An error for machines.
#[derive(Debug, Serialize)]
pub(crate) struct FailureReport {
    kind: &'static str,
    message: String,
    exit_status: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    stands: Option<Stands>,
    #[serde(skip_serializing_if = "Option::is_none")]
    switched: Option<Vec<NodeState>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    searched: Option<Vec<String>>,
}

fn list(before: &str, nodes: &str) -> String {
    if nodes.is_empty() { String::new() } else { format!("{before}{nodes}") }
}

impl FailureReport {
    /// What the driver says of the state that it left.
    fn add(&mut self, error: &DriverError) {
        let cause = match error.cause() {
            DriverError::Cycle { source, .. } => source.cause(),
            error => error,
        };
        if let DriverError::Board { stands, what, .. } = cause {
            self.stands = (!what.is_empty()).then_some(*stands);
        }
        let states = error.done().map(|done| done.states.to_vec());
        self.switched = states.filter(|states| !states.is_empty());
    }
}

fn driver_exit_status(error: &DriverError) -> u8 {
    match error {
        DriverError::Setup(_) | DriverError::DuplicateOrder { .. } => 2,
        DriverError::Locked { .. } => 3,
        DriverError::NoBoard { .. } => 4,
        DriverError::Cycle { source, .. } if matches!(**source, DriverError::Locked { .. }) => 3,
        _ => 1,
    }
}

fn driver_kind(error: &DriverError) -> &'static str {
    match error {
        DriverError::Setup(_) | DriverError::DuplicateOrder { .. } => "configuration",
        DriverError::NotOpened { source, .. } => match **source {
            DriverError::Setup(_) | DriverError::DuplicateOrder { .. } => "configuration",
            _ => "board",
        },
        DriverError::NoBoard { .. } => "no-board",
        DriverError::Locked { .. } => "locked",
        DriverError::UnderVoltage { .. } => "under-voltage",
        DriverError::Undone { .. } => "undone",
        DriverError::Stopped { .. } => "stopped",
        DriverError::Cycle { .. } => "cycle-incomplete",
        _ => "board",
    }
}

impl Failure {
    /// 1 failed, 2 usage or configuration, 3 timed out, 4 no board.
    pub(crate) fn exit_status(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Nodes(_) | Self::Config(_) | Self::World(_) => 2,
            Self::Driver(error) => driver_exit_status(error.cause()),
            Self::Files(error) if error.is_timeout() => 3,
            Self::NotController(_) => 4,
            Self::NoSuchOrder { .. } | Self::NotConfirmed(_) => 2,
            Self::Network(error) if error.is_usage() => 2,
            Self::Files(error) if error.is_usage() => 2,
            // As a shell has it for a process that a signal ended.
            Self::Interrupted { signal, .. } | Self::HubInterrupted { signal } => {
                128 + *signal as u8
            }
            Self::NoSuchOutput(_)
            | Self::NoUsbBoot
            | Self::Absent(_)
            | Self::NoPath(_)
            | Self::LeftOut(_)
            | Self::Network(_)
            | Self::Files(_)
            | Self::Groups(_)
            | Self::NetworkBroken
            | Self::Output(_) => 1,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Driver(error) => driver_kind(error.cause()),
            Self::Usage(_) => "usage",
            Self::Nodes(_) => "nodes",
            Self::Config(_) => "configuration",
            Self::World(_) => "world",
            Self::NotController(_) => "not-controller",
            Self::NoSuchOutput(_) | Self::NoUsbBoot => "no-such-output",
            Self::NoSuchOrder { .. } => "no-such-order",
            Self::NotConfirmed(_) => "not-confirmed",
            Self::Interrupted { .. } | Self::HubInterrupted { .. } => "interrupted",
            Self::Absent(_) => "absent",
            Self::NoPath(_) => "no-path",
            Self::Files(error) if error.is_timeout() => "locked",
            Self::LeftOut(_) => "left-out",
            Self::Files(_) | Self::Groups(_) => "setup",
            Self::Network(_) | Self::NetworkBroken => "network",
            Self::Output(_) => "output",
        }
    }

    /// The message and its causes on one line.
    pub(crate) fn message(&self) -> String {
        shorten(&chain(self)).into_owned()
    }

    /// The message for people, over as many lines as it needs.
    pub(crate) fn lines(&self) -> String {
        match self {
            Self::Nodes(error) => shorten(&error.pointed()).into_owned(),
            Self::Driver(DriverError::NoBoard { searched }) => {
                let mut text = self.message();
                for place in searched {
                    let _ = write!(text, "\n  looked at {place}");
                }
                text.push_str(
                    "\n  describe a HAT without EEPROM in a [[board]] of /etc/clusterhat/clusterhat.toml; \
                     `clusterhat boards --probe` helps to find it",
                );
                text
            }
            // One a line: each has a cure of its own.
            Self::Network(system_config::network::Error::Blocked(findings)) => {
                let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
                lines.join("\nclusterhat: ")
            }
            _ => self.message(),
        }
    }

    pub(crate) fn report(&self) -> FailureReport {
        let mut report = FailureReport {
            kind: self.kind(),
            message: self.message(),
            exit_status: self.exit_status(),
            stands: None,
            switched: None,
            searched: None,
        };
        match self {
            Self::Driver(DriverError::NoBoard { searched }) => {
                report.searched = Some(searched.clone());
            }
            Self::Driver(error) => report.add(error),
            Self::Interrupted { switched, .. } => report.switched = Some(switched.clone()),
            _ => {}
        }
        report
    }
}
