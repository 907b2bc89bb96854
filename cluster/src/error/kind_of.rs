//! Which kind each error is of.

use super::{Error, ErrorKind};
use crate::chaos::ChaosError;

impl Error {
    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Driver(error) => ErrorKind::of_driver(error.cause()),
            Self::Chaos(error) => of_chaos(error),
            Self::FaultsFailed { kind, .. } => *kind,
            Self::OrderTaken { .. }
            | Self::FactoryOrderTaken { .. }
            | Self::NoFan
            | Self::NoNetworkPlace { .. }
            | Self::NoRoot(_)
            | Self::LeadsOut(_)
            | Self::NoSystem
            | Self::NotRunning(_)
            | Self::NotRoot
            | Self::NoSuchUser { .. } => ErrorKind::Usage,
            Self::Nodes(_) => ErrorKind::Nodes,
            Self::Renumbered(_) => ErrorKind::Renumbered,
            Self::Config(_) | Self::NoFanCurve => ErrorKind::Configuration,
            Self::Simulation(_) | Self::SimulationFolder(_) => ErrorKind::Simulation,
            Self::Port(_) | Self::SharedConsole(_) => ErrorKind::Port,
            Self::Service(_) => ErrorKind::Service,
            Self::NotController => ErrorKind::NotController,
            Self::NoSuchOutput(_) | Self::NoUsbBoot => ErrorKind::NoSuchOutput,
            Self::NoSuchOrder { .. } => ErrorKind::NoSuchOrder,
            Self::HubResetStopped | Self::ChaosStopped | Self::FanStopped => ErrorKind::Interrupted,
            Self::NotShutDown { timed_out: true, .. }
            | Self::NotRestarted { timed_out: true, .. }
            | Self::NotReached { .. } => ErrorKind::TimedOut,
            Self::NotShutDown { .. } | Self::NotRestarted { .. } => ErrorKind::NotShutDown,
            Self::Wanted(_) => ErrorKind::Undone,
            Self::Absent(_) => ErrorKind::Absent,
            Self::Vetoed { .. } => ErrorKind::Vetoed,
            Self::Desired(_) => ErrorKind::Desired,
            Self::BootLoop(_) => ErrorKind::BootLoop,
            Self::NoPath(_) => ErrorKind::NoPath,
            Self::Files(error) if error.is_timeout() => ErrorKind::Locked,
            Self::LeftOut(_) => ErrorKind::LeftOut,
            Self::Files(_) | Self::Groups(_) | Self::StillMember { .. } => ErrorKind::Setup,
            Self::Network(_) | Self::NetworkBroken(_) => ErrorKind::Network,
            Self::ProblemsFound(_) => ErrorKind::ProblemsFound,
            Self::Events(_) => ErrorKind::Events,
        }
    }
}

fn of_chaos(error: &ChaosError) -> ErrorKind {
    match error {
        ChaosError::Running(_) => ErrorKind::Locked,
        ChaosError::Note { .. } | ChaosError::Damaged { .. } => ErrorKind::Note,
        ChaosError::Gone { .. } => ErrorKind::Absent,
        _ => ErrorKind::Usage,
    }
}
