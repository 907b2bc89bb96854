//! `config.txt` as text: lines, the sections that they stand in, and what is added at the end.
//!
//! Every byte that nobody means to change stays, line ends included.

#[cfg_attr(
    not(feature = "setup"),
    allow(dead_code, reason = "only nodes ask which Zero reads a line")
)]
mod sections;

pub(crate) use sections::Filters;
#[cfg(feature = "setup")]
pub(crate) use sections::{BOARDS, Reach};

/// A line without its end.
pub(crate) struct Line<'a> {
    pub(crate) text: &'a str,
}

impl<'a> Line<'a> {
    /// The value of a setting.
    pub(crate) fn setting(&self, key: &str) -> Option<&'a str> {
        let (name, value) = self.text.split_once('=')?;
        (name.trim() == key).then_some(value)
    }

    /// The section that it begins.
    pub(crate) fn section(&self) -> Option<&'a str> {
        self.text.trim().strip_prefix('[')?.strip_suffix(']')
    }

    /// The overlay's name and parameters.
    pub(crate) fn overlay(&self) -> Option<(&'a str, &'a str)> {
        let value = self.setting("dtoverlay")?.trim();
        Some(value.split_once([',', ':']).unwrap_or((value, "")))
    }
}

/// Lines with their ends; text that is no UTF-8 can only be in a comment and is passed over.
pub(crate) fn each(config: &[u8], mut look: impl FnMut(&Filters, &Line<'_>)) {
    let mut filters = Filters::ALL;
    for bytes in config.split_inclusive(|byte| *byte == b'\n') {
        let line = Line { text: text_of(bytes) };
        match line.section() {
            Some(section) => filters.enter(section),
            None => look(&filters, &line),
        }
    }
}

pub(crate) fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default().trim_end_matches(['\n', '\r'])
}

/// At the end, in the file's own line ends; without a last one if the file has none.
pub(crate) fn append(config: &mut Vec<u8>, added: &[&str]) {
    let mut filters = Filters::ALL;
    for bytes in config.split_inclusive(|byte| *byte == b'\n') {
        if let Some(section) = (Line { text: text_of(bytes) }).section() {
            filters.enter(section);
        }
    }
    let end: &[u8] = if config.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
    let unfinished = !config.is_empty() && !config.ends_with(b"\n");
    let mut lines = added.to_vec();
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
