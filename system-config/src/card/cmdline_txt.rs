//! `cmdline.txt`: kernel parameters on one line. Only leftovers go; nothing is added.

use super::modules;

/// The file without modules that claim the port; the same bytes if it names none.
pub(super) fn edit(old: &[u8]) -> Vec<u8> {
    // The firmware passes the first line only.
    let end = old.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(old.len());
    let (line, rest) = old.split_at(end);
    let mut new = Vec::with_capacity(old.len());
    for (gap, word) in words(line) {
        match without_gadgets(word) {
            Kept::Whole => new.extend([gap, word].concat()),
            Kept::Part(text) => new.extend([gap, text.as_bytes()].concat()),
            Kept::Nothing => {}
        }
    }
    // The gap before a first word that went is not the line's.
    if !line.starts_with(b" ") && new.starts_with(b" ") {
        new.drain(..new.iter().take_while(|byte| **byte == b' ').count());
    }
    new.extend_from_slice(rest);
    new
}

enum Kept {
    Whole,
    Part(String),
    Nothing,
}

/// systemd-modules-load.service(8): `modules-load=` and `rd.modules-load=`, `-` and `_` alike.
fn without_gadgets(word: &[u8]) -> Kept {
    let Ok(text) = std::str::from_utf8(word) else { return Kept::Whole };
    let Some((key, modules)) = text.split_once('=') else { return Kept::Whole };
    let plain = key.replace('_', "-");
    if plain != "modules-load" && plain != "rd.modules-load" {
        return Kept::Whole;
    }
    if !modules.split(',').any(modules::claims_port) {
        return Kept::Whole;
    }
    let others: Vec<_> = modules
        .split(',')
        .filter(|module| !module.is_empty() && *module != "dwc2" && !modules::claims_port(module))
        .collect();
    if others.is_empty() {
        Kept::Nothing
    } else {
        Kept::Part(format!("{key}={}", others.join(",")))
    }
}

/// Each word with the blanks before it; the blanks at the end come with an empty word. A space
/// between quotes parts no words.
fn words(line: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut found = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let gap = rest.iter().take_while(|byte| is_blank(**byte)).count();
        let mut quoted = false;
        let length = rest[gap..]
            .iter()
            .take_while(|byte| {
                quoted ^= **byte == b'"';
                quoted || !is_blank(**byte)
            })
            .count();
        let (word, after) = rest.split_at(gap + length);
        found.push(word.split_at(gap));
        rest = after;
    }
    found
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
