//! Making the running system follow its files, and going back where that fails.

use std::path::Path;
use std::time::Duration;

use super::bridge::{bridge_up, up, wait_online};
use super::call::run;
use super::{
    BRIDGE, Link, NetworkError, NetworkMode, NetworkPlan, NetworkSettings, filter, forwarding, ip,
};
use crate::Manager;
use crate::Tools;
use crate::changes::{self, Changed, Sysroot};

/// How often the bridge is looked at for its address, and the time between.
const ADDRESS_LOOKS: u32 = 240;
const ADDRESS_PAUSE: Duration = Duration::from_millis(250);

/// Brings up what was written. If it does not come up, what was written is taken back, and the network is
/// as it was before: none of ours, or the one that an earlier setup made.
///
/// # Errors
/// [`NetworkError::PutBack`], or [`NetworkError::NotPutBack`] where even that failed.
pub fn activate(
    plan: &NetworkPlan,
    earlier: Option<&NetworkSettings>,
    sysroot: &Sysroot,
    tools: &dyn Tools,
) -> Result<(), NetworkError> {
    let settings = &plan.settings;
    let Err(error) = try_up(settings, earlier, tools) else { return Ok(()) };
    let why = error.to_string();
    let back = match earlier {
        None => {
            changes::undo(sysroot, Changed::Overwrite)?;
            deactivate(settings, tools)
        }
        Some(earlier) => {
            plan.files.reversed().apply(sysroot)?;
            // Without its uplink, whose DHCP server may be silent, the nodes still have each other and the controller.
            let down = deactivate(settings, tools);
            let up = bring_up(earlier, tools);
            down.and(up)
        }
    };
    match back {
        Ok(()) => Err(NetworkError::PutBack { why, what: put_back(earlier) }),
        Err(then) => Err(NetworkError::NotPutBack {
            why,
            then: then.to_string(),
            restart: format!("systemctl restart {}", settings.manager.unit()),
        }),
    }
}

fn put_back(earlier: Option<&NetworkSettings>) -> String {
    match earlier {
        None => "everything was restored to the state before `clusterhat network setup`".to_owned(),
        Some(earlier) => format!("the network was restored as it was before ({})", earlier.mode),
    }
}

fn try_up(
    settings: &NetworkSettings,
    earlier: Option<&NetworkSettings>,
    tools: &dyn Tools,
) -> Result<(), NetworkError> {
    let address = address_of_uplink(settings, tools)?;
    if earlier.is_some_and(|earlier| earlier.allow_forwarding) && !settings.allow_forwarding {
        stop_forwarding(tools)?;
    }
    if earlier.is_some_and(|earlier| earlier.mode == NetworkMode::Nat) && settings.uplink.is_some()
    {
        restart_bridge(settings, tools)?;
    }
    bring_up(settings, tools)?;
    address.map_or(Ok(()), |address| keeps(tools, &address))
}

/// NetworkManager adds a port to a bridge that is up, but takes nothing else from a profile that has
/// changed: the bridge would keep its old addresses. Started anew, it waits for its port without us.
fn restart_bridge(settings: &NetworkSettings, tools: &dyn Tools) -> Result<(), NetworkError> {
    if settings.manager != Manager::NetworkManager {
        return Ok(());
    }
    run(tools, "nmcli", &["connection", "reload"])?;
    run(tools, "nmcli", &["--wait", "0", "connection", "up", BRIDGE])
}

/// Takes down what was undone, so that the network is as its files say.
///
/// # Errors
/// What the manager says.
pub fn deactivate(settings: &NetworkSettings, tools: &dyn Tools) -> Result<(), NetworkError> {
    // Rules that stay harm nobody; on the uplink hangs the connection of who is there.
    let stopped = if settings.allow_forwarding { stop_forwarding(tools) } else { Ok(()) };
    take_down(settings, tools).and(stopped)
}

fn take_down(settings: &NetworkSettings, tools: &dyn Tools) -> Result<(), NetworkError> {
    match settings.manager {
        Manager::NetworkManager => {
            run(tools, "nmcli", &["connection", "reload"])?;
            // Gone with its profile, or never there.
            let _ = run(tools, "nmcli", &["device", "delete", BRIDGE]);
            if let Some(uplink) = &settings.uplink {
                give_back(uplink, tools)?;
            }
        }
        Manager::Networkd => {
            run(tools, "networkctl", &["reload"])?;
            let _ = run(tools, "networkctl", &["delete", BRIDGE]);
            if let Some(uplink) = &settings.uplink {
                run(tools, "networkctl", &["reconfigure", uplink])?;
                wait_online(tools, &format!("{uplink}:routable"))?;
            }
        }
    }
    Ok(())
}

/// The uplink has the profile that it had without us. Where it had none NetworkManager makes one up, but
/// at boot only; so one is made up here that lasts until then. (`device connect` would make one that
/// lasts for good.)
fn give_back(uplink: &str, tools: &dyn Tools) -> Result<(), NetworkError> {
    if up(tools, &["ifname", uplink]).is_ok() {
        return Ok(());
    }
    let made_up = ["type", "ethernet", "con-name", uplink, "ifname", uplink];
    run(tools, "nmcli", &[&["connection", "add", "save", "no"], &made_up[..]].concat())?;
    up(tools, &[uplink])
}

fn bring_up(settings: &NetworkSettings, tools: &dyn Tools) -> Result<(), NetworkError> {
    bridge_up(settings, tools)?;
    if settings.allow_forwarding { start_forwarding(tools) } else { Ok(()) }
}

/// The unit has its rules from here on, and at every boot.
fn start_forwarding(tools: &dyn Tools) -> Result<(), NetworkError> {
    run(tools, "systemctl", &["daemon-reload"])?;
    reload_firewalld(tools);
    run(tools, "systemctl", &["restart", forwarding::UNIT])
}

fn stop_forwarding(tools: &dyn Tools) -> Result<(), NetworkError> {
    // Not there any more, or never started.
    let _ = run(tools, "systemctl", &["stop", forwarding::UNIT]);
    run(tools, "systemctl", &["daemon-reload"])?;
    reload_firewalld(tools);
    filter::withdraw(Path::new("/"), tools)
}

/// Where it runs it takes its zones from files that have changed.
fn reload_firewalld(tools: &dyn Tools) {
    let _ = run(tools, "firewall-cmd", &["--reload"]);
}

/// The address by which the controller was reached, if an uplink is to become a port.
fn address_of_uplink(
    settings: &NetworkSettings,
    tools: &dyn Tools,
) -> Result<Option<String>, NetworkError> {
    let Some(uplink) = &settings.uplink else { return Ok(None) };
    let links = ip::links(tools)?;
    let link = links.iter().find(|link| link.name == *uplink);
    let v4 = link.and_then(|link| link.addresses.iter().find(|(address, _)| address.is_ipv4()));
    Ok(v4.map(|(address, _)| address.to_string()))
}

/// NetworkManager holds a connection for up as soon as one of IPv4 and IPv6 is, and has no word to
/// wait for the other.
fn keeps(tools: &dyn Tools, address: &str) -> Result<(), NetworkError> {
    let has = |link: &Link| link.addresses.iter().any(|(has, _)| has.to_string() == address);
    for _ in 0..ADDRESS_LOOKS {
        if ip::links(tools)?.iter().any(|link| link.name == BRIDGE && has(link)) {
            return Ok(());
        }
        tools.pause(ADDRESS_PAUSE);
    }
    Err(NetworkError::ToolFailed {
        call: format!("ip address show {BRIDGE}"),
        said: format!("the controller's address {address} did not appear on {BRIDGE}"),
    })
}
