//! What an error is about.

use hat_driver::linux::ClusterError as DriverError;
use serde::Serialize;

use super::Error;
use crate::chaos::ChaosError;

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
}

impl ErrorKind {
    /// Of any error.
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::Driver(error) => Self::of_driver(error.cause()),
            Error::Chaos(error) => Self::of_chaos(error),
            Error::OrderTaken { .. }
            | Error::FactoryOrderTaken { .. }
            | Error::NoFan
            | Error::NoNetworkPlace { .. }
            | Error::NoRoot(_)
            | Error::NoSystem
            | Error::NotRunning(_)
            | Error::NotRoot
            | Error::NoSuchUser { .. } => Self::Usage,
            Error::Nodes(_) => Self::Nodes,
            Error::Config(_) | Error::NoFanCurve => Self::Configuration,
            Error::Simulation(_) => Self::Simulation,
            Error::Port(_) | Error::SharedConsole(_) => Self::Port,
            Error::Service(_) => Self::Service,
            Error::NotController => Self::NotController,
            Error::NoSuchOutput(_) | Error::NoUsbBoot => Self::NoSuchOutput,
            Error::NoSuchOrder { .. } => Self::NoSuchOrder,
            Error::HubResetStopped | Error::ChaosStopped | Error::FanStopped => Self::Interrupted,
            Error::NotShutDown { timed_out: true, .. } | Error::NotReached { .. } => Self::TimedOut,
            Error::NotShutDown { .. } | Error::NotRestarted { .. } => Self::NotShutDown,
            Error::Absent(_) => Self::Absent,
            Error::Vetoed { .. } => Self::Vetoed,
            Error::Desired(_) => Self::Desired,
            Error::BootLoop(_) => Self::BootLoop,
            Error::NoPath(_) => Self::NoPath,
            Error::Files(error) if error.is_timeout() => Self::Locked,
            Error::LeftOut(_) => Self::LeftOut,
            Error::Files(_) | Error::Groups(_) => Self::Setup,
            Error::Network(_) | Error::NetworkBroken(_) => Self::Network,
            Error::ProblemsFound(_) => Self::ProblemsFound,
            Error::Events(_) => Self::Events,
        }
    }

    fn of_chaos(error: &ChaosError) -> Self {
        match error {
            ChaosError::Running(_) => Self::Locked,
            ChaosError::Note { .. } | ChaosError::Damaged { .. } => Self::Note,
            ChaosError::Gone { .. } => Self::Absent,
            _ => Self::Usage,
        }
    }

    /// Of an error of the boards.
    fn of_driver(error: &DriverError) -> Self {
        match error {
            error if error.is_configuration() => Self::Configuration,
            DriverError::NotOpened { source, .. } if source.is_configuration() => {
                Self::Configuration
            }
            DriverError::NoBoard { .. } => Self::NoBoard,
            DriverError::Locked { .. } => Self::Locked,
            DriverError::UnderVoltage { .. } => Self::UnderVoltage,
            DriverError::Undone { .. } => Self::Undone,
            DriverError::Stopped { .. } => Self::Stopped,
            DriverError::Cycle { .. } => Self::CycleIncomplete,
            _ => Self::Board,
        }
    }
}
