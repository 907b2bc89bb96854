//! The reports of switching nodes, and of its dry run.

use hat_driver::Positions;
use hat_driver::linux::{Done, Node, NodeResult, SparePlaces};
use hat_driver::power::{Action, ResultingState};
use serde::Serialize;

use crate::nodes::label;

/// `on`, `off` and `cycle`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PowerReport {
    /// Always false; a dry run gives a plan.
    pub dry_run: bool,
    /// In the order of asking; beside an error, those whose state is sure.
    pub nodes: Vec<NodePower>,
    /// Boards that were initialised on the way.
    pub initialised: Vec<String>,
    /// What was switched off although no node is meant to be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beyond_size: Vec<BeyondSize>,
}

/// One node after `on`, `off` or `cycle`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NodePower {
    /// `pN`.
    pub node: String,
    /// Its configured name.
    pub name: Option<String>,
    /// The state that it has now.
    pub power: Action,
    /// Whether it was switched at all.
    pub changed: bool,
    /// Whether another process switched it off, or requested that, since this command began.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
    /// Whether it was switched off and on again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cycled: bool,
    /// Present where it has power, was not switched, and its system does not run or is about to end: only a power
    /// cycle starts it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemState>,
}

/// Why a node that has power is of no use without a power cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SystemState {
    /// Its system has accepted to shut down, and is still there.
    GoingDown,
    /// Its system has halted.
    Halted,
    /// Its system had accepted to shut down and is not on the USB: it has halted, or somebody has started it again.
    MayBeHalted,
}

/// `--dry-run`.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PlanReport {
    /// Always true.
    pub dry_run: bool,
    /// Boards that would be initialised first.
    pub initialise: Vec<String>,
    /// In their order.
    pub steps: Vec<PlanStep>,
}

/// One write of a plan.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PlanStep {
    /// Seconds to wait before it.
    pub wait_s: f64,
    /// What is done.
    pub action: Action,
    /// The nodes of one board that are switched together; those that are shut down may be of several.
    pub nodes: Vec<String>,
    /// Whether each node is shut down first, and switched off once it has halted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shut_down: bool,
}

/// Places of a board beyond its configured size, by the names printed on it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BeyondSize {
    /// The board's name.
    pub board: String,
    /// As printed on the board: `p3`.
    pub places: Vec<String>,
}

impl BeyondSize {
    pub(crate) fn new(board: String, places: Positions) -> Self {
        Self { board, places: names(places) }
    }
}

/// A node that an operation which failed was to switch, or a position beyond a board's size, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SwitchedNode {
    /// `pN`, or `hat1:P4`.
    pub node: String,
    /// What was done to it last, or was to be done.
    pub power: Action,
    /// Whether it is as it was before that, or as it was to become.
    #[serde(rename = "stands")]
    pub resulting: ResultingState,
}

impl SwitchedNode {
    /// How far an action on a node got.
    #[must_use]
    pub fn new(node: Node, power: Action, resulting: ResultingState) -> Self {
        Self { node: label(node), power, resulting }
    }

    /// Every node that an operation was asked for; another process switched off those that it undid.
    pub(crate) fn of_all(done: &Done, undone: &[Node]) -> Vec<Self> {
        let state = |result: &NodeResult| {
            let is_undone = undone.contains(&result.node);
            let resulting = if is_undone { ResultingState::Old } else { result.resulting };
            Self::new(result.node, result.action, resulting)
        };
        done.results.iter().map(state).collect()
    }

    /// Places beyond a board's size that were switched off.
    pub(crate) fn of_spare(spare: &SparePlaces) -> Vec<Self> {
        let state = |place| Self {
            node: format!("{}:{place}", spare.board),
            power: Action::Off,
            resulting: ResultingState::New,
        };
        names(spare.places).into_iter().map(state).collect()
    }
}

/// What is printed on a board beside these positions.
pub(crate) fn names(places: Positions) -> Vec<String> {
    places.iter().map(|position| Positions::one(position).to_string()).collect()
}
