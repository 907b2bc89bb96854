//! The inventory in the formats of other programs.

use clap::ValueEnum;
use clusterhat::report::{InventoryNode, InventoryReport};

/// Formats of other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for /etc/hosts
    Hosts,
    /// Entries for ~/.ssh/config
    Ssh,
    /// An Ansible inventory (INI)
    Ansible,
    /// An MPI host file (Open MPI and MPICH)
    Mpi,
    /// Nodes and a partition for slurm.conf
    Slurm,
    /// JSON, as with --json
    Json,
}

/// A comment to every one of those programs.
const NOT_SET_UP: &str = "# `clusterhat network setup` was not run: these are the addresses that nodes give themselves\n";

pub(crate) fn render(report: &InventoryReport, format: Format) -> String {
    let each = |line: fn(&InventoryNode) -> String| {
        let line = |node: &InventoryNode| match &node.error {
            Some(error) => format!("# {error}\n"),
            None => line(node),
        };
        report.nodes.iter().map(line).collect()
    };
    let text = match format {
        Format::Hosts => each(hosts),
        Format::Ssh => each(ssh),
        Format::Ansible => format!("[clusterhat]\n{}", each(ansible)),
        Format::Mpi => each(|node| format!("{}\n", node.node)),
        Format::Slurm => each(slurm) + &partition(&report.nodes),
        // Printed as a document.
        Format::Json => String::new(),
    };
    if report.is_set_up { text } else { format!("{NOT_SET_UP}{text}") }
}

/// hosts(5).
fn hosts(node: &InventoryNode) -> String {
    match node.address {
        Some(address) => format!("{address}\t{}\n", names(node)),
        None => format!("# {}: no address is known\n", names(node)),
    }
}

/// ssh_config(5).
fn ssh(node: &InventoryNode) -> String {
    match node.address {
        Some(address) => format!("Host {}\n    HostName {address}\n", names(node)),
        None => format!("# {}: no address is known\n", names(node)),
    }
}

/// Ansible's user guide, "How to build your inventory".
fn ansible(node: &InventoryNode) -> String {
    match node.address {
        Some(address) => format!("{} ansible_host={address}\n", node.node),
        None => format!("{}\n", node.node),
    }
}

/// slurm.conf(5). What a node has of processors and memory is its owner's to add.
fn slurm(node: &InventoryNode) -> String {
    let address = node.address.map(|address| format!(" NodeAddr={address}")).unwrap_or_default();
    format!("NodeName={}{address} State=UNKNOWN\n", node.node)
}

fn partition(nodes: &[InventoryNode]) -> String {
    let known = nodes.iter().filter(|node| node.error.is_none());
    let names: Vec<_> = known.map(|node| &*node.node).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("PartitionName=clusterhat Nodes={} Default=YES State=UP\n", names.join(","))
}

fn names(node: &InventoryNode) -> String {
    match &node.name {
        Some(name) => format!("{} {name}", node.node),
        None => node.node.clone(),
    }
}
