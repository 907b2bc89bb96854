//! What a controller needs in `config.txt`. Text in, text out.

use crate::config_txt::{Filters, Line, append, each, text_of};

const I2C: &str = "dtparam=i2c_arm=on";
const UART: &str = "enable_uart=1";

/// The header's I2C bus, switched on.
pub(super) fn with_i2c(old: &[u8]) -> Vec<u8> {
    if has_i2c(old) {
        return old.to_owned();
    }
    let mut new = set(old, is_i2c_line, I2C);
    if !has_i2c(&new) {
        // An empty overlay ends the last one's parameters: overlays/README, "dtparam".
        append(&mut new, &["dtoverlay=", I2C]);
    }
    new
}

/// The USB-C controller of a Pi 4 as a host.
pub(super) fn with_otg(old: &[u8]) -> Vec<u8> {
    let mut new = old.to_owned();
    let mut has = false;
    let mut section = String::new();
    for line in old.split(|byte| *byte == b'\n').map(text_of).map(|text| Line { text }) {
        if let Some(name) = line.section() {
            section = name.trim().to_ascii_lowercase();
        }
        let set = line.setting("otg_mode").is_some_and(|value| value_of(value) == "1");
        has |= set && matches!(&*section, "" | "all" | "pi4");
    }
    if !has {
        append(&mut new, &["[pi4]", "otg_mode=1", "[all]"]);
    }
    new
}

/// The header's serial port, switched on.
pub(super) fn with_uart(old: &[u8]) -> Vec<u8> {
    let has = |config: &[u8]| {
        last(config, |line| Some(value_of(line.setting("enable_uart")?) == "1")) == Some(true)
    };
    if has(old) {
        return old.to_owned();
    }
    let is_it = |text: &str| Line { text }.setting("enable_uart").is_some();
    let mut new = set(old, is_it, UART);
    if !has(&new) {
        append(&mut new, &[UART]);
    }
    new
}

/// Whether a card is a node's: its port is a device, not a host.
pub(super) fn is_of_a_node(config: &[u8]) -> bool {
    let device = |line: &Line<'_>| match line.overlay()? {
        ("dwc2", parameters) => Some(parameters.contains("dr_mode=peripheral")),
        _ => None,
    };
    last(config, device) == Some(true)
}

/// By the firmware's parameter, or bit-banged as the vendor's images have it.
fn has_i2c(config: &[u8]) -> bool {
    let is_on = |line: &Line<'_>| {
        if let Some(("i2c-gpio", parameters)) = line.overlay() {
            return parameters.split(',').any(|one| one.trim() == "bus=1").then_some(true);
        }
        i2c_value(line.setting("dtparam")?)
    };
    last(config, is_on) == Some(true)
}

/// The base overlay's names for the header's bus.
fn i2c_value(parameters: &str) -> Option<bool> {
    let one = |one: &str| {
        let (name, value) = one.split_once('=').unwrap_or((one, "on"));
        let is_it = matches!(name.trim(), "i2c_arm" | "i2c" | "i2c1");
        is_it.then(|| matches!(value_of(value), "on" | "true" | "1" | "yes"))
    };
    parameters.split(',').rev().find_map(one)
}

fn is_i2c_line(text: &str) -> bool {
    Line { text }.setting("dtparam").is_some_and(|value| i2c_value(value).is_some())
}

/// Without blanks and what is behind a `#`.
fn value_of(text: &str) -> &str {
    text.split('#').next().unwrap_or_default().trim()
}

/// What the last line that says something of it says, of those that every board reads.
fn last<T>(config: &[u8], look: impl Fn(&Line<'_>) -> Option<T>) -> Option<T> {
    let mut found = None;
    each(config, |filters, line| {
        if filters.is_all() {
            if let Some(value) = look(line) {
                found = Some(value);
            }
        }
    });
    found
}

/// The last such line that every board reads becomes `to`; where there is none, the first one that is
/// commented out does.
fn set(old: &[u8], is_it: impl Fn(&str) -> bool, to: &str) -> Vec<u8> {
    let mut filters = Filters::ALL;
    let (mut live, mut commented) = (None, None);
    for (number, bytes) in old.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let text = text_of(bytes);
        if let Some(section) = (Line { text }).section() {
            filters.enter(section);
        }
        if !filters.is_all() {
            continue;
        }
        if is_it(text) {
            live = Some(number);
        } else if text.strip_prefix('#').is_some_and(|text| is_it(text.trim_start())) {
            commented.get_or_insert(number);
        }
    }
    let place = live.or(commented);
    let mut new = Vec::with_capacity(old.len());
    for (number, bytes) in old.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if Some(number) == place {
            new.extend_from_slice(to.as_bytes());
            new.extend_from_slice(&bytes[text_of(bytes).len()..]);
        } else {
            new.extend_from_slice(bytes);
        }
    }
    new
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
    fn i2c_of_a_stock_file_is_uncommented_where_it_stands() {
        becomes(
            with_i2c,
            "# a\n#dtparam=i2c_arm=on\n#dtparam=spi=on\ndtoverlay=vc4\n[cm4]\nx=1\n",
            "# a\ndtparam=i2c_arm=on\n#dtparam=spi=on\ndtoverlay=vc4\n[cm4]\nx=1\n",
        );
    }

    #[test]
    fn i2c_that_is_on_stays_as_it_is() {
        for text in [
            "dtparam=i2c_arm=on\n",
            "dtparam=audio=on,i2c=on # the HAT\r\n",
            "dtparam=i2c1\n",
            "dtoverlay=i2c-gpio,bus=1,i2c_gpio_sda=2,i2c_gpio_scl=3\n",
        ] {
            becomes(with_i2c, text, text);
        }
    }

    #[test]
    fn i2c_that_is_off_or_on_for_others_only() {
        becomes(with_i2c, "dtparam=i2c_arm=off\r\nx=1\r\n", "dtparam=i2c_arm=on\r\nx=1\r\n");
        becomes(
            with_i2c,
            "[pi3]\ndtparam=i2c_arm=on\n",
            "[pi3]\ndtparam=i2c_arm=on\n[all]\ndtoverlay=\ndtparam=i2c_arm=on\n",
        );
        becomes(
            with_i2c,
            "dtoverlay=i2c-gpio,bus=3\n",
            "dtoverlay=i2c-gpio,bus=3\ndtoverlay=\ndtparam=i2c_arm=on\n",
        );
        becomes(with_i2c, "", "dtoverlay=\ndtparam=i2c_arm=on\n");
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
    }

    #[test]
    fn the_serial_port() {
        becomes(with_uart, "enable_uart=0\n", "enable_uart=1\n");
        becomes(with_uart, "#enable_uart=1\n", "enable_uart=1\n");
        becomes(with_uart, "a=1", "a=1\nenable_uart=1");
    }

    #[test]
    fn a_nodes_card_is_known() {
        assert!(is_of_a_node(b"dtoverlay=dwc2,dr_mode=peripheral\n"));
        assert!(!is_of_a_node(
            b"#dtoverlay=dwc2,dr_mode=peripheral\n[cm5]\ndtoverlay=dwc2,dr_mode=host\n"
        ));
    }
}
