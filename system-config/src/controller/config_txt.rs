//! What a controller needs in `config.txt` beside the I2C bus. Text in, text out.

use std::collections::BTreeMap;

use crate::config_txt::{
    ANY, Line, Model, Reach, append, each, is_gadget, read_by, replaced, setting, value_of,
};

const UART: &str = "enable_uart=1";

/// The USB-C controller of a Pi 4 as a host.
pub(super) fn with_otg(old: &[u8]) -> Vec<u8> {
    let mut new = old.to_owned();
    if !is_on(old, Model::named("Raspberry Pi 4 Model B"), "otg_mode") {
        append(&mut new, &["[pi4]", "otg_mode=1", "[all]"]);
    }
    new
}

/// The header's serial port, switched on.
pub(super) fn with_uart(old: &[u8]) -> Vec<u8> {
    if is_on(old, &ANY, "enable_uart") {
        return old.to_owned();
    }
    let mut new = set(old, |text| setting(text, "enable_uart").is_some(), UART);
    if !is_on(&new, &ANY, "enable_uart") {
        append(&mut new, &[UART]);
    }
    new
}

/// Whether a card is a node's: its port is a device, not a host.
pub(super) fn is_of_a_node(config: &[u8], model: &Model) -> bool {
    is_gadget(config, model)
}

/// Whether the last line that sets it, of those that a model reads, sets 1.
fn is_on(config: &[u8], model: &Model, key: &str) -> bool {
    let mut on = false;
    read_by(config, model, |reach, _, line| {
        if let Some(value) = line.setting(key) {
            let is_it = value_of(value) == "1";
            on = is_it && (reach == Reach::Yes || on);
        }
    });
    on
}

/// The last such line that every board reads becomes `to`; where there is none, the first one that is
/// commented out does.
pub(super) fn set(old: &[u8], is_it: impl Fn(&str) -> bool, to: &str) -> Vec<u8> {
    let (mut live, mut commented) = (None, None);
    each(old, |filters, Line { number, text }| {
        if !filters.is_all() {
        } else if is_it(text) {
            live = Some(*number);
        } else if text.strip_prefix('#').is_some_and(|text| is_it(text.trim_start())) {
            commented.get_or_insert(*number);
        }
    });
    let place = live.or(commented);
    let texts: BTreeMap<_, _> = place.map(|number| (number, to.to_owned())).into_iter().collect();
    replaced(old, &texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(edit: fn(&[u8]) -> Vec<u8>, old: &str, new: &str) {
        let edited = edit(old.as_bytes());
        assert_eq!(String::from_utf8_lossy(&edited), new);
        assert_eq!(edit(&edited), edited, "a second time there is nothing to do");
    }

    #[test]
    fn otg_is_for_the_pi_4_alone() {
        becomes(
            with_otg,
            "a=1\n[cm4]\notg_mode=1\n",
            "a=1\n[cm4]\notg_mode=1\n[all]\n[pi4]\notg_mode=1\n[all]\n",
        );
        for text in ["otg_mode=1 # Controller only\n", "[pi4]\notg_mode=1\n[all]\n"] {
            becomes(with_otg, text, text);
        }
        // The vendor's.
        let text = "[pi4]\notg_mode=1 # Controller only\n[cm4]\notg_mode=0 # Unless CM4\n[all]\n";
        becomes(with_otg, text, text);
        becomes(
            with_otg,
            "[pi4] # mine\notg_mode=1\n",
            "[pi4] # mine\notg_mode=1\n[all]\n[pi4]\notg_mode=1\n[all]\n",
        );
    }

    #[test]
    fn the_serial_port() {
        becomes(with_uart, "enable_uart=0\n", "enable_uart=1\n");
        becomes(with_uart, "#enable_uart=1\n", "enable_uart=1\n");
        becomes(with_uart, "a=1", "a=1\nenable_uart=1");
        becomes(
            with_uart,
            "[pi3] # x\nenable_uart=1\n",
            "[pi3] # x\nenable_uart=1\n[all]\nenable_uart=1\n",
        );
    }

    #[test]
    fn a_nodes_card_is_known() {
        for text in [
            &b"dtoverlay=dwc2,dr_mode=peripheral\n"[..],
            b"dtoverlay=dwc2\r\ndtparam=dr_mode=peripheral\r\n",
        ] {
            assert!(is_of_a_node(text, &ANY));
        }
        assert!(!is_of_a_node(
            b"#dtoverlay=dwc2,dr_mode=peripheral\n[cm5]\ndtoverlay=dwc2,dr_mode=host\n",
            &ANY
        ));
    }
}
