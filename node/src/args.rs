//! The command line. Parsing does nothing else.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand};
use gadget_config::node_file::check_udc_name;
use gadget_config::{BootMethod, Ethernet};
use node_link::text::parse_duration;
use node_link::{ClusterName, NodeId, Subnet};

/// The longest that `--wait` takes.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

const AFTER_HELP: &str = "\
Settings are read from /etc/clusterhat/node.toml; options override them.
TIME is in seconds (2, 1.5 or 1.5s), or has another unit: 500ms, 5min, 1h.
Exit status: 0 done (status: the gadget is up), 1 failed, 2 usage or configuration, \
3 timed out waiting for a USB device controller or another process (status: the gadget is not up).";

/// Set up the USB gadget of a Cluster HAT node, or prepare a card as a node.
#[derive(Debug, Parser)]
#[command(name = "clusterhat-node", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Print one JSON document, for errors too
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Root directory of the node's system [default: /]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create the gadget as configured and bind it; a gadget that matches already is left alone
    Up(UpArgs),
    /// Unbind the gadget and remove it
    Down(DownArgs),
    /// Show the state of the gadget
    Status,
    /// Prepare a card as a node: this machine's, or the one mounted at --root
    Setup(SetupArgs),
    /// Undo what setup changed; changes made by others since are kept
    Undo(UndoArgs),
    /// Answer the controller on the second serial port: status, shutdown, restart, identification
    Agent(AgentArgs),
    /// Print this help, or the help of a command
    Help {
        /// The command
        #[arg(value_name = "COMMAND")]
        words: Vec<String>,
    },
}

impl Command {
    /// The word that names it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Up(_) => "up",
            Self::Down(_) => "down",
            Self::Status => "status",
            Self::Setup(_) => "setup",
            Self::Undo(_) => "undo",
            Self::Agent(_) => "agent",
            Self::Help { .. } => "help",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    /// The node's ID, 1 to 252
    #[arg(long, value_name = "N")]
    pub(crate) id: NodeId,
    /// Mount point of the card's boot partition [default: boot/firmware or boot below the root]
    #[arg(long, value_name = "DIR")]
    pub(crate) boot_dir: Option<PathBuf>,
    /// Derive the MAC addresses from this cluster name, as `clusterhat network setup --cluster` does
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<ClusterName>,
    /// Network of the address that the node uses without a DHCP lease, as given to
    /// `clusterhat network setup --subnet` [default: unchanged, or 172.19.181.0/24]
    #[arg(long, value_name = "NET/BITS")]
    pub(crate) subnet: Option<Subnet>,
    /// Set the node's host name [default: unchanged]
    #[arg(long, value_name = "NAME")]
    pub(crate) hostname: Option<String>,
    /// Show the changes as a diff without making them
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// Mount point of the card's boot partition [default: boot/firmware or boot below the root]
    #[arg(long, value_name = "DIR")]
    pub(crate) boot_dir: Option<PathBuf>,
    /// Show the changes as a diff without making them
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Also discard later edits to lines that setup wrote
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AgentArgs {
    /// Answer on standard input and output, until the input ends, for `ssh NODE clusterhat-node agent --stdio`
    #[arg(long, conflicts_with = "port")]
    pub(crate) stdio: bool,
    /// The serial port; it may come and go
    #[arg(long, value_name = "DEVICE", default_value = "/dev/ttyGS1")]
    pub(crate) port: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
    /// Wait at most TIME for the USB device controller or another process
    #[arg(long, value_name = "TIME", default_value = "10", value_parser = wait, allow_hyphen_values = true)]
    pub(crate) wait: Duration,
    /// Show what would be done without doing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DownArgs {
    /// Wait at most TIME for another process
    #[arg(long, value_name = "TIME", default_value = "10", value_parser = wait, allow_hyphen_values = true)]
    pub(crate) wait: Duration,
    /// Show what would be done without doing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Settings that override those of `node.toml`.
#[derive(Debug, Default, Args)]
pub(crate) struct SettingArgs {
    /// The node's ID, 1 to 252
    #[arg(long, value_name = "N")]
    pub(crate) id: Option<NodeId>,
    /// How the node boots: card or usbboot [default: card]
    #[arg(long, value_name = "METHOD")]
    pub(crate) boot: Option<BootMethod>,
    /// The Ethernet function: ncm, ecm or rndis [default: ncm; with usbboot: ecm]
    #[arg(long, value_name = "FUNCTION")]
    pub(crate) ethernet: Option<Ethernet>,
    /// Number of serial ports, 1 or 2 [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) serial_ports: Option<u8>,
    /// The former option for the number of serial ports: true for 2, false for 1
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, conflicts_with = "serial_ports", hide = true)]
    pub(crate) admin_console: Option<bool>,
    /// Derive the MAC addresses from this cluster name [default: the vendor's addresses]
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<ClusterName>,
    /// The USB device controller [default: the only hardware one in /sys/class/udc]
    #[arg(long, value_name = "NAME", value_parser = udc_name)]
    pub(crate) udc: Option<String>,
}

impl SettingArgs {
    /// Whether there is a second serial port, if that was said.
    pub(crate) fn second_port(&self) -> Option<bool> {
        self.serial_ports.map(|number| number == 2).or(self.admin_console)
    }
}

/// A time of at most [`LONGEST_WAIT`].
fn wait(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        wait if wait <= LONGEST_WAIT => Ok(wait),
        _ => Err("too long: at most 3600 seconds".to_owned()),
    }
}

fn udc_name(text: &str) -> Result<String, String> {
    check_udc_name(text).map(|()| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn pages_and_completions_are_current() {
        clusterhat_tests::pages::check(Cli::command());
    }

    #[test]
    fn the_former_option_for_the_second_serial_port_holds() {
        let port = |words: &[&str]| match Cli::try_parse_from(
            [&["clusterhat-node", "up"], words].concat(),
        ) {
            Ok(Cli { command: Command::Up(up), .. }) => Some(up.settings.second_port()),
            _ => None,
        };
        assert_eq!(port(&["--admin-console", "false"]), Some(Some(false)));
        assert_eq!(port(&["--serial-ports", "2"]), Some(Some(true)));
        assert_eq!(port(&[]), Some(None));
        assert_eq!(port(&["--admin-console", "false", "--serial-ports", "2"]), None);
    }

    #[test]
    fn waits_are_written_as_for_the_command_and_have_bounds() {
        for text in ["0.5", "500ms", "0.5s"] {
            assert_eq!(wait(text), Ok(Duration::from_millis(500)), "{text}");
        }
        for text in ["-1", "3601", "3600001ms", "x", "nan", "inf", ""] {
            assert!(wait(text).is_err(), "{text}");
        }
    }
}
