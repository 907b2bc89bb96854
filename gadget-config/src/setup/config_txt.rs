//! `config.txt`: the overlay that makes the USB port of a Zero a device controller.
//!
//! Text in, text out. Every byte that is no setting of the port stays, line ends included.

use super::sections::{BOARDS, Filters, Reach};

/// The line that a node needs: overlays/README of the firmware, "dwc2".
pub(super) const OVERLAY: &str = "dtoverlay=dwc2,dr_mode=peripheral";

/// The file with the port set for a gadget on every board of the Zero family; the same bytes if
/// it is already.
pub(super) fn edit(old: &[u8]) -> Vec<u8> {
    let mut new = rewrite(old);
    if !is_effective(&new) {
        append(&mut new);
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

/// A line without its end.
struct Line<'a> {
    text: &'a str,
}

/// What a line makes of the port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Port {
    Gadget,
    Other,
}

impl<'a> Line<'a> {
    fn setting(&self, key: &str) -> Option<&'a str> {
        let (name, value) = self.text.split_once('=')?;
        (name.trim() == key).then_some(value)
    }

    fn section(&self) -> Option<&'a str> {
        self.text.trim().strip_prefix('[')?.strip_suffix(']')
    }

    /// The overlay's name and parameters.
    fn overlay(&self) -> Option<(&'a str, &'a str)> {
        let value = self.setting("dtoverlay")?.trim();
        Some(value.split_once([',', ':']).unwrap_or((value, "")))
    }

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

/// Lines with their ends; text that is no UTF-8 can only be in a comment and is passed over.
fn each(config: &[u8], mut look: impl FnMut(&Filters, &Line<'_>)) {
    let mut filters = Filters::ALL;
    for bytes in config.split_inclusive(|byte| *byte == b'\n') {
        let line = Line { text: text_of(bytes) };
        match line.section() {
            Some(section) => filters.enter(section),
            None => look(&filters, &line),
        }
    }
}

fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default().trim_end_matches(['\n', '\r'])
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

/// At the end, in the file's own line ends; without a last one if the file has none.
fn append(config: &mut Vec<u8>) {
    let mut filters = Filters::ALL;
    for bytes in config.split_inclusive(|byte| *byte == b'\n') {
        if let Some(section) = (Line { text: text_of(bytes) }).section() {
            filters.enter(section);
        }
    }
    let end: &[u8] = if config.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
    let unfinished = !config.is_empty() && !config.ends_with(b"\n");
    let mut lines = vec![OVERLAY];
    if !filters.is_all() {
        lines.insert(0, "[all]");
    }
    if unfinished {
        config.extend_from_slice(end);
    }
    let text = lines.join(std::str::from_utf8(end).unwrap_or("\n"));
    config.extend_from_slice(text.as_bytes());
    if !unfinished {
        config.extend_from_slice(end);
    }
}
