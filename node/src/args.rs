//! The command line. Parsing does nothing else.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand};
use gadget_config::node_file::check_udc_name;
use gadget_config::{BootMethod, Ethernet};
use node_link::{ClusterName, NodeId, Subnet};

const AFTER_HELP: &str = "\
The node's identity stands in /etc/clusterhat/node.toml; options win over it.
Exit status: 0 done (status: the gadget is up), 1 failed, 2 usage or configuration,
3 timed out waiting for a controller or another call (status: the gadget is not up).";

/// Put this node of a Cluster HAT on the USB, or take it off.
#[derive(Debug, Parser)]
#[command(name = "clusterhat-node", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Print one JSON document, for errors too
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The folder that holds the node's system [default: /]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the gadget as configured and put it on the bus; nothing is touched where it is
    Up(Up),
    /// Take the gadget off the bus and remove it
    Down(Down),
    /// Tell how the gadget stands
    Status,
    /// Prepare a card as a node: this machine's, or the one mounted at --root
    Setup(Setup),
    /// Take back what setup changed; what others changed since stays
    Undo(Undo),
}

#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// The node's number, 1 to 252
    #[arg(long, value_name = "N")]
    pub(crate) id: NodeId,
    /// Where the card's boot partition is mounted [default: boot/firmware or boot below the root]
    #[arg(long, value_name = "DIR")]
    pub(crate) boot_dir: Option<PathBuf>,
    /// Derive the MAC addresses from this cluster's name, as `clusterhat network setup --cluster` does
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<ClusterName>,
    /// Where the node's address is if nobody gives it one, as `clusterhat network setup --subnet` has it
    /// [default: as it is, or 172.19.181.0/24]
    #[arg(long, value_name = "NET/BITS")]
    pub(crate) subnet: Option<Subnet>,
    /// Give the node this host name
    #[arg(long, value_name = "NAME")]
    pub(crate) hostname: Option<String>,
    /// Show the changes as a diff and make none
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// Where the card's boot partition is mounted [default: boot/firmware or boot below the root]
    #[arg(long, value_name = "DIR")]
    pub(crate) boot_dir: Option<PathBuf>,
    /// Take back also what somebody edited of it since
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) identity: Identity,
    /// Wait at most this long for the controller or another call (seconds)
    #[arg(long, value_name = "TIME", default_value = "10", value_parser = seconds)]
    pub(crate) wait: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Down {
    /// Wait at most this long for another call (seconds)
    #[arg(long, value_name = "TIME", default_value = "10", value_parser = seconds)]
    pub(crate) wait: Duration,
}

/// What the configuration says otherwise.
#[derive(Debug, Default, Args)]
pub(crate) struct Identity {
    /// The node's number, 1 to 252
    #[arg(long, value_name = "N")]
    pub(crate) id: Option<NodeId>,
    /// How the node boots: card or usbboot [default: card]
    #[arg(long, value_name = "METHOD")]
    pub(crate) boot: Option<BootMethod>,
    /// The Ethernet function: ncm, ecm or rndis [default: ncm; with usbboot: ecm]
    #[arg(long, value_name = "FUNCTION")]
    pub(crate) ethernet: Option<Ethernet>,
    /// How many serial ports there are, 1 or 2 [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) serial_ports: Option<u8>,
    /// The former way to say how many: true for 2, false for 1
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, conflicts_with = "serial_ports", hide = true)]
    pub(crate) admin_console: Option<bool>,
    /// Derive the MAC addresses from this cluster's name, not as the vendor does
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<ClusterName>,
    /// The USB device controller [default: the only real one of /sys/class/udc]
    #[arg(long, value_name = "NAME", value_parser = udc_name)]
    pub(crate) udc: Option<String>,
}

impl Identity {
    /// Whether there is a second serial port, if that was said.
    pub(crate) fn second_port(&self) -> Option<bool> {
        self.serial_ports.map(|number| number == 2).or(self.admin_console)
    }
}

/// Seconds, whole or with a fraction, up to an hour.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=3600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "allowed is 0 to 3600".to_owned())
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
            Ok(Cli { command: Command::Up(up), .. }) => Some(up.identity.second_port()),
            _ => None,
        };
        assert_eq!(port(&["--admin-console", "false"]), Some(Some(false)));
        assert_eq!(port(&["--serial-ports", "2"]), Some(Some(true)));
        assert_eq!(port(&[]), Some(None));
        assert_eq!(port(&["--admin-console", "false", "--serial-ports", "2"]), None);
    }

    #[test]
    fn seconds_have_bounds() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["-1", "3601", "x", "nan", "inf", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
