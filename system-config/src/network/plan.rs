//! From what is asked for and what is there to the files to write. Nothing is written here.

use super::manager_files::ConfigFile;
use super::{
    BRIDGE, Finding, NetworkError, NetworkMode, NetworkNode, NetworkRequest, NetworkSettings,
    SETTINGS_FILE, Survey, checks, findings, forwarding, hosts, left_behind, networkd,
    networkmanager, uplink_name,
};
use crate::Manager;
use crate::changes::{ChangePlan, Draft, SysPath};

/// What is to be done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NetworkPlan {
    /// The files.
    pub files: ChangePlan,
    /// What they amount to.
    pub settings: NetworkSettings,
    /// What the user should know.
    pub findings: Vec<Finding>,
}

/// Works out the network.
///
/// # Errors
/// What cannot be made to work, each with what to do.
pub fn plan(request: &NetworkRequest, survey: &Survey) -> Result<NetworkPlan, NetworkError> {
    request.uplink.as_deref().map_or(Ok(()), uplink_name::check)?;
    let manager = manager(request, survey)?;
    let uplink = uplink(request, survey)?;
    check_names(request, survey)?;
    let settings = NetworkSettings {
        mode: request.mode,
        manager,
        subnet: (request.mode == NetworkMode::Nat).then_some(request.subnet),
        uplink: uplink.clone().filter(|_| request.mode == NetworkMode::Bridge),
        cluster: request.cluster.clone(),
        isolate: request.isolate,
        allow_forwarding: request.allow_forwarding,
    };
    let (blocking, mut others): (Vec<_>, Vec<_>) =
        findings(&settings, survey).into_iter().partition(|finding| finding.blocks);
    if !blocking.is_empty() {
        return Err(NetworkError::Blocked(blocking));
    }
    let mut draft = Draft::new(survey.system());
    for file in files(request, manager, uplink.as_deref(), survey)? {
        draft.own_file(file.sys_path, file.text.into_bytes(), file.mode);
    }
    if request.allow_forwarding {
        for file in forwarding::files(&request.program, survey.has_program("firewalld"), manager) {
            draft.own_file(file.sys_path, file.text.into_bytes(), file.mode);
        }
        for (sys_path, target) in forwarding::links() {
            draft.link(sys_path, target);
        }
    }
    if request.mode == NetworkMode::Nat {
        let lines = hosts::lines(&request.nodes, request.subnet);
        draft.block(SysPath::root("etc/hosts"), hosts::BLOCK, &lines, 0o644)?;
    }
    draft.own_file(SysPath::root(SETTINGS_FILE), settings.text().into_bytes(), 0o644);
    draft.put_back_the_rest()?;
    others.extend(checks::shared_macs(request, survey));
    if survey.live().is_none() {
        others.extend(left_behind::findings(&settings, survey.system()));
    }
    Ok(NetworkPlan { files: draft.finish(), settings, findings: others })
}

fn manager(request: &NetworkRequest, survey: &Survey) -> Result<Manager, NetworkError> {
    match request.manager {
        Some(manager) if manager.is_on(survey.system()) => Ok(manager),
        Some(manager) => Err(NetworkError::ManagerOff(manager)),
        None => Manager::find(survey.system()).ok_or_else(|| {
            let sysroot = survey.system().sysroot();
            NetworkError::NoManager {
                root: sysroot.root().to_owned(),
                found: Manager::instead(sysroot),
            }
        }),
    }
}

/// In a NAT, the controller's hosts(5) and name service have the nodes' names.
fn check_names(request: &NetworkRequest, survey: &Survey) -> Result<(), NetworkError> {
    let Some(own) = survey.host_name().filter(|_| request.mode == NetworkMode::Nat) else {
        return Ok(());
    };
    let own = own.split('.').next().unwrap_or(own);
    let names =
        |node: &NetworkNode| node.names().into_iter().find(|name| name.eq_ignore_ascii_case(own));
    let taken = request.nodes.iter().find_map(|node| Some((node.label(), names(node)?)));
    taken.map_or(Ok(()), |(node, name)| Err(NetworkError::NamedAsController { node, name }))
}

/// The uplink: needed where it becomes a port.
fn uplink(request: &NetworkRequest, survey: &Survey) -> Result<Option<String>, NetworkError> {
    let Some(live) = survey.live() else {
        return match (request.mode, &request.uplink) {
            (NetworkMode::Bridge, None) => Err(NetworkError::NoUplink),
            (_, asked) => Ok(asked.clone()),
        };
    };
    // Where the bridge has the default route already, its own uplink stays.
    let actual = live.uplink().map(str::to_owned).map(|link| match survey.settings() {
        Some(NetworkSettings { uplink: Some(uplink), .. }) if link == BRIDGE => uplink.clone(),
        _ => link,
    });
    if let Some(asked) = &request.uplink {
        live.link(asked)?;
    }
    match (request.mode, request.uplink.clone(), actual) {
        (NetworkMode::Nat, Some(asked), Some(actual)) if asked != actual => {
            Err(NetworkError::NotDefaultRoute { asked, actual })
        }
        (NetworkMode::Bridge, None, None) => Err(NetworkError::NoUplink),
        (_, asked, actual) => Ok(asked.or(actual)),
    }
}

fn files(
    request: &NetworkRequest,
    manager: Manager,
    uplink: Option<&str>,
    survey: &Survey,
) -> Result<Vec<ConfigFile>, NetworkError> {
    let mut files = manager_files(request, manager, uplink, survey)?;
    if request.isolate && manager == Manager::NetworkManager {
        files.push(networkmanager::isolation());
    }
    Ok(files)
}

fn manager_files(
    request: &NetworkRequest,
    manager: Manager,
    uplink: Option<&str>,
    survey: &Survey,
) -> Result<Vec<ConfigFile>, NetworkError> {
    let (nodes, cluster) = (&request.nodes, request.cluster.as_ref());
    let bridged = |uplink: Option<&str>| {
        let name = uplink.ok_or(NetworkError::NoUplink)?.to_owned();
        survey.uplink(name, manager)
    };
    match (request.mode, manager) {
        (NetworkMode::Nat, Manager::NetworkManager) => {
            Ok(networkmanager::nat(request.subnet, nodes, cluster, survey.host_name()))
        }
        (NetworkMode::Nat, Manager::Networkd) => Ok(networkd::nat(request, nodes)),
        (NetworkMode::Bridge, Manager::NetworkManager) => {
            networkmanager::bridged(&bridged(uplink)?)
        }
        (NetworkMode::Bridge, Manager::Networkd) => {
            networkd::bridged(&bridged(uplink)?, request.isolate)
        }
    }
}
