//! cloud-init's `user-data` on the boot partition, which Raspberry Pi's images read at their first boot.
//!
//! cloud-init, `cc_raspberry_pi.py`: `enable_usb_gadget: true` below `rpi:` runs `rpi-usb-gadget on`.
//! Imager writes it; a command of the user's own may say the same.

/// Below the boot partition.
pub(super) const FILE: &str = "user-data";

const KEY: &str = "enable_usb_gadget";
const PROGRAM: &str = "rpi-usb-gadget";

/// What sed(1) makes of the file so that the port is left alone; nothing if it is already.
pub(super) fn edit_that_leaves_the_port(text: &str) -> Option<&'static str> {
    let mut lines = text.lines().map(without_comment);
    if lines.clone().any(enables) {
        Some(r#"s/\(enable_usb_gadget["']\{0,1\}[[:blank:]]*:[[:blank:]]*\)[[:alpha:]]*/\1false/"#)
    } else if lines.any(runs) {
        Some(r"/rpi-usb-gadget/s/^/#/")
    } else {
        None
    }
}

/// YAML: a `#` at the start or behind a blank.
fn without_comment(line: &str) -> &str {
    let is_start = |at: &usize| line[..*at].ends_with([' ', '\t']) || *at == 0;
    let start = line.match_indices('#').map(|(at, _)| at).find(is_start);
    &line[..start.unwrap_or(line.len())]
}

/// In a line of its own, or between braces.
fn enables(line: &str) -> bool {
    line.match_indices(KEY).any(|(at, _)| {
        let rest = line[at + KEY.len()..].trim_start_matches(['"', '\'']).trim_start();
        let value = rest.strip_prefix(':').unwrap_or_default().trim_start();
        let value = value.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        // PyYAML's words.
        ["true", "yes", "on"].contains(&value.to_ascii_lowercase().as_str())
    })
}

/// As a text for a shell, or as a list of words.
fn runs(line: &str) -> bool {
    let words = line.split(|c: char| c.is_whitespace() || "[],\"'".contains(c));
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.windows(2).any(|pair| {
        pair[0].rsplit('/').next() == Some(PROGRAM) && ["on", "toggle"].contains(&pair[1])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_claims_the_port() {
        for text in [
            "#cloud-config\nrpi:\n  enable_usb_gadget: true\nenable_ssh: true\n",
            "rpi:\r\n  enable_usb_gadget: True\r\n",
            "rpi:\n  'enable_usb_gadget' : yes # the cable\n",
            "rpi: {interfaces: {i2c: true}, enable_usb_gadget: on}\n",
            "{\"rpi\": {\"enable_usb_gadget\": true}}\n",
            "runcmd:\n  - rpi-usb-gadget on\n",
            "runcmd:\n  - [ /usr/bin/rpi-usb-gadget, \"on\", -f ]\n",
        ] {
            assert!(edit_that_leaves_the_port(text).is_some(), "{text}");
        }
        for text in [
            "",
            "#rpi:\n#  enable_usb_gadget: true\n",
            "rpi:\n  enable_usb_gadget: false\n  # enable_usb_gadget: true\n",
            "rpi:\n  interfaces:\n    i2c: true\n",
            "runcmd:\n  - rpi-usb-gadget off\n",
        ] {
            assert_eq!(edit_that_leaves_the_port(text), None, "{text}");
        }
    }
}
