//! What is there before anything is planned: the system's files, and where it runs its links.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::filter::Filter;
use super::gadget::Gadget;
use super::manager_files::Uplink;
use super::{
    BRIDGE, Link, NetworkError, NetworkSettings, Route, SETTINGS_FILE, forwarding, ip, left_behind,
    networkd, networkmanager, user,
};
use crate::Manager;
use crate::Tools;
use crate::changes::{self, Snapshot, SysPath, Sysroot};

/// Where the record of the changes is kept.
const RECORD: &str = "network";

/// The file that makes the bridge of the vendor's images.
pub(super) const VENDORS_BRIDGE: &str = "etc/network/interfaces.d/clusterctrl";

/// hosts(5).
const HOSTS: &str = "etc/hosts";

/// The files that only tell something.
const TOLD: [&str; 2] = [HOST_NAME, MACHINE_ID];

/// hostname(5), machine-id(5).
const HOST_NAME: &str = "etc/hostname";
const MACHINE_ID: &str = "etc/machine-id";

/// The system below a root, for what this module changes there.
///
/// # Errors
/// A folder that holds no system.
pub fn sysroot(root: &Path) -> Result<Sysroot, changes::ChangeError> {
    Sysroot::new(RECORD, root)
}

/// All that planning looks at.
#[derive(Clone, Debug)]
pub struct Survey {
    system: Snapshot,
    settings: Option<NetworkSettings>,
    /// What is wrong with the record of the settings.
    unread: Option<String>,
    live: Option<Live>,
}

/// The running system.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    pub(super) links: Vec<Link>,
    pub(super) routes: Vec<Route>,
    /// Interfaces that are no Ethernet.
    pub(super) wireless: Vec<String>,
    /// The files that configure interfaces now.
    files: BTreeMap<String, PathBuf>,
    /// Where on the USB interfaces are.
    pub(super) gadgets: BTreeMap<String, Gadget>,
    /// Those of networkd's DHCP clients.
    iaids: BTreeMap<String, u32>,
    /// The rules of the packet filter.
    pub(super) filter: Filter,
    /// nft's tables; nothing if they could not be read.
    pub(super) tables: Option<String>,
    /// Whether bridged frames pass the packet filter.
    pub(super) filters_bridges: bool,
    /// The interface that the user's connection came through.
    pub(super) user_link: Option<String>,
}

impl Survey {
    /// Looks at a system; with `tools`, at the running one.
    ///
    /// # Errors
    /// A file that cannot be read, a program that is missing.
    pub fn take(sysroot: &Sysroot, tools: Option<&dyn Tools>) -> Result<Self, NetworkError> {
        let mut system = Snapshot::new(sysroot);
        let shared = [HOSTS, SETTINGS_FILE].into_iter().chain(TOLD).map(SysPath::root);
        shared
            .chain(networkmanager::files())
            .chain(networkd::files())
            .try_for_each(|sys_path| system.add_file(sys_path))?;
        system.add_mark(SysPath::root(VENDORS_BRIDGE))?;
        Manager::look(&mut system)?;
        let (files, links) = forwarding::sys_paths();
        files.into_iter().try_for_each(|file| system.add_file(file))?;
        links.into_iter().try_for_each(|link| system.add_link(link))?;
        // Setting it up again fixes a record that says nothing.
        let (settings, unread) = match NetworkSettings::read(sysroot) {
            Err(NetworkError::Settings { message, .. }) => (None, Some(message)),
            settings => (settings?, None),
        };
        let live = match tools {
            Some(tools) => {
                let manager = settings.as_ref().map(|settings| settings.manager);
                Some(Live::take(sysroot, tools, manager.or_else(|| Manager::find(&system)))?)
            }
            None => {
                left_behind::look(&mut system);
                None
            }
        };
        for file in live.iter().flat_map(|live| live.files.values()) {
            system.add_file(sys_path(file))?;
        }
        Ok(Self { system, settings, unread, live })
    }

    pub(super) fn system(&self) -> &Snapshot {
        &self.system
    }

    /// What was set up, for who works on that.
    ///
    /// # Errors
    /// A record of it that cannot be understood.
    pub(super) fn known_settings(&self) -> Result<Option<&NetworkSettings>, NetworkError> {
        match &self.unread {
            None => Ok(self.settings()),
            Some(message) => Err(NetworkError::Settings {
                path: self.system.sysroot().shown(&SysPath::root(SETTINGS_FILE)),
                message: message.clone(),
            }),
        }
    }

    /// What was set up before.
    #[must_use]
    pub fn settings(&self) -> Option<&NetworkSettings> {
        self.settings.as_ref()
    }

    pub(super) fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    /// The controller's name.
    pub(super) fn host_name(&self) -> Option<&str> {
        let plain = |name: &&str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
            !name.is_empty() && name.chars().all(allowed)
        };
        self.lines(HOST_NAME).find(|line| !line.starts_with('#')).filter(plain)
    }

    /// What tells this machine from every other; nothing before its first boot.
    pub(super) fn machine_id(&self) -> Option<&str> {
        let is_id = |id: &&str| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.lines(MACHINE_ID).next().filter(is_id)
    }

    fn lines(&self, path: &str) -> impl Iterator<Item = &str> {
        let file = self.system.file(&SysPath::root(path));
        let text = file.and_then(|file| std::str::from_utf8(&file.bytes).ok()).unwrap_or_default();
        text.lines().map(str::trim).filter(|line| !line.is_empty())
    }

    /// Whether a program of the system is installed.
    pub(super) fn has_program(&self, name: &str) -> bool {
        let root = self.system.sysroot().root();
        ["usr/sbin", "usr/bin"].iter().any(|folder| root.join(folder).join(name).exists())
    }

    /// The interface that becomes a port.
    pub(super) fn uplink(&self, name: String, manager: Manager) -> Result<Uplink, NetworkError> {
        let Some(live) = &self.live else {
            return Ok(Uplink { name, mac: None, file: None, iaid: None });
        };
        // A port already: what moved to the bridge is there, in our own file.
        let of = match live.link(&name)?.master.as_deref() {
            Some(BRIDGE) => BRIDGE,
            _ => name.as_str(),
        };
        let file = live.files.get(of).and_then(|path| {
            let text =
                String::from_utf8_lossy(&self.system.file(&sys_path(path))?.bytes).into_owned();
            Some((path.clone(), text))
        });
        let (is_ours, mac) = (of == BRIDGE, live.link(&name)?.mac.clone());
        let iaid = live.iaids.get(&name).copied();
        let uplink = Uplink { name, mac: Some(mac), file, iaid };
        match &uplink.file {
            Some((path, _)) if manager == Manager::Networkd => {
                let name = path.file_name().unwrap_or_default();
                if !is_ours && name <= networkd::UPLINK_FILE {
                    return Err(uplink.refuse("a name that comes before 00-clusterhat"));
                }
                if path.with_extension("network.d").is_dir() {
                    return Err(uplink.refuse("drop-in files"));
                }
            }
            _ => {}
        }
        Ok(uplink)
    }
}

/// Absolute paths are those of the system itself.
fn sys_path(path: &Path) -> SysPath {
    SysPath::root(path.strip_prefix("/").unwrap_or(path))
}

impl Live {
    fn take(
        sysroot: &Sysroot,
        tools: &dyn Tools,
        manager: Option<Manager>,
    ) -> Result<Self, NetworkError> {
        let root = sysroot.root();
        let links = ip::links(tools)?;
        let sysctl = root.join("proc/sys/net/bridge/bridge-nf-call-iptables");
        let is_wireless =
            |link: &&Link| root.join("sys/class/net").join(&link.name).join("phy80211").exists();
        let address = user::came_through(root);
        let has = |link: &&Link| link.addresses.iter().any(|(has, _)| Some(*has) == address);
        Ok(Self {
            routes: ip::routes(tools)?,
            wireless: links.iter().filter(is_wireless).map(|link| link.name.clone()).collect(),
            files: match manager {
                Some(Manager::NetworkManager) => profiles(tools),
                Some(Manager::Networkd) => network_files(tools),
                None => BTreeMap::new(),
            },
            iaids: links
                .iter()
                .filter_map(|link| Some((link.name.clone(), iaid(root, link.index)?)))
                .collect(),
            gadgets: links
                .iter()
                .filter_map(|link| Some((link.name.clone(), Gadget::of(root, &link.name)?)))
                .collect(),
            filter: Filter::read(root, tools),
            tables: said(tools, "nft", &["list", "tables"]),
            filters_bridges: fs::read_to_string(sysctl).is_ok_and(|text| text.trim() == "1"),
            user_link: links.iter().find(has).map(|link| link.name.clone()),
            links,
        })
    }

    /// The interface of the default route.
    pub(super) fn uplink(&self) -> Option<&str> {
        let defaults = self.routes.iter().filter(|route| route.network.is_none());
        defaults.min_by_key(|route| route.metric).map(|route| &*route.link)
    }

    /// An interface of this name.
    pub(super) fn link(&self, name: &str) -> Result<&Link, NetworkError> {
        self.links.iter().find(|link| link.name == name).ok_or_else(|| {
            let known: Vec<_> = self.links.iter().map(|link| &*link.name).collect();
            NetworkError::NoSuchLink { name: name.to_owned(), known: known.join(" ") }
        })
    }
}

/// What a program prints, if it is there and may.
fn said(tools: &dyn Tools, program: &str, words: &[&str]) -> Option<String> {
    let printed = tools.run(program, words).ok().filter(|printed| printed.success)?;
    Some(printed.stdout)
}

/// nmcli(1): terse output escapes colons by a backslash.
fn profiles(tools: &dyn Tools) -> BTreeMap<String, PathBuf> {
    let words = ["--terse", "--fields", "DEVICE,FILENAME", "connection", "show", "--active"];
    let Ok(printed) = tools.run("nmcli", &words) else { return BTreeMap::new() };
    let lines = printed.stdout.lines().filter_map(|line| line.split_once(':'));
    lines.map(|(link, path)| (link.to_owned(), path.replace('\\', "").into())).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkctlList {
    interfaces: Vec<NetworkctlLink>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkctlLink {
    name: String,
    network_file: Option<PathBuf>,
}

fn network_files(tools: &dyn Tools) -> BTreeMap<String, PathBuf> {
    let Ok(printed) = tools.run("networkctl", &["--json=short", "list"]) else {
        return BTreeMap::new();
    };
    let list: Option<NetworkctlList> = serde_json::from_str(&printed.stdout).ok();
    let links = list.into_iter().flat_map(|list| list.interfaces);
    links.filter_map(|link| Some((link.name, link.network_file?))).collect()
}

/// From a lease that networkd keeps: RFC 4361, 6.1: a client identifier of the type 255 begins with the
/// IAID.
fn iaid(root: &Path, link: u32) -> Option<u32> {
    let lease = root.join("run/systemd/netif/leases").join(link.to_string());
    let text = fs::read_to_string(lease).ok()?;
    let id = text.lines().find_map(|line| line.strip_prefix("CLIENTID="))?;
    let iaid = id.get(..2).filter(|kind| kind.eq_ignore_ascii_case("ff")).and(id.get(2..10))?;
    u32::from_str_radix(iaid, 16).ok()
}
