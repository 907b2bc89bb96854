//! What a check comes to.

use std::fmt;

use node_link::UsbId;
use serde::{Serialize, Serializer};
use system_config::network;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something does not work.
    Error,
    /// It works now, but fails under conditions that come sooner or later.
    Warning,
    /// Worth knowing; nothing has to be done.
    Note,
}

/// A problem, its reason, and its fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DoctorFinding {
    /// The check that found it.
    pub kind: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The nodes that it is about; none where it is about the controller or a board.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
    /// The problem, in a clause.
    pub what: String,
    /// What it leads to.
    pub why: &'static str,
    /// What fixes it.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub fix: Fix,
    /// Whether that is safe to be done by itself.
    pub fixable: bool,
}

/// What fixes a problem. A program has commands for some of it: it matches these and says what they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fix {
    /// A command of the system or an instruction, or another fix in a program's own words.
    Text(String),
    /// Setting the controller up, which changes files that can be restored.
    SetUp {
        /// Who is to work without root.
        users: Vec<String>,
        /// Whether it takes effect at the next boot only.
        reboot: bool,
    },
    /// Telling the kernel, in `cmdline.txt`, that these USB devices are no disks.
    NotStorage(Vec<UsbId>),
    /// Loading kernel modules now.
    LoadModules(Vec<&'static str>),
    /// Initialising the boards.
    Init,
    /// Switching the USB hubs on.
    HubOn,
    /// Switching on what an interrupted `chaos` has left off.
    RestoreAfterChaos,
    /// Looking again as root.
    LookAsRoot,
    /// A fix of the nodes' network.
    Network(network::Fix),
    /// Setting the nodes' network up anew.
    NetworkSetUp,
    /// Preparing the card of the node of this number, or swapping cards.
    OwnCard(u32),
}

impl Fix {
    /// Whether it changes nothing but what can be undone, or ends with the next boot, and takes no node's power.
    #[must_use]
    pub const fn is_safe(&self) -> bool {
        matches!(self, Self::SetUp { .. } | Self::NotStorage(_) | Self::LoadModules(_))
    }
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::SetUp { .. } => f.write_str("set the controller up"),
            Self::NotStorage(ids) => {
                let list: Vec<_> = ids.iter().map(|id| format!("{id}:i")).collect();
                write!(
                    f,
                    "add usb-storage.quirks={} to the line in cmdline.txt, and reboot",
                    list.join(",")
                )
            }
            Self::LoadModules(modules) => write!(f, "modprobe -a {}", modules.join(" ")),
            Self::Init => f.write_str("initialise the boards"),
            Self::HubOn => f.write_str("switch the hub on"),
            Self::RestoreAfterChaos => f.write_str("switch these nodes on"),
            Self::LookAsRoot => f.write_str("look again as root"),
            Self::Network(fix) => fix.fmt(f),
            Self::NetworkSetUp => f.write_str("set the nodes' network up again"),
            Self::OwnCard(node) => {
                write!(f, "swap the cards, or prepare the card in p{node} as node {node}")
            }
        }
    }
}

/// As text.
impl Serialize for Fix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A finding before its check's name and reason are put to it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) severity: Severity,
    pub(super) nodes: Vec<String>,
    pub(super) what: String,
    pub(super) fix: Fix,
}

impl Found {
    pub(super) fn error(what: impl Into<String>, fix: Fix) -> Self {
        Self { severity: Severity::Error, nodes: Vec::new(), what: what.into(), fix }
    }

    pub(super) fn warning(what: impl Into<String>, fix: Fix) -> Self {
        Self { severity: Severity::Warning, ..Self::error(what, fix) }
    }

    pub(super) fn note(what: impl Into<String>, fix: Fix) -> Self {
        Self { severity: Severity::Note, ..Self::error(what, fix) }
    }

    pub(super) fn of_nodes(self, nodes: Vec<String>) -> Self {
        Self { nodes, ..self }
    }
}

/// Why a check could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotMade(pub(super) String);

impl NotMade {
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// What a check comes to: what it found, or why it could not be made.
pub(super) type Checked = Result<Vec<Found>, NotMade>;
