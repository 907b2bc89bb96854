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

/// What sed(1) does to the file so that the port is left alone; nothing if it is already. It names lines by their numbers, so
/// that no comment, nor what else speaks of the program, is taken for them.
pub(super) fn edit_that_leaves_the_port(text: &str) -> Option<String> {
    let lines: Vec<_> = text.lines().map(without_comment).collect();
    let settings = (0..lines.len()).filter_map(|number| setting(&lines, number));
    let calls = (0..lines.len()).filter_map(|number| call(&lines, number));
    let edits: Vec<_> = settings.chain(calls).collect();
    (!edits.is_empty()).then(|| edits.join(";"))
}

/// YAML: a `#` at the start or behind a blank.
fn without_comment(line: &str) -> &str {
    let is_start = |at: &usize| line[..*at].ends_with([' ', '\t']) || *at == 0;
    let start = line.match_indices('#').map(|(at, _)| at).find(is_start);
    &line[..start.unwrap_or(line.len())]
}

/// The edit of a line that sets the key, on its own or between braces, with its value there or in the next line.
fn setting(lines: &[&str], number: usize) -> Option<String> {
    let line = lines[number];
    line.match_indices(KEY).find_map(|(at, _)| {
        let rest = line[at + KEY.len()..].trim_start_matches(['"', '\'']).trim_start();
        let value = rest.strip_prefix(':')?;
        if !value.trim().is_empty() {
            let edit = r#"s/\(enable_usb_gadget["']\{0,1\}[[:blank:]]*:\)[^],}#]*/\1 false /"#;
            return is_set(value).then(|| format!("{}{edit}", number + 1));
        }
        let below = (number + 1..lines.len()).find(|&below| !lines[below].trim().is_empty())?;
        let value = lines[below];
        // Another key there means that this one has no value.
        let sets = !value.contains(':') && indent(value) >= indent(line) && is_set(value);
        sets.then(|| format!(r"{}s/^\([[:blank:]]*\)[^],}}#]*/\1false /", below + 1))
    })
}

/// The edit of the lines from one on that run the program, which makes all of the item that they are in a comment.
fn call(lines: &[&str], number: usize) -> Option<String> {
    if !lines[number].contains(PROGRAM) {
        return None;
    }
    let joined = |from: usize, to: usize| lines[from..=to].join("\n");
    let end = (number..lines.len()).find(|&end| runs(&joined(number, end)))?;
    // It is a later line that does.
    if end > number && runs(&joined(number + 1, end)) {
        return None;
    }
    let is_blank = |line: &&str| line.trim().is_empty();
    // The item may begin with a dash in a line of its own.
    let is_dash = |at: usize| lines[at].trim() == "-" && indent(lines[at]) < indent(lines[number]);
    let before = (0..number).rev().find(|&before| !is_blank(&lines[before]));
    let start = before.filter(|&before| is_dash(before)).unwrap_or(number);
    let belongs = |end: usize| {
        let next = lines.get(end + 1).filter(|line| !is_blank(line));
        let is_deeper = next.is_some_and(|line| indent(line) > indent(lines[start]));
        end + 1 < lines.len() && (is_deeper || is_open(&joined(start, end)))
    };
    let last = (end..lines.len()).find(|&end| !belongs(end)).unwrap_or(end);
    // At the start of a line it would end a text of several lines.
    Some(format!("{},{}s/[^[:blank:]]/#&/", start + 1, last + 1))
}

/// Whether a bracket is not closed yet.
fn is_open(text: &str) -> bool {
    let count = |brackets: [char; 2]| text.matches(brackets).count();
    count(['[', '{']) > count([']', '}'])
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
            "rpi:\n  enable_usb_gadget: true\nruncmd:\n  - rpi-usb-gadget on\n",
        ] {
            assert!(edit_that_leaves_the_port(text).is_some(), "{text}");
            let left = edited(text);
            assert_eq!(edit_that_leaves_the_port(&left), None, "{text}{left}");
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

    /// What sed(1) makes of it.
    fn edited(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        std::fs::write(&file, text).unwrap();
        let edit = edit_that_leaves_the_port(text).unwrap();
        let run = std::process::Command::new("sed").arg("-i").arg(edit).arg(&file).status();
        assert!(run.unwrap().success());
        std::fs::read_to_string(&file).unwrap()
    }

    /// Seen: the line behind a comment was taken out, the second line of a value stayed, and so did a third of a command.
    #[test]
    fn nothing_else_is_changed() {
        for (text, left) in [
            (
                "# not rpi-usb-gadget on\nhostname: p1\nruncmd:\n  - - rpi-usb-gadget\n    - on\n  - [ls]\n",
                "# not rpi-usb-gadget on\nhostname: p1\nruncmd:\n  #- - rpi-usb-gadget\n    #- on\n  - [ls]\n",
            ),
            (
                "packages:\n  - rpi-usb-gadget\nruncmd:\n  - rpi-usb-gadget on\n",
                "packages:\n  - rpi-usb-gadget\nruncmd:\n  #- rpi-usb-gadget on\n",
            ),
            (
                "runcmd:\n  - - rpi-usb-gadget\n    - on\n    - -f\n  - [ls]\n",
                "runcmd:\n  #- - rpi-usb-gadget\n    #- on\n    #- -f\n  - [ls]\n",
            ),
            (
                "runcmd:\n  -\n    - rpi-usb-gadget\n    - on\n  - [ls]\n",
                "runcmd:\n  #-\n    #- rpi-usb-gadget\n    #- on\n  - [ls]\n",
            ),
            (
                "runcmd:\n  - [ rpi-usb-gadget,\n      on\n  ]\n  - [ls]\n",
                "runcmd:\n  #- [ rpi-usb-gadget,\n      #on\n  #]\n  - [ls]\n",
            ),
            (
                "runcmd: [ [rpi-usb-gadget, on],\n  [ls] ]\nhostname: p1\n",
                "#runcmd: [ [rpi-usb-gadget, on],\n  #[ls] ]\nhostname: p1\n",
            ),
            (
                "runcmd:\n  - |\n    rpi-usb-gadget on\n    ls\n",
                "runcmd:\n  - |\n    #rpi-usb-gadget on\n    ls\n",
            ),
            (
                "rpi:\n  enable_usb_gadget: # the cable\n\n    true\nhostname: p1\n",
                "rpi:\n  enable_usb_gadget: # the cable\n\n    false \nhostname: p1\n",
            ),
            (
                "rpi: {enable_usb_gadget:\n  true}\n# enable_usb_gadget: true\n",
                "rpi: {enable_usb_gadget:\n  false }\n# enable_usb_gadget: true\n",
            ),
        ] {
            assert_eq!(edited(text), left);
        }
    }
}
