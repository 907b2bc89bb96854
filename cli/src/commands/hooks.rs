//! What every command that switches nodes takes about hooks.

use clap::Args;

use crate::call::Call;

/// What all that switches nodes shares.
#[derive(Debug, Args)]
pub(crate) struct Hooks {
    /// Run no hooks, so that none can refuse a node
    #[arg(long)]
    no_hooks: bool,
}

impl Hooks {
    pub(crate) fn apply(&self, call: &mut Call) {
        call.options.without_hooks = self.no_hooks;
    }
}
