//! The reports of `boards`, `board`, `init` and `path`.

use hat_driver::ctrl::device::Save;
use hat_driver::expander::Chip;
use hat_driver::linux::{BoardInfo, Candidate};
use serde::Serialize;

/// `path`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PathReport {
    /// In the order of asking.
    pub nodes: Vec<NodePath>,
}

/// One node in `path`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NodePath {
    /// `pN`.
    pub node: String,
    /// As sysfs names it: `1-1.2.4`; `None` where it is not known.
    pub path: Option<String>,
}

/// `board`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BoardReport {
    /// The board's name.
    pub board: String,
    /// What was done to it.
    #[serde(flatten)]
    pub done: BoardDone,
}

/// What was done to a ClusterCTRL board.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum BoardDone {
    /// It has another order, until its next reset unless it is saved.
    Order {
        /// The order it had.
        old: u8,
        /// The order it has.
        new: u8,
    },
    /// Settings were written to its EEPROM.
    Save {
        /// Which.
        what: BoardSettings,
    },
    /// It restarted.
    Reset,
}

/// Settings that a ClusterCTRL board can keep in its EEPROM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum BoardSettings {
    /// All of its settings.
    All,
    /// Its order.
    Order,
    /// Whether its nodes boot over USB.
    UsbBoot,
    /// The nodes' current power state, restored when the board powers up.
    Power,
    /// The LEDs.
    Led,
    /// Factory settings: order 20, all nodes off, USB boot on.
    Defaults,
}

impl From<BoardSettings> for Save {
    fn from(what: BoardSettings) -> Self {
        match what {
            BoardSettings::All => Self::All,
            BoardSettings::Order => Self::Order,
            BoardSettings::UsbBoot => Self::UsbBoot,
            BoardSettings::Power => Self::Power,
            BoardSettings::Led => Self::Leds,
            BoardSettings::Defaults => Self::Defaults,
        }
    }
}

/// `init`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct InitReport {
    /// In the order of their nodes.
    pub boards: Vec<BoardInit>,
}

/// One board in `init`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BoardInit {
    /// The board's name.
    pub board: String,
    /// A ClusterCTRL board initialises itself.
    pub by_itself: bool,
    /// Whether it was initialised now.
    pub initialised: bool,
    /// The nodes that were on and stay on; absent where nothing was written.
    pub kept_on: Option<Vec<String>>,
    /// Places beyond the configured size that were on and stay on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beyond_size: Vec<String>,
    /// Why it failed; why it cannot be opened, if it initialises itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// `boards`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BoardsReport {
    /// In the order of their nodes.
    pub boards: Vec<BoardEntry>,
    /// What answered at an address where a HAT could be; absent if it was not requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probed: Option<Vec<Candidate>>,
}

/// One board in `boards`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BoardEntry {
    /// What it is and how it was found.
    #[serde(flatten)]
    pub info: BoardInfo,
    /// The kind of expander, if known.
    pub chip: Option<Chip>,
    /// What is unverified about its bus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus_unverified: Option<&'static str>,
    /// Its nodes: `pN`.
    pub nodes: Vec<String>,
    /// Whether a board of unknown order may come before it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub uncertain: bool,
    /// Whether it could be opened.
    #[serde(skip)]
    pub is_open: bool,
    /// Why it says nothing of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Boards never compare: the table of revisions and the EEPROM's texts come with them.
impl PartialEq for BoardsReport {
    fn eq(&self, _other: &Self) -> bool {
        false
    }
}
