//! From what is asked for and what is there to the files to write. Nothing is written here.

use std::path::PathBuf;

use super::{
    BRIDGE, Error, Finding, Mode, Request, SETTINGS_FILE, Settings, Survey, finding, findings,
    forwarding, hosts, networkd, networkmanager,
};
use crate::Manager;
use crate::changes::{Draft, Plan, Spot};

/// What is to be done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NetworkPlan {
    /// The files.
    pub files: Plan,
    /// What they amount to.
    pub settings: Settings,
    /// What the user should know.
    pub findings: Vec<Finding>,
}

/// A file of ours.
pub(super) struct ConfigFile {
    pub(super) spot: Spot,
    pub(super) text: String,
    pub(super) mode: u32,
}

impl ConfigFile {
    pub(super) fn public(path: &str, text: String) -> Self {
        Self { spot: Spot::root(path), text, mode: 0o644 }
    }
}

/// The interface that becomes a port of the bridge.
pub(super) struct Uplink {
    pub(super) name: String,
    /// Nothing for a system that is not running.
    pub(super) mac: Option<String>,
    /// The file that configures it now, and what is in it.
    pub(super) file: Option<(PathBuf, String)>,
    /// By which, beside the machine's own ID, networkd's DHCP client names itself there.
    pub(super) iaid: Option<u32>,
}

impl Uplink {
    pub(super) fn refuse(&self, what: &str) -> Error {
        let path = self.file.as_ref().map(|(path, _)| path.clone()).unwrap_or_default();
        Error::Uplink { uplink: self.name.clone(), path, what: what.to_owned() }
    }
}

/// Works out the network.
///
/// # Errors
/// What cannot be made to work, each with what to do.
pub fn plan(request: &Request, survey: &Survey) -> Result<NetworkPlan, Error> {
    let manager = manager(request, survey)?;
    let uplink = uplink(request, survey)?;
    let settings = Settings {
        mode: request.mode,
        manager,
        subnet: (request.mode == Mode::Nat).then_some(request.subnet),
        uplink: uplink.clone().filter(|_| request.mode == Mode::Bridge),
        cluster: request.cluster.clone(),
        isolate: request.isolate,
        allow_forwarding: request.allow_forwarding,
    };
    let (blocking, mut others): (Vec<_>, Vec<_>) =
        findings(&settings, survey).into_iter().partition(|finding| finding.blocks);
    if !blocking.is_empty() {
        return Err(Error::Blocked(blocking));
    }
    let mut draft = Draft::new(survey.system());
    for file in files(request, manager, uplink.as_deref(), survey)? {
        draft.own_file(file.spot, file.text.into_bytes(), file.mode);
    }
    if request.allow_forwarding {
        for file in forwarding::files(&request.program, manager, survey) {
            draft.own_file(file.spot, file.text.into_bytes(), file.mode);
        }
        for (spot, target) in forwarding::links() {
            draft.link(spot, target);
        }
    }
    if request.mode == Mode::Nat {
        let lines = hosts::lines(&request.nodes, request.subnet);
        draft.block(Spot::root("etc/hosts"), hosts::BLOCK, &lines, 0o644);
    }
    draft.own_file(Spot::root(SETTINGS_FILE), settings.text().into_bytes(), 0o644);
    draft.put_back_the_rest()?;
    others.extend(finding::shared_macs(request, survey));
    Ok(NetworkPlan { files: draft.finish(), settings, findings: others })
}

fn manager(request: &Request, survey: &Survey) -> Result<Manager, Error> {
    match request.manager {
        Some(manager) if manager.is_on(survey.system()) => Ok(manager),
        Some(manager) => Err(Error::ManagerOff(manager)),
        None => Manager::find(survey.system()).ok_or_else(|| {
            let places = survey.system().places();
            Error::NoManager { root: places.root().to_owned(), found: Manager::instead(places) }
        }),
    }
}

/// The uplink: needed where it becomes a port.
fn uplink(request: &Request, survey: &Survey) -> Result<Option<String>, Error> {
    let Some(live) = survey.live() else {
        return match (request.mode, &request.uplink) {
            (Mode::Bridge, None) => Err(Error::NoUplink),
            (_, asked) => Ok(asked.clone()),
        };
    };
    // Where the bridge has the default route already, its own uplink stays.
    let actual = live.uplink().map(str::to_owned).map(|link| match survey.settings() {
        Some(Settings { uplink: Some(uplink), .. }) if link == BRIDGE => uplink.clone(),
        _ => link,
    });
    if let Some(asked) = &request.uplink {
        live.link(asked)?;
    }
    match (request.mode, request.uplink.clone(), actual) {
        (Mode::Nat, Some(asked), Some(actual)) if asked != actual => {
            Err(Error::NotTheWayOut { asked, actual })
        }
        (Mode::Bridge, None, None) => Err(Error::NoUplink),
        (_, asked, actual) => Ok(asked.or(actual)),
    }
}

fn files(
    request: &Request,
    manager: Manager,
    uplink: Option<&str>,
    survey: &Survey,
) -> Result<Vec<ConfigFile>, Error> {
    let mut files = manager_files(request, manager, uplink, survey)?;
    if request.isolate && manager == Manager::NetworkManager {
        files.push(networkmanager::isolation());
    }
    Ok(files)
}

fn manager_files(
    request: &Request,
    manager: Manager,
    uplink: Option<&str>,
    survey: &Survey,
) -> Result<Vec<ConfigFile>, Error> {
    let (nodes, cluster) = (&request.nodes, request.cluster.as_ref());
    let bridged = |uplink: Option<&str>| {
        let name = uplink.ok_or(Error::NoUplink)?.to_owned();
        survey.uplink(name, manager)
    };
    match (request.mode, manager) {
        (Mode::Nat, Manager::NetworkManager) => {
            Ok(networkmanager::nat(request.subnet, nodes, cluster, survey.host_name()))
        }
        (Mode::Nat, Manager::Networkd) => Ok(networkd::nat(request, nodes)),
        (Mode::Bridge, Manager::NetworkManager) => networkmanager::bridged(&bridged(uplink)?),
        (Mode::Bridge, Manager::Networkd) => networkd::bridged(&bridged(uplink)?, request.isolate),
    }
}
