//! The command line. Parsing does nothing else: what words mean on this controller comes later.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use serde::Serialize;

use crate::config::parse_seconds;
use crate::failure::Failure;

mod network;
mod setup;

pub(crate) use network::{Format, Inventory, Network, NetworkSetup, NetworkUndo};
pub(crate) use setup::Setup;

/// What every command shares, for `--help`.
const AFTER_HELP: &str = "\
NODES are p1 p3, p1..p4, p[1-3,5], all, or names from the configuration, in any mix.
CLUSTERHAT_CONFIG, CLUSTERHAT_ROOT and CLUSTERHAT_SIM stand for the options of these names.
The vendor's words work, too: getpath, setorder, save, saveorder, saveusbboot, savepos, savedefaults, reset.
Exit status: 0 done, 1 failed, 2 usage or configuration, 3 timed out waiting for another process,
4 no board found; 129, 130 or 143 ended by SIGHUP, SIGINT (Ctrl-C) or SIGTERM.";

/// The heading of the options that every command takes.
const GLOBAL: &str = "Global options";

/// Switch and watch the nodes of Cluster HATs and ClusterCTRL boards.
#[derive(Debug, Parser)]
#[command(name = "clusterhat", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Debug, Default, Args)]
pub(crate) struct Global {
    /// Print one JSON document, for errors too
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) json: bool,
    /// Read this configuration instead of /etc/clusterhat/clusterhat.toml
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    pub(crate) config: Option<PathBuf>,
    /// Take all files and devices from below this folder
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL)]
    pub(crate) root: Option<PathBuf>,
    /// Use simulated boards: v1.0 to v3.1, triple, mixed ..., or the world in a JSON file
    #[arg(long, global = true, value_name = "WORLD", value_parser = NonEmptyStringValueParser::new(), help_heading = GLOBAL)]
    pub(crate) sim: Option<String>,
    /// Wait at most this long for another process (seconds)
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_seconds,
          allow_hyphen_values = true, help_heading = GLOBAL)]
    pub(crate) lock_limit: Option<Duration>,
}

impl Global {
    /// Takes from the environment what the command line leaves open. An empty variable counts as none.
    ///
    /// # Errors
    /// What is no name of a world: it must not lead to the machine's own boards.
    pub(crate) fn read_environment(&mut self) -> Result<(), Failure> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let path = |name| variable(name).map(PathBuf::from);
        self.config = self.config.take().or_else(|| path("CLUSTERHAT_CONFIG"));
        self.root = self.root.take().or_else(|| path("CLUSTERHAT_ROOT"));
        if let (None, Some(world)) = (&self.sim, variable("CLUSTERHAT_SIM")) {
            let no_name = |world| Failure::World(format!("CLUSTERHAT_SIM={world:?} is not UTF-8"));
            self.sim = Some(world.into_string().map_err(no_name)?);
        }
        Ok(())
    }
}

/// The world that words too wrong to be parsed, or else the environment, ask for.
pub(crate) fn simulated(words: &[OsString]) -> Option<String> {
    let behind = |word: &OsString| word.to_str()?.strip_prefix("--sim=").map(str::to_owned);
    let flag = words.iter().position(|word| word == "--sim").and_then(|at| words.get(at + 1));
    let given = words.iter().find_map(behind).or_else(|| flag?.to_str().map(str::to_owned));
    let world = given.or_else(|| std::env::var("CLUSTERHAT_SIM").ok());
    world.filter(|world| !world.is_empty())
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Switch nodes on, one after the other (no NODES: all)
    On(On),
    /// Switch nodes off, all at once (no NODES: all)
    Off(Off),
    /// Switch nodes off, and on again after a while
    Cycle(Cycle),
    /// Show what is commanded and what the pins show; switches nothing (no NODES: all)
    Status(Status),
    /// Initialise boards not initialised since power-up; keeps every node's power as it is
    Init,
    /// Switch the ALERT LED
    Alert(Switch),
    /// Switch the nodes' status LEDs
    Led(Switch),
    /// Switch the USB hub, or switch it off and on; the nodes' links go with it
    Hub(Hub),
    /// Switch the write protection of the HAT's EEPROM
    Wp(Switch),
    /// Switch the controller's fan and those of ClusterCTRL boards
    Fan(Fan),
    /// Switch the ACT LED of ClusterCTRL boards
    Act(Act),
    /// Choose whether nodes boot over USB (ClusterCTRL boards that can choose)
    Usbboot(UsbBoot),
    /// Show where on the USB nodes are (no NODES: all)
    #[command(alias = "getpath")]
    Path(PathArgs),
    /// Change, save or reset the settings of a ClusterCTRL board
    #[command(subcommand)]
    Board(Board),
    /// Show the boards, how they were found, and what is unverified about them
    Boards(Boards),
    /// Prepare this controller: I2C, USB, groups, units; the vendor's image is taken over
    Setup(Setup),
    /// Set up, show or undo the nodes' network: addresses, names and internet access
    #[command(subcommand)]
    Network(Network),
    /// Print the nodes for other programs
    Inventory(Inventory),
    /// Print the number of nodes
    Maxpi,
    /// The vendor's word for `board order`
    #[command(hide = true)]
    Setorder(Order),
    /// The vendor's word for `board save`
    #[command(hide = true)]
    Save(VendorSave),
    /// The vendor's word for `board save --what order`
    #[command(hide = true)]
    Saveorder(VendorSave),
    /// The vendor's word for `board save --what usbboot`
    #[command(hide = true)]
    Saveusbboot(VendorSave),
    /// The vendor's word for `board save --what power`
    #[command(hide = true)]
    Savepos(VendorSave),
    /// The vendor's word for `board save --what defaults`
    #[command(hide = true)]
    Savedefaults(VendorSave),
    /// The vendor's word for `board reset`
    #[command(hide = true)]
    Reset(Reset),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print this help, or that of a command
    Help {
        /// The command
        #[arg(value_name = "COMMAND")]
        words: Vec<String>,
    },
}

impl Command {
    /// The command's word.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::On(_) => "on",
            Self::Off(_) => "off",
            Self::Cycle(_) => "cycle",
            Self::Status(_) => "status",
            Self::Init => "init",
            Self::Alert(_) => "alert",
            Self::Led(_) => "led",
            Self::Hub(_) => "hub",
            Self::Wp(_) => "wp",
            Self::Fan(_) => "fan",
            Self::Act(_) => "act",
            Self::Usbboot(_) => "usbboot",
            Self::Path(_) => "path",
            Self::Board(_)
            | Self::Setorder(_)
            | Self::Save(_)
            | Self::Saveorder(_)
            | Self::Saveusbboot(_)
            | Self::Savepos(_)
            | Self::Savedefaults(_)
            | Self::Reset(_) => "board",
            Self::Boards(_) => "boards",
            Self::Setup(_) => "setup",
            Self::Network(_) => "network",
            Self::Inventory(_) => "inventory",
            Self::Maxpi => "maxpi",
            Self::Completions { .. } => "completions",
            Self::Help { .. } => "help",
        }
    }
}

/// What `on` and `cycle` share.
#[derive(Debug, Args)]
pub(crate) struct Stagger {
    /// Time between two nodes switched on (seconds; default 1)
    #[arg(long, value_name = "TIME", value_parser = parse_seconds, allow_hyphen_values = true)]
    pub(crate) delay: Option<Duration>,
    /// Go on where the Pi reports under-voltage
    #[arg(long)]
    pub(crate) ignore_undervoltage: bool,
    /// Show what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct On {
    /// Nodes to switch on, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
    #[command(flatten)]
    pub(crate) stagger: Stagger,
}

#[derive(Debug, Args)]
pub(crate) struct Off {
    /// Nodes to switch off, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
    /// Show what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Cycle {
    /// Nodes to switch off and on; nodes that are off are switched on too
    #[arg(value_name = "NODES", required = true)]
    pub(crate) nodes: Vec<String>,
    /// How long the nodes stay off (seconds; default 2)
    #[arg(long, value_name = "TIME", value_parser = parse_seconds, allow_hyphen_values = true)]
    pub(crate) off_time: Option<Duration>,
    #[command(flatten)]
    pub(crate) stagger: Stagger,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Nodes to show, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
    /// Show again whenever something has changed, asking this often (seconds), until interrupted
    // The expander's interrupt line is not wired to the header: asking is the only way.
    #[arg(long, value_name = "TIME", value_parser = parse_seconds, num_args = 0..=1,
          default_missing_value = "2", require_equals = true)]
    pub(crate) watch: Option<Duration>,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnOff {
    On,
    Off,
}

#[derive(Debug, Args)]
pub(crate) struct Switch {
    /// The state to reach
    #[arg(value_name = "on|off", hide_possible_values = true)]
    pub(crate) state: OnOff,
}

impl OnOff {
    pub(crate) const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

/// Which fans: the controller's own, or a ClusterCTRL board's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FanTarget {
    /// `c`.
    Controller,
    /// The board of this order.
    Board(u8),
}

fn parse_fan_target(text: &str) -> Result<FanTarget, String> {
    if text == "c" {
        return Ok(FanTarget::Controller);
    }
    parse_order(text)
        .map(FanTarget::Board)
        .map_err(|error| format!("{error}; or c, the controller"))
}

/// A ClusterCTRL board's order.
pub(crate) fn parse_order(text: &str) -> Result<u8, String> {
    text.parse().ok().filter(|&order| order != 0).ok_or_else(|| "an order is 1 to 255".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct Fan {
    /// The state to reach
    #[arg(value_name = "on|off", hide_possible_values = true)]
    pub(crate) state: OnOff,
    /// The order of one board, or c for the controller (default: all fans)
    #[arg(value_parser = parse_fan_target)]
    pub(crate) order: Option<FanTarget>,
}

#[derive(Debug, Args)]
pub(crate) struct Act {
    /// The state to reach
    #[arg(value_name = "on|off", hide_possible_values = true)]
    pub(crate) state: OnOff,
    /// The order of one board (default: all)
    #[arg(value_parser = parse_order)]
    pub(crate) order: Option<u8>,
}

#[derive(Debug, Args)]
pub(crate) struct UsbBoot {
    /// The state to reach
    #[arg(value_name = "on|off", hide_possible_values = true)]
    pub(crate) state: OnOff,
    /// Nodes, such as p1 p3, p1..p4 or p[1-3,5]
    #[arg(value_name = "NODES", required = true)]
    pub(crate) nodes: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PathArgs {
    /// Nodes to show, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
}

/// What can be done to a ClusterCTRL board.
#[derive(Debug, Subcommand)]
pub(crate) enum Board {
    /// Give a board another order; it lasts until its next reset unless it is saved
    Order(Order),
    /// Write settings to a board's EEPROM
    Save(Save),
    /// Restart a board; its nodes' power becomes what its EEPROM says
    Reset(Reset),
}

#[derive(Debug, Args)]
pub(crate) struct Order {
    /// The board's present order, 1 to 255
    #[arg(value_parser = parse_order)]
    pub(crate) old: u8,
    /// The order to give it, 1 to 255
    #[arg(value_parser = parse_order)]
    pub(crate) new: u8,
}

/// Settings that a board can keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum What {
    /// All of its settings
    All,
    /// Its order
    Order,
    /// The nodes' USB boot settings
    Usbboot,
    /// The nodes' power, as their state when the board's power comes on
    Power,
    /// The LEDs
    Led,
    /// The factory's: order 20, all nodes off, USB boot on
    Defaults,
}

#[derive(Debug, Args)]
pub(crate) struct Save {
    /// The board's order, 1 to 255
    #[arg(value_parser = parse_order)]
    pub(crate) order: u8,
    /// The settings to save
    #[arg(long, value_enum, default_value = "all")]
    pub(crate) what: What,
    /// Do not ask before the factory's settings replace the saved ones
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VendorSave {
    /// The board's order, 1 to 255
    #[arg(value_parser = parse_order)]
    pub(crate) order: u8,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

impl VendorSave {
    pub(crate) const fn of(&self, what: What) -> Save {
        Save { order: self.order, what, yes: self.yes }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Reset {
    /// The board's order, 1 to 255
    #[arg(value_parser = parse_order)]
    pub(crate) order: u8,
    /// Do not ask, although the nodes may lose power
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What can be done to the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HubAction {
    On,
    Off,
    Reset,
}

#[derive(Debug, Args)]
pub(crate) struct Hub {
    /// What to do; reset = off and on again
    #[arg(value_name = "on|off|reset", hide_possible_values = true)]
    pub(crate) action: HubAction,
}

#[derive(Debug, Args)]
pub(crate) struct Boards {
    /// Also ask the addresses 0x20 to 0x23 of every I2C bus (reads only, but other chips see it)
    #[arg(long)]
    pub(crate) probe: bool,
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
