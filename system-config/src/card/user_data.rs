//! cloud-init's `user-data` on the boot partition, which Raspberry Pi's images read at their first boot.
//!
//! cloud-init, `cc_raspberry_pi.py`: `enable_usb_gadget: true` below `rpi:` runs `rpi-usb-gadget on`.
//! Imager writes it; a command of the user's own may say the same.

/// Below the boot partition.
pub(super) const FILE: &str = "user-data";

const KEY: &str = "enable_usb_gadget";
const PROGRAM: &str = "rpi-usb-gadget";

/// Words of YAML that set nothing. Whatever else is written there may set it, in some way that is not known here.
const NOT_SET: [&str; 6] = ["false", "no", "off", "null", "~", ""];

/// What sed(1) makes of the file so that the port is left alone; nothing if it is already.
pub(super) fn edit_that_leaves_the_port(text: &str) -> Option<&'static str> {
    let lines: Vec<_> = text.lines().map(without_comment).collect();
    if enables(&lines) {
        // The value may be in the line behind.
        Some(
            r#"/enable_usb_gadget["']\{0,1\}[[:blank:]]*:[[:space:]]*$/N;s/\(enable_usb_gadget["']\{0,1\}[[:blank:]]*:\)[^],}#]*/\1 false /"#,
        )
    } else if lines.iter().any(|line| runs(line)) {
        Some(r"/rpi-usb-gadget/s/^/#/")
    } else if runs(&lines.join("\n")) {
        Some(r"/rpi-usb-gadget/,+1s/^/#/")
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

/// In a line of its own or between braces, with its value there or in the next line.
fn enables(lines: &[&str]) -> bool {
    let set = |(number, line): (usize, &&str)| {
        line.match_indices(KEY).any(|(at, _)| {
            let rest = line[at + KEY.len()..].trim_start_matches(['"', '\'']).trim_start();
            let Some(value) = rest.strip_prefix(':') else { return false };
            if !value.trim().is_empty() {
                return is_set(value);
            }
            let below = lines[number + 1..].iter().find(|line| !line.trim().is_empty());
            // Another key there means that this one has no value.
            below.is_some_and(|below| {
                !below.contains(':') && indent(below) >= indent(line) && is_set(below)
            })
        })
    };
    lines.iter().enumerate().any(set)
}

fn is_set(value: &str) -> bool {
    let value = value.split([',', '}', ']']).next().unwrap_or_default().trim();
    !NOT_SET.contains(&value.to_ascii_lowercase().as_str())
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// As a text for a shell, or as a list of words.
fn runs(text: &str) -> bool {
    let words = text.split(|c: char| c.is_whitespace() || "[],\"';&|()`".contains(c));
    // Options, and the dashes of a list.
    let words: Vec<_> = words.filter(|word| !word.is_empty() && !word.starts_with('-')).collect();
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
            "runcmd:\n  - \"sudo rpi-usb-gadget on; echo\"\n",
            "runcmd:\n  - rpi-usb-gadget on; echo\n",
            "runcmd:\n  - [sh, -c, \"rpi-usb-gadget on&&true\"]\n",
            "runcmd:\n  - (rpi-usb-gadget -f on)|cat\n",
            "runcmd:\n  - - rpi-usb-gadget\n    - \"on\"\n",
            "runcmd:\n  - [ rpi-usb-gadget,\n      \"on\" ]\n",
            "rpi:\n  enable_usb_gadget:\n    true\nenable_ssh: true\n",
            "rpi:\n  enable_usb_gadget: # the cable\n\n    true\n",
            "rpi:\n  enable_usb_gadget: !!bool true\n",
            "rpi:\n  enable_usb_gadget: \"true\"\n",
            "rpi:\n  enable_usb_gadget: *cable\n",
            "rpi: {enable_usb_gadget:\n  true}\n",
        ] {
            assert!(edit_that_leaves_the_port(text).is_some(), "{text}");
        }
        for text in [
            "",
            "#rpi:\n#  enable_usb_gadget: true\n",
            "rpi:\n  enable_usb_gadget: false\n  # enable_usb_gadget: true\n",
            "rpi:\n  interfaces:\n    i2c: true\n",
            "rpi:\n  enable_usb_gadget:\nenable_ssh: true\n",
            "rpi: {enable_usb_gadget: Off, interfaces: {i2c: true}}\n",
            "packages:\n  - rpi-usb-gadget\n  - vim\n",
            "runcmd:\n  - rpi-usb-gadget off\n",
        ] {
            assert_eq!(edit_that_leaves_the_port(text), None, "{text}");
        }
    }
}
