//! The host's name in `/etc/hostname` and `/etc/hosts`.

use super::CardError;

/// RFC 1123, and short enough for the kernel's 64 bytes.
pub(super) fn check(name: &str) -> Result<(), CardError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let is_name = (1..=63).contains(&name.len())
        && name.chars().all(is_allowed)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.eq_ignore_ascii_case("localhost");
    is_name.then_some(()).ok_or_else(|| CardError::HostName(name.to_owned()))
}

/// hostname(5): the name is the first line that is no comment.
pub(super) fn current(hostname: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(hostname).ok()?;
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))
}

/// `/etc/hostname`; the same bytes if that is the name. Comments stay.
pub(super) fn edit_hostname(old: Option<&[u8]>, name: &str) -> Vec<u8> {
    let old = old.unwrap_or_default();
    if current(old) == Some(name) {
        return old.to_owned();
    }
    let is_name = |line: &&[u8]| {
        let line = line.trim_ascii();
        !line.is_empty() && !line.starts_with(b"#")
    };
    let lines: Vec<_> = old.split_inclusive(|byte| *byte == b'\n').collect();
    let at = lines.iter().position(is_name).unwrap_or(lines.len());
    let mut new = lines[..at].concat();
    if !new.is_empty() && !new.ends_with(b"\n") {
        new.push(b'\n');
    }
    new.extend_from_slice(format!("{name}\n").as_bytes());
    new.extend(lines.iter().skip(at + 1).flat_map(|line| line.iter().copied()));
    new
}

/// Debian's convention: 127.0.1.1 is the host itself.
const OWN: &str = "127.0.1.1";

/// `/etc/hosts` with the name in the place of the old one.
pub(super) fn edit_hosts(old: Option<&[u8]>, was: Option<&str>, name: &str) -> Vec<u8> {
    let Some(old) = old else {
        return format!("127.0.0.1\tlocalhost\n{OWN}\t{name}\n").into_bytes();
    };
    let mut found = false;
    let mut new = Vec::new();
    for line in old.split_inclusive(|byte| *byte == b'\n') {
        let own = std::str::from_utf8(line).ok().filter(|text| is_own(text) && !found);
        found |= own.is_some();
        match own {
            Some(text) => new.extend_from_slice(own_line(text, was, name).as_bytes()),
            None => new.extend_from_slice(line),
        }
    }
    if !found {
        let unfinished = !new.is_empty() && !new.ends_with(b"\n");
        let end = if unfinished { "\n" } else { "" };
        new.extend_from_slice(format!("{end}{OWN}\t{name}\n").as_bytes());
    }
    new
}

fn is_own(line: &str) -> bool {
    line.split_whitespace().next() == Some(OWN)
}

/// The old name is replaced in place; other names of the line stay.
fn own_line(line: &str, was: Option<&str>, name: &str) -> String {
    let (names, comment) = line.split_at(line.find('#').unwrap_or(line.len()));
    if names.split_whitespace().skip(1).any(|one| one == name) {
        return line.to_owned();
    }
    let was = was.filter(|was| names.split_whitespace().skip(1).any(|one| one == *was));
    let start = match was {
        Some(was) => position(names, was),
        None => names.find(OWN).map_or(0, |at| at + OWN.len()),
    };
    let (head, tail) = names.split_at(start);
    match was {
        Some(was) => format!("{head}{name}{}{comment}", &tail[was.len()..]),
        None => format!("{head}\t{name}{tail}{comment}"),
    }
}

/// Where a word begins; the first word, the address, is none of the names.
fn position(line: &str, word: &str) -> usize {
    let is_edge = |at: usize| {
        let after = line[at + word.len()..].chars().next();
        line[..at].ends_with(char::is_whitespace) && after.is_none_or(char::is_whitespace)
    };
    line.match_indices(word).map(|(at, _)| at).find(|at| is_edge(*at)).unwrap_or(0)
}
