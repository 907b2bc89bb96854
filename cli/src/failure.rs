//! Why the command ends without success: with which words, and with which exit status.

mod wording;

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use clusterhat::chaos::ChaosError;
use clusterhat::nodes::NodeSetError;
use clusterhat::report::SwitchedNode;
use clusterhat::{Error, ErrorKind, ErrorReport, shorten};
use hat_driver::linux::{ClusterError as DriverError, chain};
use system_config::network::NetworkError;

use crate::advice::{Words, sentences};
use wording::{advice, option, reworded};

/// How a dry run is possible without a board.
const PREVIEW: &str =
    "to preview without one, add --sim v2.5 --root DIR, with the system's root as DIR";

/// An error of the command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The library's.
    #[error(transparent)]
    Cluster(#[from] Error),
    /// A state stands where nodes are named.
    #[error("{error}; did you mean {option}={}?", .error.unknown_name().unwrap_or_default())]
    NotAState {
        /// The name that no node has.
        error: NodeSetError,
        /// The option that takes a state.
        option: &'static str,
    },
    /// A node's console is not there.
    #[error("{}; if it is off, `clusterhat on {node}`", chain(&**.error))]
    NoConsole {
        /// Why.
        error: Box<Error>,
        /// The node.
        node: String,
    },
    /// A question that the exit status answers has no answer.
    #[error(transparent)]
    NotTold(Error),
    /// A dry run of what needs no more of the boards than their nodes' number.
    #[error(transparent)]
    NotPlanned(Error),
    /// The environment names no simulation.
    #[error("{0}")]
    Simulation(String),
    /// The words of the command line make no sense.
    #[error("{0}")]
    Usage(String),
    /// Somebody ended the command in the middle of switching or waiting.
    #[error("{text}")]
    Interrupted {
        /// SIGHUP, SIGINT, SIGQUIT or SIGTERM.
        signal: i32,
        /// What was done, and what can be done.
        text: String,
        /// Each node that was to be switched.
        switched: Vec<SwitchedNode>,
    },
    /// Somebody ended what puts back first what it has changed: a reset of hubs, power loss at random, `fan auto`.
    #[error("{error}")]
    PutBack {
        /// SIGHUP, SIGINT, SIGQUIT or SIGTERM.
        signal: i32,
        /// What was ended, and how it was left.
        error: Error,
    },
    /// Nodes were not asked to shut down, since nobody knows whether they are to.
    #[error("{0}")]
    NotAsked(String),
    /// A dangerous command needs a confirmation, and nobody can be asked.
    #[error("{0}")]
    NotConfirmed(String),
    /// Somebody was asked, and did not confirm it.
    #[error("{0}")]
    Declined(&'static str),
    /// What was waited for did not come.
    #[error("timed out: {0}")]
    TimedOut(String),
    /// A log cannot be written.
    #[error("cannot write the log {}", .path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard input cannot be used as what it is, a terminal for instance.
    #[error("cannot use standard input")]
    Input(#[source] io::Error),
    /// The output went nowhere.
    #[error("cannot write the output")]
    Output(#[from] io::Error),
}

impl From<NodeSetError> for Failure {
    fn from(error: NodeSetError) -> Self {
        Self::Cluster(error.into())
    }
}

fn driver_exit_status(error: &DriverError) -> u8 {
    match error {
        error if error.is_configuration() => 2,
        DriverError::Locked { .. } => 3,
        DriverError::Boards(errors)
            if errors.iter().all(|error| driver_exit_status(error) == 3) =>
        {
            3
        }
        DriverError::NoBoard { .. } => 4,
        DriverError::Cycle { source, .. } if matches!(**source, DriverError::Locked { .. }) => 3,
        _ => 1,
    }
}

fn exit_status(error: &Error) -> u8 {
    match error {
        Error::Driver(error) => driver_exit_status(error.cause()),
        Error::Files(error) if error.is_timeout() => 3,
        Error::Files(error) if error.is_usage() => 2,
        Error::Network(error) if error.is_usage() => 2,
        Error::NotShutDown { timed_out: true, .. }
        | Error::NotRestarted { timed_out: true, .. } => 3,
        Error::NotController => 4,
        Error::Chaos(ChaosError::Running(_)) => 3,
        Error::NotReached { .. } => 3,
        error => match error.kind() {
            ErrorKind::Usage
            | ErrorKind::Nodes
            | ErrorKind::Configuration
            | ErrorKind::Simulation
            | ErrorKind::NoSuchOrder => 2,
            _ => 1,
        },
    }
}

impl Failure {
    /// The same where the exit status 1 is an answer.
    pub(crate) fn without_answer(self) -> Self {
        match self {
            Self::Cluster(error) => Self::NotTold(error),
            failure => failure,
        }
    }

    /// The same of a dry run that a simulated board would do for.
    pub(crate) fn without_plan(self) -> Self {
        match self {
            Self::Cluster(error) => Self::NotPlanned(error),
            failure => failure,
        }
    }

    /// 1 failed, 2 usage or configuration, 3 timed out, 4 no board.
    pub(crate) fn exit_status(&self) -> u8 {
        match self {
            Self::Cluster(error) | Self::NotPlanned(error) => exit_status(error),
            // 1 is the answer no.
            Self::NotTold(error) => match exit_status(error) {
                1 => 4,
                status => status,
            },
            Self::NoConsole { error, .. } => exit_status(error),
            Self::NotAState { .. } => 2,
            Self::Usage(_) | Self::Simulation(_) | Self::NotConfirmed(_) => 2,
            Self::TimedOut(_) => 3,
            Self::Declined(_)
            | Self::NotAsked(_)
            | Self::Log { .. }
            | Self::Input(_)
            | Self::Output(_) => 1,
            // As a shell has it for a process that a signal ended.
            Self::Interrupted { signal, .. } | Self::PutBack { signal, .. } => 128 + *signal as u8,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Cluster(error) | Self::NotTold(error) | Self::NotPlanned(error) => error.kind(),
            Self::NoConsole { error, .. } => error.kind(),
            Self::NotAState { .. } => ErrorKind::Nodes,
            Self::Usage(_) => ErrorKind::Usage,
            Self::Simulation(_) => ErrorKind::Simulation,
            Self::NotAsked(_) => ErrorKind::NotShutDown,
            Self::NotConfirmed(_) | Self::Declined(_) => ErrorKind::NotConfirmed,
            Self::TimedOut(_) => ErrorKind::TimedOut,
            Self::Input(_) => ErrorKind::Input,
            Self::Log { .. } | Self::Output(_) => ErrorKind::Output,
            Self::Interrupted { .. } | Self::PutBack { .. } => ErrorKind::Interrupted,
        }
    }

    /// The message and its causes on one line.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::NotPlanned(error) if matches!(error.kind(), ErrorKind::NoBoard) => {
                shorten(&format!("{}; {PREVIEW}", chain(error))).into_owned()
            }
            Self::Cluster(error) | Self::NotTold(error) | Self::NotPlanned(error) => {
                let text = match (error, reworded(error)) {
                    (_, Some(text)) => text,
                    (Error::Driver(error), _) => error.describe(&Words).to_string(),
                    (error, _) => format!("{}{}{}", option(error), chain(error), advice(error)),
                };
                shorten(&text).into_owned()
            }
            failure => shorten(&chain(failure)).into_owned(),
        }
    }

    /// The message for people, over as many lines as it needs.
    pub(crate) fn lines(&self) -> String {
        let (Self::Cluster(error) | Self::NotTold(error) | Self::NotPlanned(error)) = self else {
            return self.message();
        };
        match error {
            Error::Nodes(error) => shorten(&error.pointed()).into_owned(),
            Error::Driver(DriverError::NoBoard { searched }) => {
                let mut text = self.message();
                for place in searched {
                    let _ = write!(text, "\n  looked at {place}");
                }
                text.push_str(
                    "\n  describe a HAT without EEPROM in a [[board]] of /etc/clusterhat/clusterhat.toml; \
                     `clusterhat boards --probe` helps to find it\n  \
                     `clusterhat doctor` checks what is missing; --sim v2.5 tries the command without a board",
                );
                text
            }
            // One a line: each has a fix of its own.
            Error::Network(NetworkError::Blocked(findings)) => {
                sentences(findings).collect::<Vec<_>>().join("\nclusterhat: ")
            }
            // The report stands there already.
            Error::ProblemsFound(_) => format!("{}: see above", self.message()),
            error => {
                let more = advice(error).strip_prefix("; ").map(str::to_owned);
                error.node_by_node(more).unwrap_or_else(|| self.message())
            }
        }
    }

    /// The same for programs.
    pub(crate) fn report(&self) -> ErrorReport {
        let mut report = match self {
            Self::Cluster(error) | Self::NotTold(error) | Self::NotPlanned(error) => error.report(),
            failure => ErrorReport::new(failure.kind(), String::new()),
        };
        report.message = self.message();
        report.exit_status = Some(self.exit_status());
        if let Self::Interrupted { switched, .. } = self {
            report.switched = Some(switched.clone()).filter(|switched| !switched.is_empty());
        }
        report
    }
}
