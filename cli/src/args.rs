//! The command line. Parsing does nothing else: what words mean on this controller comes later.

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use clusterhat::Output;

use crate::call::Run;
use crate::commands::{
    board, boards, chaos, console, doctor, events, fan, init, inventory, is_on, maxpi, network,
    outputs, path, power, restore, setup, shutdown, status, top, wait,
};
use crate::global::Global;

/// What every command shares, for `--help`.
const AFTER_HELP: &str = "\
NODES are p1 p3, p1..p4, p[1-3,5], all, or names from the configuration, in any mix.
Hooks in /etc/clusterhat/hooks.d run before and after nodes are switched: see clusterhat-hooks(5).
CLUSTERHAT_CONFIG, CLUSTERHAT_ROOT and CLUSTERHAT_SIM set the defaults of --config, --root and --sim.
With --json, a command prints one JSON document, for errors too; top, status --watch, events and chaos print one a line, until a signal \
ends them.
The vendor's commands are accepted, too: getpath, setorder, save, saveorder, saveusbboot, savepos, savedefaults, reset.
Exit status: 0 done, 1 failed, 2 usage or configuration, 3 timed out waiting for nodes or for another process, \
4 no board found; 129, 130, 131 or 143 ended by SIGHUP, SIGINT (Ctrl-C), SIGQUIT or SIGTERM.";

/// Switch and watch the nodes of Cluster HATs and ClusterCTRL boards.
#[derive(Debug, Parser)]
#[command(name = "clusterhat", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Switch nodes on, one after the other (no NODES: all)
    On(power::On),
    /// Switch nodes off, all at once (no NODES: all)
    Off(power::Off),
    /// Switch nodes off, and on again after a delay
    Cycle(power::Cycle),
    /// Restore nodes after a loss of power, according to at-boot in the configuration (no NODES: all)
    Restore(restore::Restore),
    /// Shut nodes down, and cut their power once they have halted
    Shutdown(shutdown::ShutdownArgs),
    /// Restart nodes; their power stays on
    Reboot(shutdown::Reboot),
    /// Show commanded and measured state; switches nothing (no NODES: all)
    Status(status::Status),
    /// Check whether nodes have power, for scripts: exit status 0 yes, 1 no, 3 or 4 unknown
    IsOn(is_on::IsOn),
    /// Wait until nodes have reached a state (no NODES: all)
    Wait(wait::Wait),
    /// Initialise boards not initialised since power-up; keeps every node's power as it is
    #[command(after_help = init::AFTER_HELP)]
    Init,
    /// Open a node's console, watch several, or drive one from a script
    Console(console::Console),
    /// Switch the ALERT LED
    Alert(outputs::Switch),
    /// Switch the nodes' status LEDs
    Led(outputs::Switch),
    /// Switch the USB hub, or switch it off and on; the nodes' links go with it
    Hub(outputs::Hub),
    /// Switch the write protection of the HAT's EEPROM
    Wp(outputs::Switch),
    /// Switch the controller's fan and those of ClusterCTRL boards, or let them follow the temperature
    Fan(fan::Fan),
    /// Switch the ACT LED of ClusterCTRL boards
    Act(outputs::Act),
    /// Set whether nodes boot over USB (ClusterCTRL boards with that setting)
    Usbboot(board::UsbBoot),
    /// Show the USB paths of nodes (no NODES: all)
    #[command(alias = "getpath")]
    Path(path::Path),
    /// Change, save or reset the settings of a ClusterCTRL board
    #[command(subcommand)]
    Board(board::BoardCommand),
    /// Show the boards, how they were found, and what is unverified about them
    Boards(boards::Boards),
    /// Prepare this controller: I2C, USB, groups, units; converts the vendor's image
    Setup(setup::SetupCommand),
    /// Set up, show or undo the nodes' network: addresses, names and internet access
    #[command(subcommand)]
    Network(network::Network),
    /// Show the state, temperature, load and memory of nodes, repeatedly; switches nothing (no NODES: all)
    Top(top::Top),
    /// Cut and restore the power of nodes at random, to test how software copes with it
    Chaos(chaos::Chaos),
    /// Check for common problems and name the fix of each (no NODES: all)
    Doctor(doctor::Doctor),
    /// Show what happens as it happens: states, power, tasks, consoles (no NODES: all)
    Events(events::Events),
    /// Print the nodes in the formats of other programs
    Inventory(inventory::Inventory),
    /// Print the number of nodes
    Maxpi,
    /// The vendor's name for `board order`
    #[command(hide = true)]
    Setorder(board::Order),
    /// The vendor's name for `board save`
    #[command(hide = true)]
    Save(board::VendorSave),
    /// The vendor's name for `board save --what order`
    #[command(hide = true)]
    Saveorder(board::VendorSave),
    /// The vendor's name for `board save --what usbboot`
    #[command(hide = true)]
    Saveusbboot(board::VendorSave),
    /// The vendor's name for `board save --what power`
    #[command(hide = true)]
    Savepos(board::VendorSave),
    /// The vendor's name for `board save --what defaults`
    #[command(hide = true)]
    Savedefaults(board::VendorSave),
    /// The vendor's name for `board reset`
    #[command(hide = true)]
    Reset(board::Reset),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print this help, or the help of a command
    Help {
        /// The command
        #[arg(value_name = "COMMAND")]
        words: Vec<String>,
    },
}

/// What the words ask for.
pub(crate) enum Task {
    /// A command on this controller.
    Run(Box<dyn Run>),
    /// A completion script.
    Completions(Shell),
    /// Help on a command, by its words.
    Help(Vec<String>),
}

impl Command {
    /// What the command's words ask for: the vendor's words, too, are one of our commands.
    pub(crate) fn task(self) -> Task {
        use board::What;
        use outputs::SetOutput;
        Task::Run(match self {
            Self::On(on) => Box::new(on),
            Self::Off(off) => Box::new(off),
            Self::Cycle(cycle) => Box::new(cycle),
            Self::Restore(restore) => Box::new(restore),
            Self::Shutdown(shutdown) => Box::new(shutdown),
            Self::Reboot(reboot) => Box::new(reboot),
            Self::Status(status) => Box::new(status),
            Self::IsOn(is_on) => Box::new(is_on),
            Self::Wait(wait) => Box::new(wait),
            Self::Init => Box::new(init::Init),
            Self::Alert(switch) => Box::new(SetOutput::new("alert", Output::Alert, &switch)),
            Self::Led(switch) => Box::new(SetOutput::new("led", Output::Led, &switch)),
            Self::Hub(hub) => Box::new(hub),
            Self::Wp(switch) => Box::new(SetOutput::new("wp", Output::WriteProtect, &switch)),
            Self::Fan(fan) => Box::new(fan),
            Self::Act(act) => Box::new(act),
            Self::Usbboot(boot) => Box::new(boot),
            Self::Path(path) => Box::new(path),
            Self::Board(board) => board.run(),
            Self::Setorder(order) => Box::new(order),
            Self::Save(save) => Box::new(save.of(What::All)),
            Self::Saveorder(save) => Box::new(save.of(What::Order)),
            Self::Saveusbboot(save) => Box::new(save.of(What::Usbboot)),
            Self::Savepos(save) => Box::new(save.of(What::Power)),
            Self::Savedefaults(save) => Box::new(save.of(What::Defaults)),
            Self::Reset(reset) => Box::new(reset),
            Self::Boards(boards) => Box::new(boards),
            Self::Console(console) => Box::new(console),
            Self::Setup(setup) => Box::new(setup),
            Self::Network(network) => network.run(),
            Self::Top(top) => Box::new(top),
            Self::Chaos(chaos) => Box::new(chaos),
            Self::Doctor(doctor) => Box::new(doctor),
            Self::Events(events) => Box::new(events),
            Self::Inventory(inventory) => Box::new(inventory),
            Self::Maxpi => Box::new(maxpi::Maxpi),
            Self::Completions { shell } => return Task::Completions(shell),
            Self::Help { words } => return Task::Help(words),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn pages_and_completions_are_current() {
        clusterhat_tests::pages::check(Cli::command());
    }
}
