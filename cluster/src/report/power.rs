//! What switching nodes tells, and what it would do.

use hat_driver::Positions;
use hat_driver::power::Action;
use serde::Serialize;

/// `on`, `off` and `cycle`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
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
pub struct NodePower {
    /// `pN`.
    pub node: String,
    /// Its configured name.
    pub name: Option<String>,
    /// The state that it has now.
    pub power: Action,
    /// Whether it was switched at all.
    pub changed: bool,
    /// Whether somebody else switched it off, or asked for it to be off, since this command began.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
    /// Whether it was switched off and on again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cycled: bool,
}

/// `--dry-run`.
#[derive(Debug, PartialEq, Serialize)]
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
pub struct PlanStep {
    /// Seconds to wait before it.
    pub wait_s: f64,
    /// What is done.
    pub action: Action,
    /// The nodes of one board that are switched together.
    pub nodes: Vec<String>,
}

/// Places of a board beyond its configured size, by the names printed on it.
#[derive(Debug, PartialEq, Eq, Serialize)]
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

/// What is printed on a board beside these positions.
pub(crate) fn names(places: Positions) -> Vec<String> {
    places.iter().map(|position| Positions::one(position).to_string()).collect()
}
