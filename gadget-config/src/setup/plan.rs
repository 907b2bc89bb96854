//! What a set-up changes, worked out from what is on the card. Nothing is read or written here.

use std::path::PathBuf;

use super::network::Profile;
use super::{Content, Error, FileState, Places, Snapshot, Spot};
use super::{cmdline_txt, config_txt, diff, hostname, modules, network, node_toml, rivals, units};
use crate::NodeId;

/// What the node shall be.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number.
    pub id: NodeId,
    /// Its host name; as it is if not given.
    pub hostname: Option<String>,
}

/// One file or link that becomes another.
#[derive(Clone, Debug)]
pub struct Change {
    /// Where on the card.
    pub spot: Spot,
    /// Where on this machine.
    pub path: PathBuf,
    /// What is there; nothing if nothing is.
    pub before: Option<FileState>,
    /// What will be there.
    pub after: Content,
}

/// The changes in the order in which they are made.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) changes: Vec<Change>,
    pub(super) notes: Vec<String>,
}

impl Plan {
    /// What it changes; nothing on a card that is set up already.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// What the user should know beside it, one line each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The changes as a unified diff; empty if there are none.
    #[must_use]
    pub fn diff(&self) -> String {
        self.changes.iter().map(diff::of).collect()
    }
}

/// Works out the set-up of a card.
///
/// # Errors
/// What cannot be made to work, each with what to do.
pub fn plan(request: &Request, card: &Snapshot) -> Result<Plan, Error> {
    if let Some(model) = card.places().model().filter(|model| !model.contains("Zero")) {
        return Err(Error::NotAZero(model.to_owned()));
    }
    rivals::check(card)?;
    let mut draft = Draft { card, changes: Vec::new() };
    draft.node_toml(request.id)?;
    for profile in network::profiles(card, request.id)? {
        draft.profile(profile);
    }
    if let Some(name) = &request.hostname {
        draft.hostname(name)?;
    }
    for (spot, target) in units::links(card)? {
        draft.push(spot, None, Content::Link(target));
    }
    // Only now: until our gadget comes at boot, the one made by hand has to.
    draft.module_lists();
    let mut notes = rivals::notes(card);
    notes.extend(boot_notes(request, card));
    draft.boot();
    Ok(Plan { changes: draft.changes, notes })
}

struct Draft<'a> {
    card: &'a Snapshot,
    changes: Vec<Change>,
}

impl Draft<'_> {
    fn places(&self) -> &Places {
        self.card.places()
    }

    fn push(&mut self, spot: Spot, before: Option<FileState>, after: Content) {
        if before.clone().map(Content::File).as_ref() != Some(&after) {
            let path = self.places().shown(&spot);
            self.changes.push(Change { spot, path, before, after });
        }
    }

    /// A file with new bytes; `mode` is for one that is not there yet.
    fn file(&mut self, spot: Spot, bytes: Vec<u8>, mode: u32) {
        let before = self.card.file(&spot).cloned();
        let after = match &before {
            Some(before) => FileState { bytes, ..before.clone() },
            None => FileState { bytes, mode, owner: None },
        };
        self.push(spot, before, Content::File(after));
    }

    /// A file of our own, whose mode counts as much as its bytes.
    fn profile(&mut self, profile: Profile) {
        let before = self.card.file(&profile.spot).cloned();
        let owner = before.as_ref().and_then(|before| before.owner);
        let bytes = profile.text.into_bytes();
        let after = FileState { bytes, mode: profile.mode, owner };
        self.push(profile.spot, before, Content::File(after));
    }

    fn node_toml(&mut self, id: NodeId) -> Result<(), Error> {
        let spot = Spot::root(crate::node_file::NODE_FILE);
        let old = self.card.file(&spot).map(|state| state.bytes.as_slice());
        let new = node_toml::edit(old, id, &self.places().shown(&spot))?;
        self.file(spot, new, 0o644);
        Ok(())
    }

    fn hostname(&mut self, name: &str) -> Result<(), Error> {
        hostname::check(name)?;
        let bytes = |spot| self.card.file(spot).map(|state| state.bytes.as_slice());
        let (of_name, of_hosts) = (Spot::root("etc/hostname"), Spot::root("etc/hosts"));
        let was = bytes(&of_name).and_then(hostname::current);
        let hosts = hostname::edit_hosts(bytes(&of_hosts), was, name);
        let new = hostname::edit_hostname(bytes(&of_name), name);
        // The name last: the other file is found by it should this be cut short.
        self.file(of_hosts, hosts, 0o644);
        self.file(of_name, new, 0o644);
        Ok(())
    }

    fn module_lists(&mut self) {
        let folder = Spot::root("etc/modules-load.d");
        let within = self.card.within(&folder).map(|(spot, _)| spot.clone());
        let spots: Vec<_> = within.chain([Spot::root("etc/modules")]).collect();
        for spot in spots {
            if let Some(state) = self.card.file(&spot) {
                let new = modules::edit(&state.bytes);
                self.file(spot, new, 0o644);
            }
        }
    }

    /// The module that claims the port goes before the port becomes a device.
    fn boot(&mut self) {
        let config = Spot::boot("config.txt");
        let old = self.card.file(&config).map_or(&[][..], |state| &state.bytes);
        let new = config_txt::edit(old);
        let cmdline = config_txt::cmdline(old).unwrap_or_else(|| "cmdline.txt".to_owned());
        let cmdline = Spot::boot(cmdline);
        if let Some(state) = self.card.file(&cmdline) {
            let new = cmdline_txt::edit(&state.bytes);
            self.file(cmdline, new, 0o644);
        }
        self.file(config, new, 0o644);
    }
}

/// Other files on the boot partition that may undo what is set here.
fn boot_notes(request: &Request, card: &Snapshot) -> Vec<String> {
    let places = card.places();
    let file = |name: &str| card.file(&Spot::boot(name)).map(|state| state.bytes.as_slice());
    let mut notes = Vec::new();
    for name in config_txt::includes(file("config.txt").unwrap_or_default()) {
        if file(&name).is_some_and(config_txt::mentions_port) {
            let path = places.shown(&Spot::boot(name));
            notes.push(format!(
                "{} is included by config.txt and sets dwc2 too: take it out there",
                path.display()
            ));
        }
    }
    let names_host = |text: &[u8]| {
        let text = String::from_utf8_lossy(text).into_owned();
        text.lines().any(|line| line.starts_with("hostname:"))
    };
    if request.hostname.is_some() && file("user-data").is_some_and(names_host) {
        let path = places.shown(&Spot::boot("user-data"));
        notes.push(format!(
            "{} sets a host name too, and cloud-init applies it at the first boot",
            path.display()
        ));
    }
    notes
}
