//! The words of `network` and `inventory`.

use clap::{Args, Subcommand, ValueEnum};
use node_link::{ClusterName, Subnet};
use system_config::network::Mode;
use system_config::{Manager, ManagerError};

/// What can be done with the nodes' network.
#[derive(Debug, Subcommand)]
pub(crate) enum Network {
    /// Give the nodes addresses and internet access; keeps what was there for `network undo`
    Setup(NetworkSetup),
    /// Let the nodes through the packet filter until the next boot
    Allow,
    /// Show how the network stands and what stands in its way; changes nothing
    Status,
    /// Take back what `network setup` changed; what others changed since stays
    Undo(NetworkUndo),
}

#[derive(Debug, Args)]
pub(crate) struct NetworkSetup {
    /// nat: the nodes on a network of their own, behind the controller; bridge: on the controller's
    #[arg(long, value_name = "nat|bridge")]
    pub(crate) mode: Mode,
    /// The controller's interface to the outside [default: that of the default route]
    #[arg(long, value_name = "IF")]
    pub(crate) uplink: Option<String>,
    /// Who does it: auto, networkmanager or networkd
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = backend)]
    pub(crate) backend: Backend,
    /// The nodes' own network (nat)
    #[arg(long, value_name = "NET/BITS", default_value_t = Subnet::VENDOR)]
    pub(crate) subnet: Subnet,
    /// The cluster's name, where the nodes' node.toml has one
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<ClusterName>,
    /// Keep the nodes from each other: each reaches the controller and what is beyond it only
    #[arg(long)]
    pub(crate) isolate: bool,
    /// Let the nodes through the packet filter (Docker's, ufw's, firewalld's ...), at every boot
    #[arg(long)]
    pub(crate) allow_forwarding: bool,
    /// Show the changes as a diff and make none
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write the files only; they take effect at the next boot
    #[arg(long)]
    pub(crate) at_boot: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NetworkUndo {
    /// Show the changes as a diff and make none
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take back also what somebody edited of it since
    #[arg(long)]
    pub(crate) force: bool,
    /// Put the files back only; they take effect at the next boot
    #[arg(long)]
    pub(crate) at_boot: bool,
}

/// Who configures the network; nothing = whoever does so now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backend(pub(crate) Option<Manager>);

fn backend(text: &str) -> Result<Backend, String> {
    match text {
        "auto" => Ok(Backend(None)),
        text => text
            .parse()
            .map(|manager| Backend(Some(manager)))
            .map_err(|error: ManagerError| format!("{error}, and auto, which finds out")),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Inventory {
    /// Nodes to print, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
    /// For whom
    #[arg(long, value_enum)]
    pub(crate) format: Format,
}

/// Programs that are told of the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for /etc/hosts
    Hosts,
    /// Entries for ~/.ssh/config
    Ssh,
    /// An inventory of Ansible (INI)
    Ansible,
    /// A host file of MPI (Open MPI and MPICH)
    Mpi,
    /// Nodes and a partition for slurm.conf
    Slurm,
    /// The same as --json
    Json,
}
