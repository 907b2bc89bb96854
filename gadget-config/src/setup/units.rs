//! Enabling units by the links that systemctl would make, which needs no running systemd.

use std::path::PathBuf;

use super::Error;
use crate::changes::{Snapshot, Spot};
use crate::units::{ETC, FOLDERS, is_mask};

/// The node's gadget.
pub(super) const NODE: &str = "clusterhat-node.service";

/// The login on the gadget's first serial port.
pub(super) const GETTY: &str = "serial-getty@ttyGS0.service";

/// Of which the next is an instance.
const GETTY_TEMPLATE: &str = "serial-getty@.service";

/// What is looked for in each of the folders.
pub(super) const KNOWN: [&str; 3] = [NODE, GETTY, GETTY_TEMPLATE];

/// A unit, the file that it is made of, and where it is wanted if that file does not say.
struct Wanted {
    unit: &'static str,
    file: &'static str,
    by: &'static str,
}

const WANTED: [Wanted; 2] = [
    Wanted { unit: GETTY, file: GETTY_TEMPLATE, by: "getty.target" },
    Wanted { unit: NODE, file: NODE, by: "multi-user.target" },
];

/// The links to make, each with its target.
pub(super) fn links(card: &Snapshot) -> Result<Vec<(Spot, PathBuf)>, Error> {
    let mut links = Vec::new();
    for wanted in WANTED {
        refuse_masked(card, wanted.unit)?;
        let (at, text) = find(card, wanted.file).ok_or_else(|| missing(card, wanted.file))?;
        for (kind, target) in installs(&text, wanted.by) {
            let spot = Spot::root(ETC).below(format!("{target}.{kind}")).below(wanted.unit);
            if !card.has(&spot) {
                // systemctl enable writes absolute targets, as the card's own system sees them.
                links.push((spot, PathBuf::from("/").join(&at.path)));
            }
        }
    }
    Ok(links)
}

/// The unit's file and what is in it.
fn find(card: &Snapshot, file: &str) -> Option<(Spot, String)> {
    FOLDERS.iter().find_map(|folder| {
        let spot = Spot::root(*folder).below(file);
        let text = String::from_utf8_lossy(&card.file(&spot)?.bytes).into_owned();
        Some((spot, text))
    })
}

/// `WantedBy=` and `RequiredBy=` of the section `[Install]`.
fn installs(text: &str, default: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut within = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            within = line == "[Install]";
        }
        let Some((key, value)) = line.split_once('=').filter(|_| within) else { continue };
        let kind = match key.trim() {
            "WantedBy" => "wants",
            "RequiredBy" => "requires",
            _ => continue,
        };
        found.extend(value.split_whitespace().map(|target| (kind, target.to_owned())));
    }
    if found.is_empty() {
        found.push(("wants", default.to_owned()));
    }
    found
}

fn refuse_masked(card: &Snapshot, unit: &'static str) -> Result<(), Error> {
    match card.content(&Spot::root(ETC).below(unit)) {
        Some(content) if is_mask(content) => {
            let path = card.places().shown(&Spot::root(ETC).below(unit));
            Err(Error::UnitMasked { unit, path })
        }
        _ => Ok(()),
    }
}

fn missing(card: &Snapshot, unit: &'static str) -> Error {
    let root = card.places().root().to_owned();
    let cure = match unit {
        NODE => format!(
            "install the node's package there first (dpkg --root={} -i clusterhat-node*.deb)",
            root.display()
        ),
        _ => "this is no systemd of Raspberry Pi OS or Debian".to_owned(),
    };
    Error::UnitMissing { unit, root, cure }
}
