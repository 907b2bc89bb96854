//! `config.txt`: the overlay that makes the USB port of a Zero a device controller.
//!
//! Text in, text out. Every byte that is no setting of the port stays, line ends included.

use crate::config_txt::{BOARDS, Filters, Line, Reach, append, each, text_of};

/// The line that a node needs: overlays/README of the firmware, "dwc2".
pub(super) const OVERLAY: &str = "dtoverlay=dwc2,dr_mode=peripheral";

/// The file with the port set for a gadget on every board of the Zero family; the same bytes if
/// it is already.
pub(super) fn edit(old: &[u8]) -> Vec<u8> {
    let mut new = rewrite(old);
    if !is_effective(&new) {
        append(&mut new, &[OVERLAY]);
    }
    new
}

/// `cmdline=` names another file than `cmdline.txt`.
pub(super) fn cmdline(config: &[u8]) -> Option<String> {
    let mut name = None;
    each(config, |filters, line| {
        let value = line.setting("cmdline").map(|value| value.trim().to_owned());
        if filters.reach().contains(&Reach::Yes) && value.is_some() {
            name = value;
        }
    });
    name
}

/// The other files that it includes, which are not edited.
pub(super) fn includes(config: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    each(config, |_, line| {
        if let Some(name) = line.text.trim().strip_prefix("include ") {
            names.push(name.trim().to_owned());
        }
    });
    names
}

/// Whether a file sets the port at all.
pub(super) fn mentions_port(config: &[u8]) -> bool {
    let mut found = false;
    each(config, |_, line| found |= line.port().is_some());
    found
}

/// What a line makes of the port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Port {
    Gadget,
    Other,
}

/// What a line makes of the port, if anything.
trait OfPort {
    fn port(&self) -> Option<Port>;
}

impl OfPort for Line<'_> {
    /// The overlay dwc2 without dr_mode is "otg", which depends on a pin that the HAT leaves open;
    /// dwc-otg is the older driver, which is no gadget.
    fn port(&self) -> Option<Port> {
        match self.overlay()? {
            ("dwc2", parameters) => {
                let mode = parameters.split(',').rev().find_map(dr_mode);
                Some(if mode == Some("peripheral") { Port::Gadget } else { Port::Other })
            }
            ("dwc-otg", _) => Some(Port::Other),
            _ => None,
        }
    }
}

fn dr_mode(parameter: &str) -> Option<&str> {
    let (key, value) = parameter.split_once('=')?;
    (key.trim() == "dr_mode").then_some(value.trim())
}

/// Replaces what is unsuitable where a board of the family is sure to read it.
fn rewrite(old: &[u8]) -> Vec<u8> {
    let mut new = Vec::with_capacity(old.len());
    let mut filters = Filters::ALL;
    let mut within_dwc2 = false;
    for bytes in old.split_inclusive(|byte| *byte == b'\n') {
        let line = Line { text: text_of(bytes) };
        if let Some(section) = line.section() {
            filters.enter(section);
        }
        let read = filters.reach().contains(&Reach::Yes);
        if let (true, Some((overlay, _))) = (read, line.overlay()) {
            within_dwc2 = matches!(overlay, "dwc2" | "dwc-otg");
        }
        let replaced = match line.port() {
            Some(Port::Other) if read => Some(suitable(&line)),
            None if read && within_dwc2 => parameter_line(&line),
            _ => None,
        };
        match replaced {
            Some(text) => {
                new.extend_from_slice(text.as_bytes());
                new.extend_from_slice(&bytes[line.text.len()..]);
            }
            None => new.extend_from_slice(bytes),
        }
    }
    new
}

/// The line with its other parameters kept.
fn suitable(line: &Line<'_>) -> String {
    match line.overlay() {
        Some(("dwc2", parameters)) => {
            let others = parameters.split(',').filter(|one| !one.is_empty());
            let kept: String = others
                .filter(|one| dr_mode(one).is_none())
                .map(|one| format!(",{}", one.trim()))
                .collect();
            format!("{OVERLAY}{kept}")
        }
        _ => OVERLAY.to_owned(),
    }
}

/// `dtparam=` after an overlay sets that overlay's parameters.
fn parameter_line(line: &Line<'_>) -> Option<String> {
    let parameters = line.setting("dtparam")?;
    let wrong = |one: &str| dr_mode(one).is_some_and(|mode| mode != "peripheral");
    parameters.split(',').any(wrong).then(|| {
        let set = |one| if wrong(one) { "dr_mode=peripheral" } else { one };
        format!("dtparam={}", parameters.split(',').map(set).collect::<Vec<_>>().join(","))
    })
}

/// The last overlay for a port wins; one that may apply counts against us.
fn is_effective(config: &[u8]) -> bool {
    let mut gadget = [false; BOARDS];
    each(config, |filters, line| {
        if let Some(port) = line.port() {
            for (gadget, reach) in gadget.iter_mut().zip(filters.reach()) {
                match reach {
                    Reach::Yes => *gadget = port == Port::Gadget,
                    Reach::Maybe => *gadget &= port == Port::Gadget,
                    Reach::No => {}
                }
            }
        }
    });
    gadget == [true; BOARDS]
}
