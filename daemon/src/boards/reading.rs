//! One look at all boards.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use clusterhat::ErrorReport;
use clusterhat::report::{BoardsReport, InventoryReport, NodeStatus, StatusReport};

use crate::error::Problem;

/// One look at all boards: `status` and `boards` of the command. What a board cannot say is an entry with its error.
#[derive(Debug)]
pub struct Reading {
    /// When it began.
    pub taken: SystemTime,
    pub(super) begun: Instant,
    /// The nodes and boards; absent where no board could be opened at all.
    pub status: Option<StatusReport>,
    /// The boards and how they were found.
    pub boards: Option<BoardsReport>,
    /// Where the nodes are in their network, as it was when the boards were opened.
    pub network: Arc<InventoryReport>,
    /// What failed; the reports cover the rest.
    pub error: Option<Arc<ErrorReport>>,
}

impl Reading {
    /// When it began: nothing that it tells is older.
    #[must_use]
    pub const fn begun(&self) -> Instant {
        self.begun
    }

    /// A node's row, by `pN` or its configured name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&NodeStatus> {
        let mut nodes = self.status.as_ref()?.nodes.iter();
        nodes.find(|row| row.node == name || row.name.as_deref() == Some(name))
    }

    /// The nodes.
    #[must_use]
    pub fn nodes(&self) -> &[NodeStatus] {
        self.status.as_ref().map_or(&[], |status| &status.nodes)
    }

    /// A node's row.
    ///
    /// # Errors
    /// Not found; or why there is no reading at all.
    pub fn known(&self, name: &str) -> Result<&NodeStatus, Problem> {
        match (&self.status, &self.error) {
            (None, Some(error)) => Err(Problem::of_operation(Arc::clone(error))),
            _ => self.node(name).ok_or_else(|| {
                Problem::not_found(&format!("node {:?}", clusterhat::shorten(name)))
            }),
        }
    }
}
