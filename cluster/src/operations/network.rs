//! `network`: the nodes' addresses and their internet access.

use node_link::NodeId;
use system_config::changes::{Changed, Sysroot, plan_undo, undo};
use system_config::network::{
    self, NetworkNode, NetworkRequest, NetworkSettings, NodeLink, Survey, activate, deactivate,
};
use system_config::{LinuxTools, Tools};

use hat_driver::linux::Node as Handle;

use crate::cluster::Cluster;
use crate::error::Error;
use crate::event::{Event, Observer, Task, Verdict, during};
use crate::nodes::label;
use crate::outcome::Outcome;
use crate::report::{NetworkDone, NetworkReport};
use crate::system::System;

/// How to undo the network's setup.
#[derive(Clone, Copy, Debug, Default)]
pub struct NetworkUndo {
    /// Only reports what would be done.
    pub dry_run: bool,
    /// Also undoes what was edited since.
    pub overwrite: bool,
    /// Restores the files only; they take effect at the next boot.
    pub at_boot: bool,
}

impl Cluster {
    /// Gives the nodes addresses and internet access as the request says, but for its nodes, which are
    /// those of this cluster. `at_boot` writes the files only, and `dry_run` not even those.
    ///
    /// # Errors
    /// [`Error::NoNetworkPlace`], [`Error::Network`] or [`Error::Files`]; the error of a board that
    /// cannot say how many nodes it has.
    pub fn set_up_network<V: Verdict>(
        &self,
        system: &System,
        request: NetworkRequest,
        (dry_run, at_boot): (bool, bool),
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Outcome<NetworkReport>, Error> {
        // Without the number of nodes there are no addresses to give.
        if let Some(error) = self.uncounted() {
            return Err(error);
        }
        let observer: &mut Observer<'_> = &mut |event: Event<'_>| observer(event).control();
        let request = NetworkRequest { nodes: self.network_nodes()?, ..request };
        let sysroot = system.locked(network::sysroot(system.root())?, dry_run, observer)?;
        let request = if system.is_running() { of_this_machine(request) } else { request };
        let survey = survey(system, &sysroot)?;
        let plan = network::plan(&request, &survey)?;
        let activates = system.is_running() && !at_boot;
        if !dry_run {
            plan.files.apply(&sysroot)?;
            if activates {
                let up = || activate(&plan, survey.settings(), &sysroot, &LinuxTools);
                during(Task::NetworkUp, observer, up).0?;
            }
        }
        let done = NetworkDone::new(&plan.files, dry_run, activates);
        let (settings, findings) = (plan.settings, plan.findings);
        Ok(NetworkReport::Setup { settings, findings, done }.into())
    }

    /// How the nodes' network is; [`Error::NetworkBroken`] beside the report where it does not work.
    ///
    /// # Errors
    /// [`Error::NotRunning`], [`Error::NoNetworkPlace`] or [`Error::Network`].
    pub fn network_status(&mut self, system: &System) -> Result<Outcome<NetworkReport>, Error> {
        let sysroot = network::sysroot(system.running()?.root())?;
        self.network_status_of(&sysroot, &LinuxTools)
    }

    fn network_status_of(
        &mut self,
        sysroot: &Sysroot,
        tools: &dyn Tools,
    ) -> Result<Outcome<NetworkReport>, Error> {
        let mut nodes = self.network_nodes()?;
        let all: Vec<_> = self.driver.nodes().collect();
        for (known, node) in all.into_iter().zip(&mut nodes) {
            // The network is reported even if a board does not answer.
            node.usb_path = self.usb_path(known).ok().flatten();
        }
        let survey = Survey::take(sysroot, Some(tools))?;
        let status = network::status(&nodes, &survey, tools)?;
        let problems = status.as_ref().map(network::BridgeStatus::problems).unwrap_or_default();
        let error = (!problems.is_empty()).then_some(Error::NetworkBroken(problems));
        Ok(Outcome { report: NetworkReport::Status(status), error }.or(self.uncounted()))
    }

    /// The nodes as the network knows them.
    pub(crate) fn network_nodes(&self) -> Result<Vec<NetworkNode>, Error> {
        self.driver.nodes().map(|node| self.network_node(node)).collect()
    }

    /// A node as the network knows it.
    pub(super) fn network_node(&self, node: Handle) -> Result<NetworkNode, Error> {
        let id = NodeId::from_number(node.number())
            .map_err(|source| Error::NoNetworkPlace { node: label(node), source })?;
        Ok(NetworkNode { name: self.alias(node), ..NetworkNode::from(id) })
    }

    /// The nodes' links, where the system runs.
    pub(super) fn links(&self, system: &System) -> Result<Vec<NodeLink>, Error> {
        if !system.is_running() {
            return Ok(Vec::new());
        }
        let all = self.driver.nodes();
        let nodes: Vec<_> = all.filter_map(|node| self.network_node(node).ok()).collect();
        let survey = survey(system, &network::sysroot(system.root())?)?;
        let status = network::status(&nodes, &survey, &LinuxTools)?;
        Ok(status.map(|status| status.nodes).unwrap_or_default())
    }
}

impl System {
    /// What was set up as the nodes' network, if anything.
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn network_settings(&self) -> Result<Option<NetworkSettings>, Error> {
        Ok(NetworkSettings::read(&network::sysroot(self.root())?)?)
    }

    /// Lets the nodes through the packet filter until the next boot.
    ///
    /// # Errors
    /// [`Error::NotRunning`] or [`Error::Network`].
    pub fn allow_network(&self) -> Result<Outcome<NetworkReport>, Error> {
        let system = self.running()?;
        network::allow(&survey(system, &network::sysroot(system.root())?)?, &LinuxTools)?;
        Ok(NetworkReport::Allowed { allowed: true }.into())
    }

    /// Undoes what setting up the network changed.
    ///
    /// # Errors
    /// [`Error::Network`] or [`Error::Files`].
    pub fn undo_network<V: Verdict>(
        &self,
        asked: &NetworkUndo,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Outcome<NetworkReport>, Error> {
        let observer: &mut Observer<'_> = &mut |event: Event<'_>| observer(event).control();
        let sysroot = self.locked(network::sysroot(self.root())?, asked.dry_run, observer)?;
        // All or nothing: half a network may leave the controller unreachable.
        let changed = if asked.overwrite { Changed::Overwrite } else { Changed::Refuse };
        let plan = plan_undo(&sysroot, changed)?;
        let settings = match NetworkSettings::read(&sysroot) {
            // What it said is lost, but not the files that were there before.
            Err(network::NetworkError::Settings { .. }) if asked.overwrite => None,
            settings => settings?,
        };
        let activates = self.is_running() && !asked.at_boot && settings.is_some();
        if !asked.dry_run {
            undo(&sysroot, changed)?;
            if let Some(settings) = settings.filter(|_| activates) {
                let down = || deactivate(&settings, &LinuxTools);
                during(Task::NetworkDown, observer, down).0?;
            }
        }
        // All that a plan has to say is what it would leave, which is refused here.
        let notes = plan.notes().iter().map(|note| format!("it would be refused: {note}"));
        let done = NetworkDone {
            notes: notes.collect(),
            ..NetworkDone::new(&plan, asked.dry_run, activates)
        };
        Ok(NetworkReport::Undo(done).into())
    }
}

fn survey(system: &System, sysroot: &Sysroot) -> Result<Survey, Error> {
    let tools: Option<&dyn Tools> = if system.is_running() { Some(&LinuxTools) } else { None };
    Ok(Survey::take(sysroot, tools)?)
}

/// The unit runs the program that wrote it.
fn of_this_machine(request: NetworkRequest) -> NetworkRequest {
    match std::env::current_exe() {
        Ok(program) => NetworkRequest { program, ..request },
        Err(_) => request,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;
    use std::os::unix::fs::symlink;

    use serde_json::json;
    use system_config::Printed;
    use system_config::network::{LinkState, NetworkMode};

    use super::*;
    use crate::controller::{Controller, Options};

    /// What `ip` prints where another node than p2 is plugged in; no other program is there.
    struct Ip;

    impl Tools for Ip {
        fn run(&self, program: &str, words: &[&str]) -> io::Result<Printed> {
            let link = |name: &str, bridge: Option<&str>| {
                json!({
                    "ifindex": 2, "ifname": name, "address": "02:00:00:00:00:01", "flags": ["UP", "LOWER_UP"], "master": bridge,
                    "addr_info": [],
                })
            };
            let stdout = match (program, words) {
                ("ip", [.., "address", "show"]) => {
                    json!([link("clusterhat0", None), link("ethpi3", Some("clusterhat0"))])
                }
                ("ip", _) => json!([]),
                _ => return Err(io::ErrorKind::NotFound.into()),
            };
            Ok(Printed { success: true, stdout: stdout.to_string(), stderr: String::new() })
        }
    }

    /// From the configuration to the report.
    #[test]
    fn a_node_in_the_place_of_another_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let unit = "usr/lib/systemd/system/systemd-networkd.service";
        write(unit, "[Unit]\n");
        write("etc/hosts", "");
        write("etc/systemd/system/multi-user.target.wants/README", "");
        write("sys/devices/usb1/1-1.2/serial", "3\n");
        write("sys/devices/usb1/1-1.2/1-1.2:1.0/bInterfaceClass", "02\n");
        write("sys/class/net/ethpi3/mtu", "1500\n");
        let wants =
            root.join("etc/systemd/system/multi-user.target.wants/systemd-networkd.service");
        symlink(format!("/{unit}"), wants).unwrap();
        let device = root.join("sys/class/net/ethpi3/device");
        symlink("../../../devices/usb1/1-1.2/1-1.2:1.0", device).unwrap();
        let (world, config) = (folder.path().join("world.json"), folder.path().join("config"));
        fs::write(&world, hat_driver::sim::builtin::simulation("v2.5").unwrap().to_text()).unwrap();
        fs::write(&config, "[nodes.p2]\nusb-path = \"1-1.2\"\n").unwrap();
        let options = Options {
            root: Some(root.clone()),
            simulation: world.to_str().map(str::to_owned),
            config: Some(config),
            ..Options::default()
        };
        let mut cluster = Controller::new(&options).unwrap().open().unwrap();
        let system = System::new(&options).unwrap();
        let uplink = Some("eth0".to_owned());
        let request = NetworkRequest { uplink, ..NetworkRequest::new(NetworkMode::Nat) };
        let _ = cluster.set_up_network(&system, request, (false, true), &mut |_| {}).unwrap();
        let sysroot = network::sysroot(&root).unwrap();
        let outcome = cluster.network_status_of(&sysroot, &Ip).unwrap();
        let NetworkReport::Status(Some(status)) = &outcome.report else { panic!("{outcome:?}") };
        let states: Vec<_> = status.nodes.iter().map(|node| node.state).collect();
        assert_eq!(
            states,
            [LinkState::Absent, LinkState::Foreign, LinkState::Absent, LinkState::Absent]
        );
        assert_eq!(status.nodes[1].interface.as_deref(), Some("ethpi3"));
        let told = "the node in position p2 (USB 1-1.2, ethpi3) identifies itself as p3";
        assert!(status.problems().iter().any(|problem| problem == told), "{status:?}");
        assert!(outcome.error.is_some());
    }
}
