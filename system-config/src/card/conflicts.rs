//! Other software that makes a gadget of the USB port.

use std::path::Path;

use super::{CardError, modules, user_data};
use crate::changes::{Content, Snapshot, SnapshotEntry, SysPath};
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
pub(super) fn check(card: &Snapshot) -> Result<(), CardError> {
    let sysroot = card.sysroot();
    let is_running = sysroot.root() == Path::new("/");
    let package = card.has(&SysPath::root(INSTALLED)) || card.has(&SysPath::root(MARKS[1]));
    let list = SysPath::root(SWITCHED_ON);
    let is_listed =
        card.file(&list).is_some_and(|state| modules::edit(&state.bytes) != state.bytes);
    let mut on: Vec<SysPath> = units::enabling_links(card, ICS).cloned().collect();
    on.extend((package && is_listed).then_some(list));
    if let Some(first) = on.first().cloned() {
        let files = on.into_iter().chain(profiles(card).cloned());
        // Its own program works on the running system only, whatever its root is.
        let fix = if is_running { "rpi-usb-gadget off".to_owned() } else { remove(card, files) };
        return Err(CardError::Conflict {
            what: "rpi-usb-gadget",
            path: sysroot.shown(&first),
            fix,
        });
    }
    let links: Vec<_> = units::enabling_links(card, VENDOR).cloned().collect();
    if let Some(first) = links.first().cloned() {
        let disable = || format!("systemctl disable {VENDOR}");
        let fix = if is_running { disable() } else { remove(card, links.into_iter()) };
        return Err(CardError::Conflict { what: VENDOR, path: sysroot.shown(&first), fix });
    }
    check_first_boot(card)
}

/// Refuses a card on which cloud-init will switch such software on at the first boot.
fn check_first_boot(card: &Snapshot) -> Result<(), CardError> {
    let sys_path = SysPath::boot(user_data::FILE);
    let text = card.file(&sys_path).map(|state| String::from_utf8_lossy(&state.bytes));
    let Some(edit) = text.and_then(|text| user_data::edit_that_leaves_the_port(&text)) else {
        return Ok(());
    };
    let path = card.sysroot().shown(&sys_path);
    let fix = format!("sed -i {} {}", quoted(&edit), quoted(&path.display().to_string()));
    Err(CardError::ConflictAtFirstBoot { path, fix })
}

/// The NetworkManager profiles that it made.
fn profiles(card: &Snapshot) -> impl Iterator<Item = &SysPath> {
    card.sys_paths().filter(|sys_path| {
        let is_profile = sys_path.path.starts_with("etc/NetworkManager/system-connections");
        is_profile && card.file(sys_path).is_some_and(|state| has_line(&state.bytes, PROFILES))
    })
}

fn has_line(bytes: &[u8], start: &str) -> bool {
    String::from_utf8_lossy(bytes).lines().any(|line| line.trim().starts_with(start))
}

/// The command that takes files away.
fn remove(card: &Snapshot, sys_paths: impl Iterator<Item = SysPath>) -> String {
    let shown = |sys_path| quoted(&card.sysroot().shown(&sys_path).display().to_string());
    let paths: Vec<String> = sys_paths.map(shown).collect();
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
    let sysroot = card.sysroot();
    let mut notes = Vec::new();
    if card.has(&SysPath::root(INSTALLED)) {
        notes.push("rpi-usb-gadget is installed but off: leave it off".to_owned());
    }
    let folder = SysPath::root("etc/NetworkManager/system-connections");
    for (sys_path, entry) in card.within(&folder) {
        let SnapshotEntry::Content(Content::File(state)) = entry else { continue };
        let ours = sys_path.path.to_string_lossy().contains("/clusterhat-");
        let text = String::from_utf8_lossy(&state.bytes);
        if !ours && text.lines().any(|line| line.trim() == "interface-name=usb0") {
            let path = sysroot.shown(sys_path);
            notes.push(format!(
                "{} also configures usb0 and may take precedence over the profiles written here",
                path.display()
            ));
        }
    }
    notes
}
