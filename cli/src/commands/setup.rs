//! `setup` and `setup undo`: prepares the controller. Touches no board: nodes that are on stay on.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clusterhat::report::Report;
use clusterhat::{Controller, SetupUndo, System};

use crate::call::{Call, Done, Run};
use crate::failure::Failure;
use crate::progress;

#[derive(Debug, Args)]
pub(crate) struct SetupCommand {
    #[command(subcommand)]
    action: Option<SetupAction>,
    /// Show the changes as a diff and make none
    #[arg(long)]
    dry_run: bool,
    /// The former spelling of `setup undo`
    #[arg(long, hide = true, conflicts_with_all = ["users", "serial_console"])]
    undo: bool,
    /// With --undo: as `setup undo --force`
    #[arg(long, hide = true, requires = "undo")]
    force: bool,
    /// Let this user work without root [default: the user who called sudo]
    #[arg(long = "user", value_name = "NAME")]
    users: Vec<String>,
    /// Also enable a console on the header's serial port
    #[arg(long)]
    serial_console: bool,
    /// Where the boot partition is mounted [default: boot/firmware or boot below the root]
    #[arg(long, value_name = "DIR")]
    boot_dir: Option<PathBuf>,
}

/// What can be done beside preparing the controller.
#[derive(Debug, Subcommand)]
enum SetupAction {
    /// Undo what `setup` changed; later changes by others stay
    Undo(Undo),
}

#[derive(Clone, Debug, Args)]
struct Undo {
    /// Show the changes as a diff and make none
    #[arg(long)]
    dry_run: bool,
    /// Also discard later edits to lines that setup wrote
    #[arg(long)]
    force: bool,
    /// Where the boot partition is mounted [default: boot/firmware or boot below the root]
    #[arg(long, value_name = "DIR")]
    boot_dir: Option<PathBuf>,
}

impl Run for SetupCommand {
    fn name(&self) -> &'static str {
        "setup"
    }

    fn run(&self, call: &mut Call) -> Done {
        let undo = self.undo()?;
        // Refuses a node, and settings that make no sense, before anything is changed.
        Controller::new(&call.options)?;
        let system = System::new(&call.options)?;
        let outcome = match undo {
            Some(Undo { dry_run, force: overwrite, boot_dir }) => {
                let undo = SetupUndo { dry_run, overwrite, boot_dir };
                system.undo_setup(&undo, &mut progress::task)?
            }
            None => system.set_up(&self.prepare(&system), &mut progress::task)?,
        };
        Ok(outcome.map(Report::Setup))
    }
}

impl SetupCommand {
    /// What is to be undone, if anything, by either spelling.
    fn undo(&self) -> Result<Option<Undo>, Failure> {
        let Self { dry_run, boot_dir, .. } = self;
        match &self.action {
            Some(SetupAction::Undo(_)) if !self.users.is_empty() || self.serial_console => Err(
                Failure::Usage("setup undo takes neither --user nor --serial-console".to_owned()),
            ),
            Some(SetupAction::Undo(undo)) => Ok(Some(Undo {
                dry_run: undo.dry_run || *dry_run,
                force: undo.force || self.force,
                boot_dir: undo.boot_dir.clone().or_else(|| boot_dir.clone()),
            })),
            None if self.undo => {
                Ok(Some(Undo { dry_run: *dry_run, force: self.force, boot_dir: boot_dir.clone() }))
            }
            None => Ok(None),
        }
    }

    fn prepare(&self, system: &System) -> clusterhat::Setup {
        clusterhat::Setup {
            dry_run: self.dry_run,
            users: self.users(system),
            serial_console: self.serial_console,
            not_storage: Vec::new(),
            boot_dir: self.boot_dir.clone(),
        }
    }

    /// Who is to work without root. Who called sudo is a user of this machine, and not of a card.
    fn users(&self, system: &System) -> Vec<String> {
        if !self.users.is_empty() {
            return self.users.clone();
        }
        let caller = std::env::var("SUDO_USER").ok().filter(|_| system.is_running());
        caller.filter(|user| !user.is_empty() && user != "root").into_iter().collect()
    }
}
