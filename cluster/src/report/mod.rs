//! What each operation found or did: a type for each operation, from which text and JSON are rendered.

use std::borrow::Cow;

use serde::Serialize;

use crate::error::ErrorReport;

mod boards;
mod chaos;
mod console;
mod doctor;
mod event;
mod network;
mod no_agent;
mod outputs;
mod power;
mod restore;
mod setup;
mod shutdown;
mod since;
mod status;
mod top;
mod wait;

pub use boards::{
    BoardDone, BoardEntry, BoardInit, BoardReport, BoardSettings, BoardsReport, InitReport,
    NodePath, PathReport,
};
pub use chaos::{ChaosReport, PlannedFault};
pub use console::ConsoleReport;
pub use doctor::{CheckNotMade, DoctorReport, FixDone};
pub use event::EventReport;
pub use network::{InventoryNode, InventoryReport, NetworkDone, NetworkReport};
pub use no_agent::{NoAgent, NoAgentReason};
pub use outputs::{NodeUsbBoot, OutputChange, OutputReport, UsbBootReport};
pub use power::{
    BeyondSize, NodePower, PlanReport, PlanStep, PowerReport, SwitchedNode, SystemState,
};
pub use restore::{RestoreNode, RestoreReport};
pub use setup::SetupReport;
pub use shutdown::{NodeReboot, NodeShutdown, RebootReport, ShutdownReport, ShutdownResult};
pub use since::Since;
pub use status::{
    BoardState, BoardStatus, CtrlState, HatState, Level, ModelName, NodeStatus, StatusReport,
};

pub use top::{FanReport, TopNode, TopReport};
pub use wait::{StartReport, WaitNode, WaitReport};

pub(crate) use chaos::seconds;
pub(crate) use power::names;
pub(crate) use wait::{STAYS_IN_BOOT_ROM, likely_cause};

/// The version of the JSON documents: incremented when a key is removed or its meaning changes.
pub const SCHEMA: u32 = 1;

/// One JSON document: what every program here prints for programs, on success and on failure.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Document<'a> {
    /// The version of the documents: incremented when a key is removed or its meaning changes.
    pub schema: u32,
    /// The command's word; empty if the command line names no command.
    pub command: &'a str,
    /// The simulation's name or file; absent on real hardware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulated: Option<&'a str>,
    /// What was found or done; its keys are merged into this object.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub report: Option<&'a Report>,
    /// Absent if no bus was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus: Option<BusUse>,
    /// Problems that did not stop the command, a sentence each.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub warnings: &'a [Cow<'a, str>],
    /// What failed; the report, if there is one, covers the other parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

/// Transfers on all I2C buses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BusUse {
    /// All transfers, retries among them.
    pub transfers: u32,
    /// Those that were made again after one that failed.
    pub retries: u32,
}

/// What an operation found or did.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Report {
    /// What is commanded and what is seen.
    Status(StatusReport),
    /// Nodes were switched.
    Power(PowerReport),
    /// Nodes were restored after a loss of power, or would be.
    Restore(RestoreReport),
    /// Nodes were shut down.
    Shutdown(ShutdownReport),
    /// Nodes restart.
    Reboot(RebootReport),
    /// What switching nodes would do.
    Plan(PlanReport),
    /// Nodes were switched on and waited for.
    Start(StartReport),
    /// Nodes were waited for.
    Wait(WaitReport),
    /// Whether nodes have power.
    IsOn {
        /// Whether all of them do.
        on: bool,
    },
    /// Outputs were switched.
    Outputs(OutputReport),
    /// Boards were initialised.
    Init(InitReport),
    /// How nodes boot was chosen.
    UsbBoot(UsbBootReport),
    /// Where nodes are on the USB.
    Path(PathReport),
    /// A ClusterCTRL board's settings were changed, saved or reset.
    Board(BoardReport),
    /// The boards, and how they were found.
    Boards(BoardsReport),
    /// The controller's setup.
    Setup(SetupReport),
    /// The nodes' network.
    Network(NetworkReport),
    /// Power loss at random.
    Chaos(ChaosReport),
    /// One look at every node.
    Top(TopReport),
    /// What the fans are to do.
    Fan(FanReport),
    /// A check-up.
    Doctor(DoctorReport),
    /// The nodes for other programs.
    Inventory(InventoryReport),
    /// Something happened.
    Event(EventReport),
    /// A node's console was talked to.
    Console(ConsoleReport),
    /// How many nodes there are.
    Maxpi {
        /// That number.
        maxpi: usize,
    },
}
