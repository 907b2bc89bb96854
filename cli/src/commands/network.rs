//! `network`: the nodes' addresses and their internet access.

use clap::{Args, Subcommand};
use clusterhat::report::{NetworkReport, Report};
use clusterhat::{Error, NetworkUndo as Undo, System};
use node_link::{ClusterName, Subnet};
use system_config::network::{Asked, NetworkMode, NetworkRequest, nothing_kept};
use system_config::{Manager, ManagerError};

use crate::advice::worded;
use crate::call::{Call, Done, Run};
use crate::progress;

/// What can be done with the nodes' network.
#[derive(Debug, Subcommand)]
pub(crate) enum Network {
    /// Give the nodes IP addresses and internet access; `network undo` restores the previous state
    Setup(NetworkSetup),
    /// Let the nodes through the packet filter until the next boot
    Allow(NetworkAllow),
    /// Show the state of the network and its problems; changes nothing
    Status(NetworkStatus),
    /// Undo what `network setup` changed; later changes by others stay
    Undo(NetworkUndo),
}

#[derive(Debug, Args)]
pub(crate) struct NetworkSetup {
    /// nat: the nodes on a network of their own, behind the controller; bridge: on the controller's
    #[arg(long, value_name = "nat|bridge")]
    pub(crate) mode: NetworkMode,
    /// The controller's uplink interface [default: that of the default route]
    #[arg(long, value_name = "IF")]
    pub(crate) uplink: Option<String>,
    /// What configures it: auto, networkmanager or networkd
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = backend)]
    pub(crate) backend: Backend,
    /// The nodes' own network (nat) [default: unchanged, or 172.19.181.0/24]
    #[arg(long, value_name = "NET/BITS")]
    pub(crate) subnet: Option<Subnet>,
    /// The cluster's name, where the nodes' node.toml has one [default: unchanged]
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<ClusterName>,
    /// Isolate the nodes from each other: each reaches only the controller and the networks behind it [default:
    /// unchanged]
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) isolate: Option<bool>,
    /// Let the nodes through the packet filter (Docker's, ufw's, firewalld's ...), at every boot [default: unchanged]
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) allow_forwarding: Option<bool>,
    /// Show the changes as a diff and make none
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write the files only; they take effect at the next boot
    #[arg(long)]
    pub(crate) at_boot: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NetworkAllow {}

#[derive(Debug, Args)]
pub(crate) struct NetworkStatus {}

#[derive(Debug, Args)]
pub(crate) struct NetworkUndo {
    /// Show the changes as a diff and make none
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Also discard later edits to lines that setup wrote
    #[arg(long)]
    pub(crate) force: bool,
    /// Restore the files only; they take effect at the next boot
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
            .map_err(|error: ManagerError| format!("{error}, or auto, which detects it")),
    }
}

impl Network {
    pub(crate) fn run(self) -> Box<dyn Run> {
        match self {
            Self::Setup(setup) => Box::new(setup),
            Self::Allow(allow) => Box::new(allow),
            Self::Status(status) => Box::new(status),
            Self::Undo(undo) => Box::new(undo),
        }
    }
}

impl NetworkSetup {
    fn asked(&self) -> Asked {
        Asked {
            uplink: self.uplink.clone(),
            subnet: self.subnet,
            cluster: self.cluster.clone(),
            isolate: self.isolate,
            allow_forwarding: self.allow_forwarding,
        }
    }
}

impl Run for NetworkSetup {
    fn name(&self) -> &'static str {
        "network"
    }

    fn run(&self, call: &mut Call) -> Done {
        let options = call.options.clone();
        let cluster = call.open().map_err(|failure| match self.dry_run {
            true => failure.without_plan(),
            false => failure,
        })?;
        let system = System::new(&options)?;
        let (before, unread) = match system.network_settings() {
            Ok(before) => (before, None),
            // They are written anew.
            Err(Error::Network(error)) => (None, Some(nothing_kept(&error))),
            Err(error) => return Err(error.into()),
        };
        let (request, kept) = NetworkRequest::new(self.mode).with(self.asked(), before.as_ref());
        let request = NetworkRequest { manager: self.backend.0, ..request };
        let how = (self.dry_run, self.at_boot);
        let mut outcome = cluster.set_up_network(&system, request, how, &mut progress::task)?;
        if let NetworkReport::Setup { findings, .. } = &mut outcome.report {
            findings.extend(kept.into_iter().chain(unread));
        }
        Ok(outcome.map(worded).map(Report::Network))
    }
}

impl Run for NetworkAllow {
    fn name(&self) -> &'static str {
        "network"
    }

    fn run(&self, call: &mut Call) -> Done {
        Ok(System::new(&call.options)?.allow_network()?.map(Report::Network))
    }
}

impl Run for NetworkStatus {
    fn name(&self) -> &'static str {
        "network"
    }

    fn run(&self, call: &mut Call) -> Done {
        let options = call.options.clone();
        let cluster = call.open()?;
        let system = System::new(&options)?;
        Ok(cluster.network_status(&system)?.map(worded).map(Report::Network))
    }
}

impl Run for NetworkUndo {
    fn name(&self) -> &'static str {
        "network"
    }

    fn run(&self, call: &mut Call) -> Done {
        let undo = Undo { dry_run: self.dry_run, overwrite: self.force, at_boot: self.at_boot };
        let system = System::new(&call.options)?;
        Ok(system.undo_network(&undo, &mut progress::task)?.map(Report::Network))
    }
}
