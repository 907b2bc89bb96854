//! What each command found or did: one type a command, from which text and JSON are made.

use std::borrow::Cow;

use hat_driver::Positions;
use hat_driver::board::Setup;
use hat_driver::ctrl::readings::Firmware;
use hat_driver::expander::Chip;
use hat_driver::linux::{BoardInfo, Candidate, Change, Model, Output};
use hat_driver::power::Action;
use serde::Serialize;

use crate::args::What;
use crate::failure::FailureReport;

/// The version of the JSON documents: raised when a key goes or changes its meaning.
pub(crate) const SCHEMA: u32 = 1;

/// One JSON document.
#[derive(Debug, Serialize)]
pub(crate) struct Document<'a> {
    pub(crate) schema: u32,
    pub(crate) command: &'a str,
    /// The world's name or file; absent on a machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) simulated: Option<&'a str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<&'a Report>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bus: Option<BusUse>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) warnings: &'a [Cow<'a, str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<FailureReport>,
}

/// Transfers on all I2C buses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct BusUse {
    pub(crate) transfers: u32,
    pub(crate) retries: u32,
}

/// What a command found or did.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Report {
    Status(StatusReport),
    Power(PowerReport),
    Plan(PlanReport),
    Outputs(OutputReport),
    Init(InitReport),
    UsbBoot(UsbBootReport),
    Path(PathReport),
    Board(BoardReport),
    Boards(BoardsReport),
    Setup(SetupReport),
    Network(NetworkReport),
    Inventory(InventoryReport),
    Maxpi { maxpi: usize },
}

mod network;
mod setup;

pub(crate) use network::{InventoryNode, InventoryReport, NetworkDone, NetworkReport};
pub(crate) use setup::SetupReport;

/// `status`.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct StatusReport {
    pub(crate) nodes: Vec<NodeStatus>,
    pub(crate) boards: Vec<BoardStatus>,
    /// Whether the firmware reports under-voltage now; `None` where there is no such firmware.
    pub(crate) under_voltage: Option<bool>,
}

/// One node in `status`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NodeStatus {
    pub(crate) node: String,
    pub(crate) name: Option<String>,
    pub(crate) board: String,
    /// Whether a board that does not tell its order may come before it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) uncertain: bool,
    /// `None` where the board was never initialised or does not answer, or the node is absent.
    pub(crate) commanded: Option<bool>,
    /// `None` where the board does not answer, or the node is absent.
    pub(crate) seen: Option<bool>,
    /// Whether the node's HAT is not there: it is neither on nor off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) absent: bool,
}

/// One board in `status`.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct BoardStatus {
    pub(crate) board: String,
    #[serde(flatten)]
    pub(crate) model: ModelName,
    pub(crate) place: String,
    /// Places beyond the configured size that have power.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) beyond_size: Vec<String>,
    /// The rest is absent where the board does not answer.
    #[serde(flatten)]
    pub(crate) state: Option<BoardState>,
    #[serde(skip)]
    pub(crate) is_open: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// What a board is, in a word or two.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ModelName {
    /// A HAT's revision: 2.5.
    Revision(String),
    /// A HAT of no known revision, with the version that it is said to have.
    Unknown(Option<String>),
    /// A ClusterCTRL board's kind: Triple.
    ClusterCtrl(&'static str),
}

impl From<Model> for ModelName {
    fn from(model: Model) -> Self {
        match model {
            Model::Hat(revision) => Self::Revision(revision.version.to_string()),
            Model::Ctrl { product, .. } => Self::ClusterCtrl(product.name),
            Model::Unknown(version) => Self::Unknown(version.map(|version| version.to_string())),
            _ => Self::Unknown(None),
        }
    }
}

/// What a board of either kind says of itself.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum BoardState {
    Hat(HatState),
    Ctrl(CtrlState),
}

/// A ClusterCTRL board; what it cannot tell is absent.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct CtrlState {
    pub(crate) order: u8,
    pub(crate) firmware: Option<Firmware>,
    /// By ADC; `None` where the kind of ADC has no known scale.
    pub(crate) voltages_mv: Vec<Option<u32>>,
    pub(crate) temperature_c: Option<f64>,
    /// Bit 0 = switched on.
    pub(crate) fan: Option<u8>,
    /// The nodes that boot over USB.
    pub(crate) usb_boot: Option<Vec<String>>,
}

/// What a HAT says of its outputs; an output that the board lacks is absent.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct HatState {
    pub(crate) setup: Setup,
    pub(crate) chip: Option<Chip>,
    pub(crate) alert: Option<Level>,
    pub(crate) led: Option<Level>,
    pub(crate) hub: Option<Level>,
    pub(crate) write_protect: Option<Level>,
    /// Whether the solder link holds the write protection; `None` = cannot be told.
    pub(crate) write_protect_link: Option<bool>,
}

/// An output's commanded and seen state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Level {
    pub(crate) commanded: Option<bool>,
    pub(crate) seen: bool,
}

/// Places of a board beyond its configured size, by the names printed on it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct BeyondSize {
    pub(crate) board: String,
    pub(crate) places: Vec<String>,
}

impl BeyondSize {
    pub(crate) fn new(board: String, places: Positions) -> Self {
        Self { board, places: names(places) }
    }
}

/// What is printed on a board beside these positions.
pub(crate) fn names(places: Positions) -> Vec<String> {
    places.iter().map(|position| Positions::one(position).to_string()).collect()
}

/// `on`, `off` and `cycle`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct PowerReport {
    pub(crate) dry_run: bool,
    pub(crate) nodes: Vec<NodePower>,
    /// Boards that were initialised on the way.
    pub(crate) initialised: Vec<String>,
    /// What was switched off although no node is meant to be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) beyond_size: Vec<BeyondSize>,
}

/// One node after `on`, `off` or `cycle`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NodePower {
    pub(crate) node: String,
    pub(crate) name: Option<String>,
    pub(crate) power: Action,
    pub(crate) changed: bool,
    /// Whether somebody else switched it off, or asked for it to be off, since this command began.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) undone: bool,
    /// Whether it was switched off and on again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cycled: bool,
}

/// `--dry-run`.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct PlanReport {
    pub(crate) dry_run: bool,
    /// Boards that would be initialised first.
    pub(crate) initialise: Vec<String>,
    pub(crate) steps: Vec<PlanStep>,
}

/// One write of a plan.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct PlanStep {
    pub(crate) wait_s: f64,
    pub(crate) action: Action,
    pub(crate) nodes: Vec<String>,
}

/// `alert`, `led`, `hub`, `wp` and `fan`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct OutputReport {
    pub(crate) output: Output,
    pub(crate) state: &'static str,
    pub(crate) boards: Vec<OutputChange>,
    /// Boards that were initialised on the way.
    pub(crate) initialised: Vec<String>,
}

/// What an output did on one board, or on the controller.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct OutputChange {
    pub(crate) board: String,
    /// `None` where the board failed.
    pub(crate) result: Option<Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// `usbboot`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct UsbBootReport {
    pub(crate) state: &'static str,
    pub(crate) nodes: Vec<NodeUsbBoot>,
}

/// One node in `usbboot`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NodeUsbBoot {
    pub(crate) node: String,
    /// `None` where it failed.
    pub(crate) result: Option<Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// `path`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PathReport {
    pub(crate) nodes: Vec<NodePath>,
}

/// One node in `path`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NodePath {
    pub(crate) node: String,
    /// As sysfs names it: `1-1.2.4`; `None` where it is not known.
    pub(crate) path: Option<String>,
}

/// `board`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct BoardReport {
    pub(crate) board: String,
    #[serde(flatten)]
    pub(crate) done: BoardDone,
}

/// What was done to a ClusterCTRL board.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub(crate) enum BoardDone {
    Order { old: u8, new: u8 },
    Save { what: What },
    Reset,
}

/// `init`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct InitReport {
    pub(crate) boards: Vec<BoardInit>,
}

/// One board in `init`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct BoardInit {
    pub(crate) board: String,
    /// A ClusterCTRL board initialises itself.
    pub(crate) by_itself: bool,
    pub(crate) initialised: bool,
    /// The nodes that were on and stay on; absent where nothing was written.
    pub(crate) kept_on: Option<Vec<String>>,
    /// Places beyond the configured size that were on and stay on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) beyond_size: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// `boards`.
#[derive(Debug, Serialize)]
pub(crate) struct BoardsReport {
    pub(crate) boards: Vec<BoardEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) probed: Option<Vec<Candidate>>,
}

/// One board in `boards`.
#[derive(Debug, Serialize)]
pub(crate) struct BoardEntry {
    #[serde(flatten)]
    pub(crate) info: BoardInfo,
    pub(crate) chip: Option<Chip>,
    /// What is unverified about its bus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bus_unverified: Option<&'static str>,
    pub(crate) nodes: Vec<String>,
    /// Whether a board that does not tell its order may come before it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) uncertain: bool,
    #[serde(skip)]
    pub(crate) is_open: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// Boards never compare: the table of revisions and the EEPROM's texts come with them.
impl PartialEq for BoardsReport {
    fn eq(&self, _other: &Self) -> bool {
        false
    }
}
