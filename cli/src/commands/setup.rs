//! `setup`: prepares the controller. Touches no board: nodes that are on stay on.

use std::path::PathBuf;

use clap::Args;
use clusterhat::report::Report;
use clusterhat::{Controller, Setup as Prepare, SetupUndo, System};

use super::{Done, Run};
use crate::call::Call;
use crate::progress;

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

impl Run for Setup {
    fn name(&self) -> &'static str {
        "setup"
    }

    fn run(&self, call: &mut Call) -> Done {
        // Refuses a node, and settings that make no sense, before anything is changed.
        Controller::new(&call.options)?;
        let system = System::new(&call.options)?;
        let outcome = if self.undo {
            let undo = SetupUndo {
                dry_run: self.dry_run,
                overwrite: self.force,
                boot_dir: self.boot_dir.clone(),
            };
            system.undo_setup(&undo, &mut progress::task)?
        } else {
            let prepare = Prepare {
                dry_run: self.dry_run,
                users: self.users(&system),
                serial_console: self.serial_console,
                boot_dir: self.boot_dir.clone(),
            };
            system.set_up(&prepare, &mut progress::task)?
        };
        Ok(outcome.map(Report::Setup))
    }
}

impl Setup {
    /// Who is to work without root. Who called sudo is a user of this machine, and not of a card.
    fn users(&self, system: &System) -> Vec<String> {
        if !self.users.is_empty() {
            return self.users.clone();
        }
        let caller = std::env::var("SUDO_USER").ok().filter(|_| system.is_running());
        caller.filter(|user| !user.is_empty() && user != "root").into_iter().collect()
    }
}
