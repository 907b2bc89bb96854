//! Enabling units by the links that systemctl would make, which needs no running systemd.

use std::path::PathBuf;

use super::Error;
use crate::changes::{Snapshot, Spot};
use crate::units::{self, ETC, is_mask};

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
        let found = units::links(card, wanted.unit, wanted.file, wanted.by);
        links.extend(found.ok_or_else(|| missing(card, wanted.file))?);
    }
    Ok(links)
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
    let fix = match unit {
        NODE => format!(
            "install the node's package of the card's architecture there first (dpkg --root={} -i clusterhat-node_VERSION_ARCHITECTURE.deb)",
            root.display()
        ),
        _ => "this is no systemd of Raspberry Pi OS or Debian".to_owned(),
    };
    Error::UnitMissing { unit, root, fix }
}
