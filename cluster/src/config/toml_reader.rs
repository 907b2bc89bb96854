//! Typed reading of a TOML document that keeps the line of every value and names unknown keys.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use node_link::text::{TomlText, parse_duration};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::Warning;
use super::error::ConfigError;
use super::given::{Given, Origin};
use super::limits::{NumberLimits, TimeLimits};

/// A document being read.
pub(super) struct Reader<'a> {
    path: &'a Path,
    text: TomlText<'a>,
    pub(super) warnings: Vec<Warning>,
}

/// A table of the document: `name` is its full key, such as `nodes.p3`, empty for the top.
pub(super) struct Table<'a> {
    pub(super) entries: &'a DeTable<'a>,
    pub(super) name: String,
}

impl Table<'_> {
    /// The whole key, as in `nodes.p3.delay`.
    fn key(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text: TomlText::new(path, text), warnings: Vec::new() }
    }

    pub(super) fn document(&self) -> Result<Spanned<DeTable<'a>>, ConfigError> {
        Ok(self.text.parse()?)
    }

    /// Warns of every key that is not among the known ones.
    pub(super) fn check_keys(&mut self, table: &Table<'_>, known: &[&str]) {
        self.warnings.extend(self.text.unknown_keys(table.entries, &table.name, known));
    }

    /// A time: seconds as a number, or as a text such as `"500ms"`.
    pub(super) fn seconds(
        &self,
        table: &Table<'_>,
        key: &str,
        limits: &TimeLimits,
    ) -> Result<Option<Given<Duration>>, ConfigError> {
        self.value(table, key, limits.allowed, |value| {
            let seconds = match value {
                DeValue::Integer(number) => whole(number)?.to_string().parse().ok()?,
                DeValue::Float(number) => number.as_str().parse().ok()?,
                DeValue::String(text) => return parse_duration(text).ok(),
                _ => return None,
            };
            Duration::try_from_secs_f64(seconds).ok()
        })
    }

    /// A whole number.
    pub(super) fn number(
        &self,
        table: &Table<'_>,
        key: &str,
        limits: &NumberLimits,
    ) -> Result<Option<Given<i64>>, ConfigError> {
        self.value(table, key, limits.allowed, |value| match value {
            DeValue::Integer(number) => whole(number),
            _ => None,
        })
    }

    /// Yes or no.
    pub(super) fn switch(
        &self,
        table: &Table<'_>,
        key: &str,
    ) -> Result<Option<Given<bool>>, ConfigError> {
        self.value(table, key, "true or false", DeValue::as_bool)
    }

    /// A text.
    pub(super) fn text(
        &self,
        table: &Table<'_>,
        key: &str,
        allowed: &str,
    ) -> Result<Option<Given<String>>, ConfigError> {
        self.value(table, key, allowed, |value| value.as_str().map(str::to_owned))
    }

    /// The value of a key, if the key is there; `read` gives nothing where the type is not `allowed`.
    pub(super) fn value<'t, T>(
        &self,
        table: &Table<'t>,
        key: &str,
        allowed: &str,
        read: impl FnOnce(&'t DeValue<'t>) -> Option<T>,
    ) -> Result<Option<Given<T>>, ConfigError> {
        let Some(value) = table.entries.get(key) else {
            return Ok(None);
        };
        let given = self.given((), value.span(), &table.key(key));
        read(value.get_ref())
            .map(|value| Some(given.with(value)))
            .ok_or_else(|| given.refused(allowed))
    }

    /// A value with its position in the document.
    pub(super) fn given<T>(&self, value: T, span: Range<usize>, key: &str) -> Given<T> {
        let line = self.text.line(span.start);
        let text = self.text.as_str().get(span).unwrap_or_default();
        Given::new(value, text, Origin::file(self.path, line, key))
    }
}

/// The parser keeps integers as digits in their base.
fn whole(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}
