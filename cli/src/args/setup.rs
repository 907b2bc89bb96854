//! The words of `setup`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// Show the changes as a diff and make none
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take back what `setup` changed; what others changed since stays
    #[arg(long, conflicts_with_all = ["users", "serial_console"])]
    pub(crate) undo: bool,
    /// With --undo: take back also what somebody edited of it since
    #[arg(long, requires = "undo")]
    pub(crate) force: bool,
    /// Let this user work without root [default: who called sudo]
    #[arg(long = "user", value_name = "NAME")]
    pub(crate) users: Vec<String>,
    /// Also a console on the header's serial port
    #[arg(long)]
    pub(crate) serial_console: bool,
    /// Where the boot partition is mounted [default: boot/firmware or boot below the root]
    #[arg(long, value_name = "DIR")]
    pub(crate) boot_dir: Option<PathBuf>,
}
