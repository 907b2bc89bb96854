//! `config.txt` as text: lines, the filters that they are behind, and what is added at the end.
//!
//! Bytes outside the changed lines are kept, including line ends.

mod cmdline;
mod models;
mod read;
mod relied;
mod sections;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub(crate) use cmdline::cmdline_files;
pub(crate) use models::{ANY, MODELS, Model, every_model, zeros};
pub(crate) use read::{Mode, dr_mode, mode_of};
pub(crate) use read::{Scope, is_gadget, read_by, settings};
pub(crate) use relied::heads_that_stay;
pub(crate) use sections::{Filters, Head, Reach};

/// A line without its end.
pub(crate) struct Line<'a> {
    /// Which line of the file it is, from 0.
    pub(crate) number: usize,
    pub(crate) text: Cow<'a, str>,
}

impl<'a> Line<'a> {
    /// Of a line with its end. Bytes that are no UTF-8 are no part of any setting.
    fn of(number: usize, bytes: &'a [u8]) -> Self {
        Self { number, text: String::from_utf8_lossy(&bytes[..body(bytes)]) }
    }

    /// The value of a setting.
    pub(crate) fn setting(&self, key: &str) -> Option<&str> {
        setting(&self.text, key)
    }

    /// The filter that it begins, or may begin.
    pub(crate) fn head(&self) -> Option<Head<'_>> {
        let text = self.text.trim_end();
        let filter = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        match filter {
            Some(filter) if filter.trim() == filter && !filter.contains(['[', ']']) => {
                Some(Head::Filter(filter))
            }
            _ if text.trim_start_matches(BOM).trim_start().starts_with('[') => Some(Head::Unclear),
            _ => self.include().map(|_| Head::Unclear),
        }
    }

    /// The file that it includes.
    pub(crate) fn include(&self) -> Option<&str> {
        let text = self.text.trim_start_matches(BOM).trim_start();
        let name = text.strip_prefix("include")?;
        name.starts_with([' ', '\t']).then(|| name.trim())
    }

    /// The overlay's name and parameters.
    pub(crate) fn overlay(&self) -> Option<(&str, &str)> {
        let value = value_of(self.setting("dtoverlay")?);
        Some(value.split_once([',', ':']).unwrap_or((value, "")))
    }
}

/// What some editors put before a text.
const BOM: char = '\u{feff}';

/// The value of a setting, if that text is one.
pub(crate) fn setting<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let (name, value) = text.split_once('=')?;
    (name.trim() == key).then_some(value)
}

/// Without blanks and what is behind a `#`.
pub(crate) fn value_of(text: &str) -> &str {
    text.split('#').next().unwrap_or_default().trim()
}

/// The lines, each with its end.
fn lines(config: &[u8]) -> impl Iterator<Item = &[u8]> {
    config.split_inclusive(|byte| *byte == b'\n')
}

/// The length of a line in bytes, without its end.
fn body(line: &[u8]) -> usize {
    line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1)
}

/// Lines with the filters that they are behind.
pub(crate) fn each(config: &[u8], mut look: impl FnMut(&Filters, &Line<'_>)) {
    let mut filters = Filters::default();
    for (number, bytes) in lines(config).enumerate() {
        let line = Line::of(number, bytes);
        if let Some(head) = line.head() {
            filters.enter(head);
        }
        look(&filters, &line);
    }
}

/// The file's own line end.
pub(crate) fn line_end(config: &[u8]) -> &'static str {
    if config.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" }
}

/// The file with other text in some of its lines, by their numbers. Line ends stay.
pub(crate) fn replaced(config: &[u8], texts: &BTreeMap<usize, String>) -> Vec<u8> {
    let mut new = Vec::with_capacity(config.len());
    for (number, bytes) in lines(config).enumerate() {
        match texts.get(&number) {
            Some(text) => new.extend([text.as_bytes(), &bytes[body(bytes)..]].concat()),
            None => new.extend_from_slice(bytes),
        }
    }
    new
}

/// At the end, in the file's own line ends; without a last one if the file has none. `[all]` comes first
/// wherever a filter is open, or may be.
pub(crate) fn append(config: &mut Vec<u8>, added: &[&str]) {
    let mut open = Filters::default();
    each(config, |filters, _| open = filters.clone());
    let end = line_end(config);
    let unfinished = !config.is_empty() && !config.ends_with(b"\n");
    let mut lines = added.to_vec();
    if !open.is_all() {
        lines.insert(0, "[all]");
    }
    if unfinished {
        config.extend_from_slice(end.as_bytes());
    }
    config.extend_from_slice(lines.join(end).as_bytes());
    if !unfinished {
        config.extend_from_slice(end.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appended(old: &[u8]) -> String {
        let mut new = old.to_owned();
        append(&mut new, &["x=1"]);
        String::from_utf8_lossy(&new[old.len()..]).into_owned()
    }

    #[test]
    fn all_comes_first_wherever_a_filter_may_be_open() {
        for clear in
            ["", "a=1\n", "[pi4]\na=1\n[all]\n", "[pi4] # x\n[all] \n", "#[pi4]\n", "included=1\n"]
        {
            assert_eq!(appended(clear.as_bytes()), "x=1\n", "{clear:?}");
        }
        for open in [
            &b"[pi4]\n"[..],
            b"[pi4] # my Pi\na=1\n",
            b"[all] # everybody\n",
            b" [pi4]\n",
            b"[pi4\n",
            b"[all]\ninclude extra.txt\n",
            b"\xef\xbb\xbf[pi4]\n",
            b"\xef\xbb\xbfinclude extra.txt\n",
            // Latin-1.
            b"[pi4] # f\xfcr mich\n",
        ] {
            let shown = String::from_utf8_lossy(open);
            assert_eq!(appended(open), "[all]\nx=1\n", "{shown:?}");
            let crlf = shown.replace('\n', "\r\n");
            assert_eq!(appended(crlf.as_bytes()), "[all]\r\nx=1\r\n", "{crlf:?}");
        }
    }

    #[test]
    fn a_file_without_a_last_line_end_stays_so() {
        assert_eq!(appended(b"a=1"), "\nx=1");
        assert_eq!(appended(b"a=1\r\n[pi4]"), "\r\n[all]\r\nx=1");
    }
}
