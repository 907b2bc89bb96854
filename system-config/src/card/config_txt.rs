//! `config.txt`: the overlay that makes the USB port of a Zero a device controller.
//!
//! Text in, text out. Every byte that is no setting of the port stays, line ends included.

use std::collections::BTreeMap;

use crate::config_txt::{
    Line, Mode, Model, Reach, Scope, append, dr_mode, each, is_gadget, line_end, mode_of, read_by,
    replaced, zeros,
};

/// The lines that a node needs. In two, which the firmware reads like one (Raspberry Pi's documentation,
/// "DT parameters"): `rpi-usb-gadget on` and `off` delete every line that is [`DELETABLE`].
const OVERLAY: &str = "dtoverlay=dwc2";
const PARAMETER: &str = "dtparam=dr_mode=peripheral";

/// The first may change whose parameters the lines behind one are; the second finds those.
const MOST_PASSES: usize = 3;

/// The line that `rpi-usb-gadget` takes for its own.
const DELETABLE: &str = "dtoverlay=dwc2,dr_mode=peripheral";

/// The file with the port set for a gadget on every board of the Zero family; the same bytes if
/// it is already.
pub(super) fn edit(old: &[u8]) -> Vec<u8> {
    let end = line_end(old);
    let mut new = old.to_owned();
    // A line that became dwc2's makes those behind it parameters of dwc2.
    for _ in 0..MOST_PASSES {
        let mut texts = BTreeMap::new();
        for model in zeros() {
            texts.extend(suitable_lines(&new, model, end));
        }
        new = replaced(&new, &texts);
    }
    if !zeros().all(|model| is_gadget(&new, model)) {
        append(&mut new, &[OVERLAY, PARAMETER]);
    }
    new
}

/// The other files that it includes, which are not edited.
pub(super) fn includes(config: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    each(config, |_, line| {
        names.extend(line.include().map(str::to_owned));
    });
    names
}

/// Whether a file sets the port at all.
pub(super) fn mentions_port(config: &[u8]) -> bool {
    let mut found = false;
    // A file that is included begins where another may have left an overlay's parameters open.
    each(config, |_, line| found |= mode_of(&Scope::Unclear, line).is_some());
    found
}

/// The lines that a model is sure to read and that are unsuitable, with what replaces them.
fn suitable_lines(config: &[u8], model: &Model, end: &str) -> BTreeMap<usize, String> {
    let mut texts = BTreeMap::new();
    // An overlay without a mode, which may come in a line behind it.
    let mut open = None;
    read_by(config, model, |reach, scope, line| {
        if line.overlay().is_some() {
            texts.extend(open.take());
        }
        let mode = mode_of(scope, line);
        if reach != Reach::Yes || *scope == Scope::Unclear {
            return;
        }
        match mode {
            Some(Mode::Open) => open = Some((line.number, suitable(line, end))),
            Some(Mode::Gadget) if line.text != DELETABLE => open = None,
            Some(_) => {
                open = None;
                texts.insert(line.number, suitable(line, end));
            }
            None => {}
        }
    });
    texts.extend(open);
    texts
}

/// The line with its other parameters kept.
fn suitable(line: &Line<'_>, end: &str) -> String {
    match line.overlay() {
        Some((overlay, parameters)) => {
            let others = settings_as_written(parameters).filter(|one| dr_mode(one).is_none());
            let others = others.filter(|_| overlay == "dwc2").map(|one| format!(",{one}"));
            format!("{OVERLAY}{}{end}{PARAMETER}", others.collect::<String>())
        }
        None => {
            let parameters = line.setting("dtparam").unwrap_or_default();
            let set = |one| if dr_mode(one).is_some() { "dr_mode=peripheral" } else { one };
            let parameters: Vec<_> = settings_as_written(parameters).map(set).collect();
            format!("dtparam={}", parameters.join(","))
        }
    }
}

fn settings_as_written(parameters: &str) -> impl Iterator<Item = &str> {
    parameters.split(',').map(str::trim).filter(|one| !one.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(old: &str, new: &str) {
        let edited = edit(old.as_bytes());
        assert_eq!(String::from_utf8_lossy(&edited), new);
        assert_eq!(edit(&edited), edited, "a second time there is nothing to do");
        let deletable = |line: &str| line == DELETABLE;
        let rest: Vec<_> = new.split('\n').filter(|line| !deletable(line)).collect();
        let rest = rest.join("\n");
        assert!(zeros().all(|model| is_gadget(rest.as_bytes(), model)), "after rpi-usb-gadget off");
    }

    const OURS: &str = "dtoverlay=dwc2\ndtparam=dr_mode=peripheral\n";

    #[test]
    fn our_lines_are_not_those_that_rpi_usb_gadget_deletes() {
        becomes("", OURS);
        becomes("dtoverlay=dwc2,dr_mode=peripheral\n", OURS);
        becomes("a=1\r\n", "a=1\r\ndtoverlay=dwc2\r\ndtparam=dr_mode=peripheral\r\n");
        becomes(
            "[gpio4=1]\ndtoverlay=dwc2,dr_mode=peripheral\n",
            &format!("[gpio4=1]\ndtoverlay=dwc2,dr_mode=peripheral\n[all]\n{OURS}"),
        );
    }

    #[test]
    fn what_makes_a_gadget_already_stays() {
        for text in [
            OURS,
            "dtoverlay=dwc2,dr_mode=peripheral,g-rx-fifo-size=256\n",
            "[pi0]\ndtoverlay=dwc2\n[all]\ndtparam=dr_mode=peripheral\n",
            "[pi4]\ndtoverlay=dwc2,dr_mode=host\n[pi0]\ndtoverlay=dwc2\ndtparam=dr_mode=peripheral\n",
        ] {
            becomes(text, text);
        }
    }

    #[test]
    fn a_mode_in_a_line_of_its_own() {
        becomes("dtoverlay=dwc2\ndtparam=dr_mode=host\n", OURS);
        becomes("dtoverlay=dwc2\ndtoverlay=vc4\n", &format!("{OURS}dtoverlay=vc4\n"));
        becomes("dtoverlay=dwc-otg\ndtparam=dr_mode=host", &format!("{OURS}{PARAMETER}"));
        // Not of dwc2 any more.
        becomes(
            "dtoverlay=dwc2\ndtoverlay=\ndtparam=dr_mode=peripheral\n",
            &format!("{OURS}dtoverlay=\ndtparam=dr_mode=peripheral\n"),
        );
        becomes(
            "dtoverlay=dwc2,g-rx-fifo-size=9,dr_mode=otg",
            "dtoverlay=dwc2,g-rx-fifo-size=9\ndtparam=dr_mode=peripheral",
        );
    }

    #[test]
    fn behind_what_may_leave_a_filter_open_all_comes_first() {
        for open in ["[pi4] # x\n", "include extra.txt\n", "\u{feff}[pi4]\n", "\u{feff}[pi4]\r\n"] {
            let end = if open.contains('\r') { "\r\n" } else { "\n" };
            becomes(open, &format!("{open}[all]{end}{}", OURS.replace('\n', end)));
        }
    }

    #[test]
    fn other_files() {
        assert_eq!(
            includes(b"include a.txt\n\xef\xbb\xbf#include b\n include\tc.txt \n"),
            ["a.txt", "c.txt"]
        );
        assert!(mentions_port(b"dtparam=dr_mode=host\n") && !mentions_port(b"dtparam=audio=on\n"));
    }
}
