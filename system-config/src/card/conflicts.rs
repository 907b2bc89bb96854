//! Other software that makes a gadget of the USB port.

use std::path::Path;

use super::{Error, modules, user_data};
use crate::changes::{Content, Entry, Snapshot, Spot};
use crate::units;

/// That Raspberry Pi's package is installed. Its image has it from trixie on, switched off: being
/// there is no reason to refuse, being on is.
const INSTALLED: &str = "usr/lib/systemd/system/rpi-usb-gadget-ics.service";

/// What `rpi-usb-gadget on` writes and `off` removes; its `status` looks at it too.
const SWITCHED_ON: &str = "etc/modules-load.d/usb-gadget.conf";

/// How the names of its NetworkManager profiles begin.
const PROFILES: &str = "id=USB Gadget (";

const ICS: &str = "rpi-usb-gadget-ics.service";
const VENDOR: &str = "clusterctrl-composite.service";

/// Files whose presence counts.
pub(super) const MARKS: [&str; 2] = [INSTALLED, "usr/bin/rpi-usb-gadget"];

/// Refuses a card on which other software claims the port.
pub(super) fn check(card: &Snapshot) -> Result<(), Error> {
    let places = card.places();
    let is_running = places.root() == Path::new("/");
    let package = card.has(&Spot::root(INSTALLED)) || card.has(&Spot::root(MARKS[1]));
    let list = Spot::root(SWITCHED_ON);
    let is_listed =
        card.file(&list).is_some_and(|state| modules::edit(&state.bytes) != state.bytes);
    let mut on: Vec<Spot> = units::enabling_links(card, ICS).cloned().collect();
    on.extend((package && is_listed).then_some(list));
    if let Some(first) = on.first().cloned() {
        let files = on.into_iter().chain(profiles(card).cloned());
        // Its own program works on the running system only, whatever its root is.
        let fix = if is_running { "rpi-usb-gadget off".to_owned() } else { remove(card, files) };
        return Err(Error::Conflict { what: "rpi-usb-gadget", path: places.shown(&first), fix });
    }
    let links: Vec<_> = units::enabling_links(card, VENDOR).cloned().collect();
    if let Some(first) = links.first().cloned() {
        let disable = || format!("systemctl disable {VENDOR}");
        let fix = if is_running { disable() } else { remove(card, links.into_iter()) };
        return Err(Error::Conflict { what: VENDOR, path: places.shown(&first), fix });
    }
    check_first_boot(card)
}

/// Refuses a card on which cloud-init will switch such software on at the first boot.
fn check_first_boot(card: &Snapshot) -> Result<(), Error> {
    let spot = Spot::boot(user_data::FILE);
    let text = card.file(&spot).map(|state| String::from_utf8_lossy(&state.bytes));
    let Some(edit) = text.and_then(|text| user_data::edit_that_leaves_the_port(&text)) else {
        return Ok(());
    };
    let path = card.places().shown(&spot);
    let fix = format!("sed -i {} {}", quoted(edit), quoted(&path.display().to_string()));
    Err(Error::ConflictAtFirstBoot { path, fix })
}

/// The NetworkManager profiles that it made.
fn profiles(card: &Snapshot) -> impl Iterator<Item = &Spot> {
    card.spots().filter(|spot| {
        let is_profile = spot.path.starts_with("etc/NetworkManager/system-connections");
        is_profile && card.file(spot).is_some_and(|state| has_line(&state.bytes, PROFILES))
    })
}

fn has_line(bytes: &[u8], start: &str) -> bool {
    String::from_utf8_lossy(bytes).lines().any(|line| line.trim().starts_with(start))
}

/// The command that takes files away.
fn remove(card: &Snapshot, spots: impl Iterator<Item = Spot>) -> String {
    let shown = |spot| quoted(&card.places().shown(&spot).display().to_string());
    let paths: Vec<String> = spots.map(shown).collect();
    format!("rm -- {}", paths.join(" "))
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-@:+%,=".contains(c);
    if word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// What may conflict later, one line each.
pub(super) fn notes(card: &Snapshot) -> Vec<String> {
    let places = card.places();
    let mut notes = Vec::new();
    if card.has(&Spot::root(INSTALLED)) {
        notes.push("rpi-usb-gadget is installed but off: leave it off".to_owned());
    }
    let folder = Spot::root("etc/NetworkManager/system-connections");
    for (spot, entry) in card.within(&folder) {
        let Entry::Content(Content::File(state)) = entry else { continue };
        let ours = spot.path.to_string_lossy().contains("/clusterhat-");
        let text = String::from_utf8_lossy(&state.bytes);
        if !ours && text.lines().any(|line| line.trim() == "interface-name=usb0") {
            let path = places.shown(spot);
            notes.push(format!(
                "{} also configures usb0 and may take precedence over the profiles written here",
                path.display()
            ));
        }
    }
    notes
}
