//! Others who make a gadget of the port.

use super::{Error, modules};
use crate::changes::{Content, Entry, Snapshot, Spot};
use crate::units;

/// That Raspberry Pi's package is installed. Its image has it from trixie on, switched off: being
/// there is no reason to refuse, being on is.
const INSTALLED: &str = "usr/lib/systemd/system/rpi-usb-gadget-ics.service";

/// What `rpi-usb-gadget on` writes and `off` removes; its `status` looks at it too.
const SWITCHED_ON: &str = "etc/modules-load.d/usb-gadget.conf";

const ICS: &str = "rpi-usb-gadget-ics.service";
const VENDOR: &str = "clusterctrl-composite.service";

/// What has to be looked for.
pub(super) const MARKS: [&str; 2] = [INSTALLED, "usr/bin/rpi-usb-gadget"];

/// Nobody else is switched on.
pub(super) fn check(card: &Snapshot) -> Result<(), Error> {
    let places = card.places();
    let root = places.root().display();
    let package = card.has(&Spot::root(INSTALLED)) || card.has(&Spot::root(MARKS[1]));
    let list = Spot::root(SWITCHED_ON);
    let is_listed =
        card.file(&list).is_some_and(|state| modules::edit(&state.bytes) != state.bytes);
    let on = units::enabling_link(card, ICS).or_else(|| (package && is_listed).then_some(list));
    if let Some(spot) = on {
        return Err(Error::Rival {
            what: "rpi-usb-gadget",
            path: places.shown(&spot),
            cure: format!(
                "switch it off on the running node (rpi-usb-gadget off) or in its root (chroot {root} rpi-usb-gadget off), or remove the package"
            ),
        });
    }
    if let Some(spot) = units::enabling_link(card, VENDOR) {
        return Err(Error::Rival {
            what: VENDOR,
            path: places.shown(&spot),
            cure: format!("disable it (systemctl --root={root} disable {VENDOR})"),
        });
    }
    Ok(())
}

/// What may stand in the way later, one line each.
pub(super) fn notes(card: &Snapshot) -> Vec<String> {
    let places = card.places();
    let mut notes = Vec::new();
    if card.has(&Spot::root(INSTALLED)) {
        notes.push("rpi-usb-gadget is installed and off: leave it off".to_owned());
    }
    let folder = Spot::root("etc/NetworkManager/system-connections");
    for (spot, entry) in card.within(&folder) {
        let Entry::Content(Content::File(state)) = entry else { continue };
        let ours = spot.path.to_string_lossy().contains("/clusterhat-");
        let text = String::from_utf8_lossy(&state.bytes);
        if !ours && text.lines().any(|line| line.trim() == "interface-name=usb0") {
            let path = places.shown(spot);
            notes.push(format!("{} is for usb0 too and may win over ours", path.display()));
        }
    }
    notes
}
