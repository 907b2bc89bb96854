//! The hook options of every command that switches nodes.

use clap::Args;

use crate::call::Call;

#[derive(Debug, Args)]
pub(crate) struct Hooks {
    /// Run no hooks; none can refuse a node then
    #[arg(long)]
    no_hooks: bool,
}

impl Hooks {
    pub(crate) fn apply(&self, call: &mut Call) {
        call.options.without_hooks = self.no_hooks;
    }
}
