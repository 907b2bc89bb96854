//! TOML whose messages name the file and the line.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeTable;

use super::nearest;

/// Longer values are cut in messages.
const SHOWN: usize = 60;

/// A line of a file that cannot be used, or that has no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct FileMessage {
    path: PathBuf,
    line: usize,
    message: String,
}

impl FileMessage {
    /// About a line of a file, counted from 1.
    #[must_use]
    pub fn new(path: &Path, line: usize, message: String) -> Self {
        Self { path: path.to_owned(), line, message }
    }

    /// About a key that is not among the known ones; `place` is the key as it is shown, with its table.
    #[must_use]
    pub fn unknown_key(path: &Path, line: usize, place: &str, key: &str, known: &[&str]) -> Self {
        let hint = match nearest(key, known) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "remove it".to_owned(),
        };
        let message = format!("unknown key \"{}\" is ignored; {hint}", one_line(place));
        Self::new(path, line, message)
    }

    /// The line, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for FileMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.message)
    }
}

/// The text of a TOML file, with its path for messages.
#[derive(Clone, Copy, Debug)]
pub struct TomlText<'a> {
    path: &'a Path,
    text: &'a str,
}

impl<'a> TomlText<'a> {
    /// The text of the file at `path`, which is not read.
    #[must_use]
    pub const fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text }
    }

    /// Takes the bytes of a file.
    ///
    /// # Errors
    /// Bytes that are not UTF-8.
    pub fn of_bytes(path: &'a Path, bytes: &'a [u8]) -> Result<Self, FileMessage> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = line_after(&bytes[..error.valid_up_to()]);
            FileMessage::new(path, line, "not UTF-8: save this file as UTF-8".to_owned())
        })?;
        Ok(Self { path, text })
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// The document.
    ///
    /// # Errors
    /// Text that is not TOML: what the parser expected, and where.
    pub fn parse(&self) -> Result<Spanned<DeTable<'a>>, FileMessage> {
        DeTable::parse(self.text).map_err(|error| {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            self.message(error.span().map_or(0, |span| span.start), message)
        })
    }

    /// A warning for every key that is not among the known ones, in the order of their lines. `table` is the
    /// table's own name, such as `nodes.p3`; empty for the top.
    #[must_use]
    pub fn unknown_keys(
        &self,
        entries: &DeTable<'_>,
        table: &str,
        known: &[&str],
    ) -> Vec<FileMessage> {
        let is_unknown = |key: &&Spanned<_>| {
            let name: &str = AsRef::<str>::as_ref(key.get_ref());
            !known.contains(&name)
        };
        let mut unknown: Vec<_> = entries.keys().filter(is_unknown).collect();
        unknown.sort_by_key(|key| key.span().start);
        let warning = |key: &Spanned<_>| {
            let name: &str = AsRef::<str>::as_ref(key.get_ref());
            let dot = if table.is_empty() { "" } else { "." };
            let (line, place) = (self.line(key.span().start), format!("{table}{dot}{name}"));
            FileMessage::unknown_key(self.path, line, &place, name, known)
        };
        unknown.into_iter().map(warning).collect()
    }

    /// A message about what stands at this byte.
    #[must_use]
    pub fn message(&self, offset: usize, message: String) -> FileMessage {
        FileMessage::new(self.path, self.line(offset), message)
    }

    /// The line of a byte, counted from 1.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        line_after(self.text.as_bytes().get(..offset).unwrap_or_default())
    }
}

fn line_after(before: &[u8]) -> usize {
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The start of a text, for a message: without line breaks and other control characters.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut shown: String =
        text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> TomlText<'_> {
        TomlText::new(Path::new("a.toml"), text)
    }

    #[test]
    fn errors_name_the_line() {
        let error = text("a = 1\na = 2").parse().unwrap_err();
        assert!(error.to_string().starts_with("a.toml:2: "), "{error}");
        let error = TomlText::of_bytes(Path::new("a.toml"), b"a = 1\n# \xff").unwrap_err();
        assert_eq!(error.to_string(), "a.toml:2: not UTF-8: save this file as UTF-8");
    }

    #[test]
    fn unknown_keys_come_in_the_order_of_their_lines() {
        let text = text("zz = 1\nsize = 2\ndealy = 3\n\"a\\nb\" = 4\n");
        let document = text.parse().unwrap();
        let told = |table| {
            let warnings = text.unknown_keys(document.get_ref(), table, &["size", "delay"]);
            warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            told(""),
            [
                "a.toml:1: unknown key \"zz\" is ignored; remove it",
                "a.toml:3: unknown key \"dealy\" is ignored; did you mean \"delay\"?",
                "a.toml:4: unknown key \"a b\" is ignored; remove it",
            ]
        );
        assert!(told("nodes.p1")[0].contains("\"nodes.p1.zz\""));
    }
}
