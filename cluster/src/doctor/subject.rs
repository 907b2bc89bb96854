//! What a check-up is about, and whom it may ask.

use hat_driver::linux::Wording;
use system_config::{LinuxTools, Tools};

use crate::controller::Options;
use crate::nodes::{Labels, NodeSet};

/// Whom a check-up is about.
pub struct Subject<'a> {
    /// The machine and its configuration.
    pub options: &'a Options,
    /// The nodes that are looked at; all for none.
    pub nodes: &'a NodeSet,
    /// Who is to work without root.
    pub users: &'a [String],
    /// The programs of the running system; none where the system does not run.
    pub tools: Option<&'a dyn Tools>,
    /// What a program's user can do about an error of the boards.
    pub wording: &'a dyn Wording,
}

impl<'a> Subject<'a> {
    /// All nodes of a machine; its system's programs are asked if it runs here.
    #[must_use]
    pub fn new(options: &'a Options, nodes: &'a NodeSet) -> Self {
        let is_here = options.simulation.is_none()
            && options.root.as_deref().is_none_or(|root| root == std::path::Path::new("/"));
        let tools: Option<&dyn Tools> = if is_here { Some(&LinuxTools) } else { None };
        Self { options, nodes, users: &[], tools, wording: &Labels }
    }
}
