//! The card that is prepared: where it is, and what is looked at on it.

use std::fs;
use std::path::Path;

use super::{CardError, config_txt, conflicts, networkmanager, units, user_data};
use crate::Manager;
use crate::changes::{Snapshot, SysPath, Sysroot};
use crate::config_txt::{cmdline_files, zeros};

/// Where the record of the changes is kept.
const RECORD: &str = "node-setup";

/// Files that are read through links.
const FILES: [&str; 3] = ["etc/hostname", "etc/hosts", "etc/modules"];

/// Folders of which every file is read, if its name ends so.
const FOLDERS: [(&str, &str); 3] = [
    ("etc/modules-load.d", ".conf"),
    ("etc/NetworkManager/system-connections", ".nmconnection"),
    ("etc/systemd/network", ".network"),
];

/// This machine's card, or the one mounted at `root`, with its boot partition if that is mounted
/// elsewhere than below the root.
///
/// # Errors
/// A boot folder without a root, or a folder that is none.
pub fn sysroot(root: Option<&Path>, boot: Option<&Path>) -> Result<Sysroot, CardError> {
    match (root, boot) {
        (None, Some(boot)) => Err(CardError::BootDirAlone(boot.to_owned())),
        (root, boot) => Ok(Sysroot::new(RECORD, root.unwrap_or(Path::new("/")))?.with_boot(boot)?),
    }
}

/// Refuses to make a node of a running machine that cannot be one.
///
/// # Errors
/// Any model but a Zero.
pub fn check_model() -> Result<(), CardError> {
    // NUL-terminated text: Documentation/devicetree/usage-model.rst, "model".
    let model = fs::read_to_string("/sys/firmware/devicetree/base/model").unwrap_or_default();
    let model = model.trim_end_matches('\0');
    if model.is_empty() || model.contains("Zero") {
        Ok(())
    } else {
        Err(CardError::NotAZero(model.to_owned()))
    }
}

/// Reads all that planning looks at, and these files below the root, for a [`super::CardRequest`] with them.
///
/// # Errors
/// A file that cannot be read, or is no file.
pub fn read(sysroot: &Sysroot, files: &[&str]) -> Result<Snapshot, CardError> {
    let mut card = Snapshot::new(sysroot);
    for path in FILES.iter().chain(files) {
        card.add_file(SysPath::root(*path))?;
    }
    for (folder, ending) in FOLDERS {
        card.add_files(&SysPath::root(folder), ending)?;
    }
    let config = SysPath::boot("config.txt");
    card.add_file(config.clone())?;
    let bytes = card.file(&config).map_or(&[][..], |state| &state.bytes);
    // FAT keeps names in any case; the firmware asks for lower case, and so does this.
    let included = config_txt::includes(bytes).into_iter().map(|name| name.to_ascii_lowercase());
    let named = included.chain(cmdline_files(bytes, zeros()));
    let named: Vec<_> = named.chain([user_data::FILE.to_owned()]).collect();
    card.add_boot_files(named)?;
    for path in &conflicts::MARKS {
        card.add_mark(SysPath::root(*path))?;
    }
    card.add_file(SysPath::root(networkmanager::MANAGED))?;
    for unit in units::KNOWN {
        crate::units::add(&mut card, unit)?;
    }
    Manager::look(&mut card)?;
    Ok(card)
}
