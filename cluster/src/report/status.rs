//! The report of `status`.

use hat_driver::ctrl::readings::Firmware;
use hat_driver::expander::Chip;
use hat_driver::hat::PinSetup;
use hat_driver::linux::BoardModel;
use serde::Serialize;

use super::Since;
use crate::life::{NodeState, State};
use crate::nodes::label;

/// `status`.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StatusReport {
    /// By number.
    pub nodes: Vec<NodeStatus>,
    /// In the order of their nodes.
    pub boards: Vec<BoardStatus>,
    /// Whether the firmware reports under-voltage now; `None` where there is no such firmware.
    pub under_voltage: Option<bool>,
}

impl StatusReport {
    /// Whether the USB hub of this board is off: nothing is seen of its nodes, however long they run.
    pub(crate) fn is_hub_off(&self, board: &str) -> bool {
        let board = self.boards.iter().find(|one| one.board == board);
        let Some(BoardState::Hat(hat)) = board.and_then(|board| board.state.as_ref()) else {
            return false;
        };
        hat.hub.as_ref().is_some_and(|hub| hub.commanded == Some(false))
    }

    /// Takes over the states of a watch, which knows since when they have lasted. Where a board says nothing of a
    /// node, there is nothing to take over.
    pub fn follow(&mut self, states: &[NodeState]) {
        for state in states {
            let label = label(state.node);
            let node = self.nodes.iter_mut().find(|node| node.node == label);
            if let Some(node) = node.filter(|node| node.state.is_some()) {
                (node.state, node.since) = (Some(state.state), state.since.map(Since));
            }
        }
    }
}

/// One node in `status`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NodeStatus {
    /// `pN`.
    pub node: String,
    /// Its configured name.
    pub name: Option<String>,
    /// Its board's name.
    pub board: String,
    /// Whether a board of unknown order may come before it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub uncertain: bool,
    /// `None` where the board was never initialised or does not answer, or the node is absent.
    pub commanded: Option<bool>,
    /// `None` where the board does not answer, or the node is absent.
    pub seen: Option<bool>,
    /// Whether the node's HAT is not there: it is neither on nor off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
    /// How far it has come; `None` where its board does not say whether it has power, and nothing else of it is seen.
    pub state: Option<State>,
    /// Since when, in JSON in seconds since 1970-01-01 UTC; `None` if it was not observed, or another program has switched the power.
    pub since: Option<Since>,
}

impl NodeStatus {
    /// Whether it is booting.
    pub(crate) fn is_starting(&self) -> bool {
        self.state.is_some_and(|state| state.is_starting(self.since.map(Since::age)))
    }
}

/// One board in `status`.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BoardStatus {
    /// Its name.
    pub board: String,
    /// `revision`, `unknown` or `clusterctrl`, and which.
    #[serde(flatten)]
    pub model: ModelName,
    /// Where it is: `bus 1 address 0x20`, `GPIO`.
    pub place: String,
    /// Places beyond the configured size that have power.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beyond_size: Vec<String>,
    /// The rest is absent where the board does not answer.
    #[serde(flatten)]
    pub state: Option<BoardState>,
    /// Whether it could be opened.
    #[serde(skip)]
    pub is_open: bool,
    /// Why it says nothing of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a board is, in a word or two.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ModelName {
    /// A HAT's revision: 2.5.
    Revision(String),
    /// A HAT of no known revision, with the version that it is said to have.
    Unknown(Option<String>),
    /// A ClusterCTRL board's kind: Triple.
    ClusterCtrl(&'static str),
}

impl From<BoardModel> for ModelName {
    fn from(model: BoardModel) -> Self {
        match model {
            BoardModel::Hat(revision) => Self::Revision(revision.version.to_string()),
            BoardModel::Ctrl { product, .. } => Self::ClusterCtrl(product.name),
            BoardModel::Unknown(version) => {
                Self::Unknown(version.map(|version| version.to_string()))
            }
            _ => Self::Unknown(None),
        }
    }
}

/// What a board of either kind says of itself.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum BoardState {
    /// A HAT.
    Hat(HatState),
    /// A ClusterCTRL board.
    Ctrl(CtrlState),
}

/// A ClusterCTRL board; what it does not report is absent.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CtrlState {
    /// 1 to 255; the boards' nodes are numbered in this order.
    pub order: u8,
    /// The firmware's version.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub firmware: Option<Firmware>,
    /// By ADC; `None` where the kind of ADC has no known scale.
    pub voltages_mv: Vec<Option<u32>>,
    /// Degrees Celsius.
    pub temperature_c: Option<f64>,
    /// Bit 0 = switched on.
    pub fan: Option<u8>,
    /// The nodes that boot over USB.
    pub usb_boot: Option<Vec<String>>,
}

/// What a HAT says of its outputs; an output that the board lacks is absent.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct HatState {
    /// Whether it is initialised since power-up.
    pub setup: PinSetup,
    /// The kind of expander, if known.
    pub chip: Option<Chip>,
    /// The ALERT LED.
    pub alert: Option<Level>,
    /// The nodes' status LEDs.
    pub led: Option<Level>,
    /// The USB hub.
    pub hub: Option<Level>,
    /// The write protection of its EEPROM.
    pub write_protect: Option<Level>,
    /// Whether the solder link holds the write protection; `None` = unknown.
    pub write_protect_link: Option<bool>,
}

/// An output's commanded and seen state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Level {
    /// As the register says; `None` where the board is not initialised.
    pub commanded: Option<bool>,
    /// As the pin shows.
    pub seen: bool,
}
