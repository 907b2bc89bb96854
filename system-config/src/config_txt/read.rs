//! `config.txt` as one model reads it: with the overlay that a `dtparam=` belongs to.

use super::{Line, Model, Reach, each, value_of};

/// What a `dtparam=` sets. Raspberry Pi's documentation, "DT parameters": those of the last overlay
/// before it, and of the base where that one has none of this name; `dtoverlay=` ends an overlay's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The base's.
    Base,
    /// Those of the overlay of this name.
    Overlay(String),
    /// Which overlay was the last depends on what a file cannot tell.
    Unclear,
}

/// Each line that a model reads, or may read.
pub(crate) fn read_by(
    config: &[u8],
    model: &Model,
    mut look: impl FnMut(Reach, &Scope, &Line<'_>),
) {
    let mut scope = Scope::Base;
    each(config, |filters, line| {
        let reach = filters.reach(model);
        if reach == Reach::No {
            return;
        }
        if let Some((overlay, _)) = line.overlay() {
            scope = match (reach, overlay) {
                (Reach::Maybe, _) => Scope::Unclear,
                (_, "") => Scope::Base,
                (_, name) => Scope::Overlay(name.to_owned()),
            };
        }
        look(reach, &scope, line);
    });
}

/// The assignments of `name=value,name=value`; a name alone is "on".
pub(crate) fn settings(parameters: &str) -> impl DoubleEndedIterator<Item = (&str, &str)> {
    value_of(parameters).split(',').filter(|text| !text.trim().is_empty()).map(|text| {
        let (name, value) = text.split_once('=').unwrap_or((text, "on"));
        (name.trim(), value.trim())
    })
}

/// What a line makes of the USB port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A device controller.
    Gadget,
    /// A host, or what a pin says that the HAT leaves open.
    Other,
    /// As [`Mode::Other`], until a `dtparam=` says otherwise: the overlay dwc2 without dr_mode.
    Open,
}

/// What a line makes of the port, if anything: overlays/README of the firmware, "dwc2" and "dwc-otg",
/// the older driver, which is no gadget.
pub(crate) fn mode_of(scope: &Scope, line: &Line<'_>) -> Option<Mode> {
    let parameters = match line.overlay() {
        Some(("dwc2", parameters)) => parameters,
        Some(("dwc-otg", _)) => return Some(Mode::Other),
        Some(_) => return None,
        None if *scope == Scope::Base => return None,
        None if matches!(scope, Scope::Overlay(name) if name != "dwc2") => return None,
        None => line.setting("dtparam")?,
    };
    match dr_mode(parameters) {
        Some("peripheral") => Some(Mode::Gadget),
        Some(_) => Some(Mode::Other),
        None => line.overlay().map(|_| Mode::Open),
    }
}

/// The mode that parameters give, the last one.
pub(crate) fn dr_mode(parameters: &str) -> Option<&str> {
    settings(parameters).rev().find(|(name, _)| *name == "dr_mode").map(|(_, mode)| mode)
}

/// Whether the port of a model is sure to be a device controller: the last line for it wins; one that
/// may apply counts against it.
pub(crate) fn is_gadget(config: &[u8], model: &Model) -> bool {
    let mut gadget = false;
    read_by(config, model, |reach, scope, line| {
        let Some(mode) = mode_of(scope, line) else { return };
        let is_it = mode == Mode::Gadget;
        if reach == Reach::Yes && (*scope != Scope::Unclear || line.overlay().is_some()) {
            gadget = is_it;
        } else {
            gadget &= is_it;
        }
    });
    gadget
}
