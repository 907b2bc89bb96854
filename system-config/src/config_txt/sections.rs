//! Which lines of `config.txt` a model reads.
//!
//! After the conditional filters of Raspberry Pi's documentation of `config.txt`: filters of one
//! type replace each other, those of different types add up, `[all]` ends them all. What only the
//! running board can tell (a serial number, a pin, a monitor) is [`Reach::Maybe`].

use super::Model;

/// What may change which lines behind it are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head<'a> {
    /// A filter, without its brackets.
    Filter(&'a str),
    /// No document says what the firmware makes of it: a filter with a comment behind it or a byte order
    /// mark before it. An included file may leave a filter open, too.
    Unclear,
}

/// Whether a board reads a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Never.
    No,
    /// It depends on what a file cannot tell.
    Maybe,
    /// Always.
    Yes,
}

/// The filters that hold at a line; those of the head of a file by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filters {
    model: Option<OfModel>,
    none: bool,
    condition: bool,
}

/// A filter by model, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
enum OfModel {
    Named(String),
    BoardType(u32),
}

impl Filters {
    /// Past a head.
    pub(crate) fn enter(&mut self, head: Head<'_>) {
        let Head::Filter(filter) = head else {
            self.condition = true;
            return;
        };
        let filter = filter.to_ascii_lowercase();
        if filter == "all" {
            *self = Self::default();
        } else if filter == "none" {
            self.none = true;
        } else if let Some(number) = filter.strip_prefix("board-type=") {
            match u32::from_str_radix(number.trim_start_matches("0x"), 16) {
                Ok(number) => self.models(OfModel::BoardType(number)),
                Err(_) => self.condition = true,
            }
        } else if is_model(&filter) {
            self.models(OfModel::Named(filter));
        } else {
            self.condition = true;
        }
    }

    /// Whether `[none]` and `[board-type=]` end with a model is not documented.
    fn models(&mut self, model: OfModel) {
        self.condition |= std::mem::take(&mut self.none);
        self.model = Some(model);
    }

    /// Whether a model reads a line in this section.
    pub(crate) fn reach(&self, model: &Model) -> Reach {
        let here = match &self.model {
            None => true,
            Some(OfModel::Named(name)) => model.filters.contains(&name.as_str()),
            Some(OfModel::BoardType(number)) => model.board_type == Some(*number),
        };
        match (here && !self.none, self.condition) {
            (false, _) => Reach::No,
            (true, true) => Reach::Maybe,
            (true, false) => Reach::Yes,
        }
    }

    /// Whether every board reads it.
    pub(crate) fn is_all(&self) -> bool {
        self.model.is_none() && !self.none && !self.condition
    }
}

/// `pi3+`, `pi400`, `cm4s`, but not `partition=2`.
fn is_model(filter: &str) -> bool {
    let number = filter.strip_prefix("pi").or_else(|| filter.strip_prefix("cm"));
    number.is_some_and(|number| {
        number.starts_with(|c: char| c.is_ascii_digit())
            && number.chars().all(|c| c.is_ascii_alphanumeric() || c == '+')
    })
}
