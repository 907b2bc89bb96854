//! The command line. Parsing does nothing else: what words mean on this controller comes later.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::parse_seconds;

/// Exit statuses, for `--help`.
const EXIT_STATUS: &str = "\
Exit status: 0 done, 1 failed, 2 usage or configuration, 3 timed out waiting for another process, \
4 no board found.";

/// Switch and watch the nodes of a Cluster HAT.
///
/// NODES are p1 p3, p1..p4, p[1-3,5], all, or names from the configuration, in any mix.
#[derive(Debug, Parser)]
#[command(name = "clusterhat", version, after_help = EXIT_STATUS, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Print one JSON document, for errors too
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Read this configuration instead of /etc/clusterhat/clusterhat.toml
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "CLUSTERHAT_CONFIG",
        hide_env_values = true
    )]
    pub(crate) config: Option<PathBuf>,
    /// Take all files and devices from below this folder
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "CLUSTERHAT_ROOT",
        hide_env_values = true
    )]
    pub(crate) root: Option<PathBuf>,
    /// Use a simulated board: v1.0 to v3.1, two-hats, or the world in a JSON file
    #[arg(
        long,
        global = true,
        value_name = "WORLD",
        env = "CLUSTERHAT_SIM",
        hide_env_values = true
    )]
    pub(crate) sim: Option<String>,
    /// Wait at most this long for another process (seconds)
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_seconds)]
    pub(crate) lock_limit: Option<Duration>,
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
    /// Initialise boards that never were; keeps every node's power as it is
    Init,
    /// Switch the ALERT LED
    Alert(Switch),
    /// Switch the nodes' status LEDs (v2.x)
    Led(Switch),
    /// Switch the USB hub, or switch it off and on (v2.x, v3.x); the nodes' links go with it
    Hub(Hub),
    /// Switch the write protection of the HAT's EEPROM (v2.x, v3.x)
    Wp(Switch),
    /// Switch the controller's fan
    Fan(Switch),
    /// Show the boards, how they were found, and what is unverified about them
    Boards(Boards),
    /// Print the number of nodes
    Maxpi,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
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
            Self::Boards(_) => "boards",
            Self::Maxpi => "maxpi",
            Self::Completions { .. } => "completions",
        }
    }
}

/// What `on` and `cycle` share.
#[derive(Debug, Args)]
pub(crate) struct Stagger {
    /// Time between two nodes switched on (seconds; default 1)
    #[arg(long, value_name = "TIME", value_parser = parse_seconds)]
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
    /// Nodes to switch on
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
    #[command(flatten)]
    pub(crate) stagger: Stagger,
}

#[derive(Debug, Args)]
pub(crate) struct Off {
    /// Nodes to switch off
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
    #[arg(long, value_name = "TIME", value_parser = parse_seconds)]
    pub(crate) off_time: Option<Duration>,
    #[command(flatten)]
    pub(crate) stagger: Stagger,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Nodes to show
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
    /// On or off
    pub(crate) state: OnOff,
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
    /// On, off, or off and on again
    pub(crate) action: HubAction,
}

#[derive(Debug, Args)]
pub(crate) struct Boards {
    /// Also ask the addresses 0x20 to 0x23 of every I2C bus (reads only, but other chips see it)
    #[arg(long)]
    pub(crate) probe: bool,
}
