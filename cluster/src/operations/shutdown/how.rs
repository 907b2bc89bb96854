//! What may be asked of a shutdown.

use std::time::Duration;

/// How nodes are shut down.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shutdown {
    /// How long it may take; absent = as configured.
    pub limit: Option<Duration>,
    /// Cuts the power of a node that has not halted by then, whether it could be asked or not. Not of one whose card is in another
    /// position, or in whose position another card is.
    pub force: bool,
    /// What nodes that were shut down are to be afterwards.
    pub then: AfterShutdown,
    /// Where all nodes are meant, also switches off the positions of a board that no node is meant to be at, as `off` does. No
    /// node there can be asked, so they lose their power at once.
    pub beyond_size: bool,
}

/// What becomes of the desired state of nodes that were shut down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterShutdown {
    /// They are to be off.
    #[default]
    Off,
    /// It stays as it is: the caller switches them on again.
    Unchanged,
    /// They are on again after the next start of the controller, which goes down, too, unless `at-boot` says otherwise. A board
    /// that keeps its power meanwhile does not show that anything is to be restored, so the desired state says it.
    OnAtNextStart,
}
