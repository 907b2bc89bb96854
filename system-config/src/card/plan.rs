//! What a setup changes, worked out from what is on the card. Nothing is read or written here.

use node_link::{NodeId, Subnet};

use super::CardError;
use super::network::Profile;
use super::{
    cmdline_txt, config_txt, conflicts, hostname, modules, networkd, networkmanager, units,
};
use crate::Manager;
use crate::changes::{ChangePlan, Draft, Snapshot, SysPath};
use crate::config_txt::{cmdline_files, zeros};

/// What the node shall be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CardRequest {
    /// Its number.
    pub id: NodeId,
    /// Its host name; as it is if not given.
    pub hostname: Option<String>,
    /// Where the address is that it gives itself, if nobody gives it one.
    pub subnet: Subnet,
    /// Files that say what the node is, by their paths below the root; each is to be read first.
    pub files: Vec<(&'static str, String)>,
}

impl CardRequest {
    /// A node with this number; its host name stays.
    #[must_use]
    pub const fn new(id: NodeId) -> Self {
        Self { id, hostname: None, subnet: Subnet::VENDOR, files: Vec::new() }
    }

    /// Gives it a fallback address in this network instead of the vendor's.
    #[must_use]
    pub fn with_subnet(mut self, subnet: Subnet) -> Self {
        self.subnet = subnet;
        self
    }

    /// Writes this text to a file below the root.
    #[must_use]
    pub fn with_file(mut self, path: &'static str, text: String) -> Self {
        self.files.push((path, text));
        self
    }

    /// Gives it a host name, or none.
    #[must_use]
    pub fn with_hostname(mut self, hostname: Option<String>) -> Self {
        self.hostname = hostname;
        self
    }
}

/// Works out the setup of a card.
///
/// # Errors
/// What cannot be made to work, each with what to do.
pub fn plan(request: &CardRequest, card: &Snapshot) -> Result<ChangePlan, CardError> {
    conflicts::check(card)?;
    let mut draft = Draft::new(card);
    for (path, text) in &request.files {
        draft.file(SysPath::root(*path), text.clone().into_bytes(), 0o644);
    }
    for profile in profiles(card, request.id, request.subnet)? {
        draft.own_file(profile.sys_path, profile.text.into_bytes(), profile.mode);
    }
    if let Some(name) = &request.hostname {
        host_name(&mut draft, card, name)?;
    }
    for (sys_path, target) in units::links(card)? {
        draft.link(sys_path, target);
    }
    for sys_path in units::logins_on_agent_port(card) {
        draft.remove(sys_path);
    }
    // Only now: until our gadget comes at boot, the one made by hand has to.
    module_lists(&mut draft, card);
    for note in conflicts::notes(card).into_iter().chain(boot_notes(request, card)) {
        draft.note(note);
    }
    boot(&mut draft, card);
    Ok(draft.finish())
}

fn host_name(draft: &mut Draft<'_>, card: &Snapshot, name: &str) -> Result<(), CardError> {
    hostname::check(name)?;
    let bytes = |sys_path| card.file(sys_path).map(|state| state.bytes.as_slice());
    let (of_name, of_hosts) = (SysPath::root("etc/hostname"), SysPath::root("etc/hosts"));
    let was = bytes(&of_name).and_then(hostname::current);
    let hosts = hostname::edit_hosts(bytes(&of_hosts), was, name);
    let new = hostname::edit_hostname(bytes(&of_name), name);
    // The name last: the other file is found by it should this be cut short.
    draft.file(of_hosts, hosts, 0o644);
    draft.file(of_name, new, 0o644);
    Ok(())
}

fn module_lists(draft: &mut Draft<'_>, card: &Snapshot) {
    let folder = SysPath::root("etc/modules-load.d");
    let within = card.within(&folder).map(|(sys_path, _)| sys_path.clone());
    let sys_paths: Vec<_> = within.chain([SysPath::root("etc/modules")]).collect();
    for sys_path in sys_paths {
        if let Some(state) = card.file(&sys_path) {
            draft.file(sys_path, modules::edit(&state.bytes), 0o644);
        }
    }
}

/// The module that claims the port goes before the port becomes a device.
fn boot(draft: &mut Draft<'_>, card: &Snapshot) {
    let config = SysPath::boot("config.txt");
    let old = card.file(&config).map_or(&[][..], |state| &state.bytes);
    let new = config_txt::edit(old);
    for cmdline in cmdline_files(old, zeros()).into_iter().map(SysPath::boot) {
        if let Some(state) = card.file(&cmdline) {
            draft.file(cmdline, cmdline_txt::edit(&state.bytes), 0o644);
        }
    }
    draft.file(config, new, 0o644);
}

/// The files for the manager that the card uses.
fn profiles(card: &Snapshot, id: NodeId, subnet: Subnet) -> Result<Vec<Profile>, CardError> {
    match Manager::find(card) {
        Some(Manager::NetworkManager) => Ok(networkmanager::profiles(id, subnet)),
        Some(Manager::Networkd) => Ok(networkd::profiles(id, subnet)),
        None => {
            let root = card.sysroot().root();
            let found = Manager::instead(card.sysroot());
            Err(CardError::NoNetworkManager { root: root.to_owned(), found })
        }
    }
}

/// Other files on the boot partition that may undo what is set here.
fn boot_notes(request: &CardRequest, card: &Snapshot) -> Vec<String> {
    let sysroot = card.sysroot();
    let file = |name: &str| card.file(&SysPath::boot(name)).map(|state| state.bytes.as_slice());
    let mut notes = Vec::new();
    for name in config_txt::includes(file("config.txt").unwrap_or_default()) {
        let name = name.to_ascii_lowercase();
        if file(&name).is_some_and(config_txt::mentions_port) {
            let path = sysroot.shown(&SysPath::boot(name));
            notes.push(format!(
                "{} is included by config.txt and sets dwc2 too: remove it there",
                path.display()
            ));
        }
    }
    let names_host = |text: &[u8]| {
        let text = String::from_utf8_lossy(text).into_owned();
        text.lines().any(|line| line.starts_with("hostname:"))
    };
    if request.hostname.is_some() && file("user-data").is_some_and(names_host) {
        let path = sysroot.shown(&SysPath::boot("user-data"));
        notes.push(format!(
            "{} sets a host name too, and cloud-init applies it at the first boot",
            path.display()
        ));
    }
    notes
}
