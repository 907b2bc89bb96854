//! What an error is about.

use hat_driver::linux::ClusterError as DriverError;
use serde::Serialize;

/// The category of an error, for programs. Spelled with hyphens in JSON: `no-board`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// A command or argument that is not valid, or not valid here.
    Usage,
    /// A malformed node set, or unknown nodes.
    Nodes,
    /// Numbers that are of other nodes now, since a board has come or gone.
    Renumbered,
    /// The configuration, or two boards with the same order.
    Configuration,
    /// An unknown simulation, or a simulation file that cannot be used.
    Simulation,
    /// A serial port of a node cannot be opened.
    Port,
    /// The service clusterhatd refuses what it was asked for.
    Service,
    /// This machine is a node.
    NotController,
    /// No board has the output.
    NoSuchOutput,
    /// No ClusterCTRL board has the order.
    NoSuchOrder,
    /// A dangerous operation was not confirmed.
    NotConfirmed,
    /// Interrupted by a signal or by the caller.
    Interrupted,
    /// Nodes could not be shut down or restarted.
    NotShutDown,
    /// The nodes' HAT is not connected.
    Absent,
    /// A hook refused nodes.
    Vetoed,
    /// The nodes' desired state cannot be read or saved.
    Desired,
    /// Two starts of nodes in a row were cut short.
    BootLoop,
    /// No USB path is known for the nodes.
    NoPath,
    /// Another process held a lock for too long.
    Locked,
    /// Node numbers are too large to have addresses in the nodes' network.
    LeftOut,
    /// Setting up the system's files or groups failed.
    Setup,
    /// Setting up the nodes' network failed, or it does not work.
    Network,
    /// The note of nodes without power cannot be kept.
    Note,
    /// A check-up found something that needs doing.
    ProblemsFound,
    /// Standard input could not be used.
    Input,
    /// Events of nodes cannot be received.
    Events,
    /// The output could not be written.
    Output,
    /// No board was found.
    NoBoard,
    /// The Pi reports under-voltage.
    UnderVoltage,
    /// Another process switched off what was switched on.
    Undone,
    /// What was waited for did not come in time.
    TimedOut,
    /// Stopped by the observer.
    Stopped,
    /// A power cycle left nodes off.
    CycleIncomplete,
    /// A board does not answer, or gives a wrong answer.
    Board,
    /// A defect of the program.
    Internal,
}

impl ErrorKind {
    /// Of an error of the boards.
    pub(super) fn of_driver(error: &DriverError) -> Self {
        match error {
            error if error.is_configuration() => Self::Configuration,
            DriverError::NotOpened { source, .. } if source.is_configuration() => {
                Self::Configuration
            }
            DriverError::NoBoard { .. } => Self::NoBoard,
            DriverError::Locked { .. } => Self::Locked,
            DriverError::Boards(errors) if errors.iter().all(is_locked) => Self::Locked,
            DriverError::UnderVoltage { .. } => Self::UnderVoltage,
            DriverError::Undone { .. } => Self::Undone,
            DriverError::Stopped { .. } => Self::Stopped,
            DriverError::Cycle { .. } => Self::CycleIncomplete,
            _ => Self::Board,
        }
    }
}

const fn is_locked(error: &DriverError) -> bool {
    matches!(error, DriverError::Locked { .. })
}
