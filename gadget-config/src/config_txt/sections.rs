//! Which sections of `config.txt` a board of the Zero family reads.
//!
//! After the conditional filters of Raspberry Pi's documentation of `config.txt`: filters of one
//! type replace each other, those of different types add up, `[all]` ends them all. What only the
//! running board can tell (a serial number, a pin, a monitor) is [`Reach::Maybe`].

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

/// Zero, Zero W and Zero 2 W.
pub(crate) const BOARDS: usize = 3;

/// `[board-type=...]` of the three, in that order: the type field of the new-style revision code.
const BOARD_TYPES: [u32; BOARDS] = [0x09, 0x0c, 0x12];

/// The filters that hold at a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filters {
    model: [bool; BOARDS],
    filtered: bool,
    none: bool,
    condition: bool,
}

impl Filters {
    /// At the head of the file.
    pub(crate) const ALL: Self =
        Self { model: [true; BOARDS], filtered: false, none: false, condition: false };

    /// Past a section's head, given without its brackets.
    pub(crate) fn enter(&mut self, section: &str) {
        let section = section.trim().to_ascii_lowercase();
        if section == "all" {
            *self = Self::ALL;
        } else if section == "none" {
            self.none = true;
        } else if let Some(number) = section.strip_prefix("board-type=") {
            let number = number.trim_start_matches("0x");
            match u32::from_str_radix(number, 16) {
                Ok(number) => self.models(BOARD_TYPES.map(|known| known == number)),
                Err(_) => self.condition = true,
            }
        } else if is_model(&section) {
            self.models(match section.as_str() {
                "pi0" => [true, true, true],
                "pi0w" => [false, true, true],
                "pi02" => [false, false, true],
                _ => [false; BOARDS],
            });
        } else {
            self.condition = true;
        }
    }

    /// Whether `[none]` and `[board-type=]` end with a model is not documented.
    fn models(&mut self, model: [bool; BOARDS]) {
        self.condition |= std::mem::take(&mut self.none);
        self.model = model;
        self.filtered = true;
    }

    /// Who reads a line that stands here.
    pub(crate) fn reach(&self) -> [Reach; BOARDS] {
        self.model.map(|here| match (here && !self.none, self.condition) {
            (false, _) => Reach::No,
            (true, true) => Reach::Maybe,
            (true, false) => Reach::Yes,
        })
    }

    /// Whether every board reads it, of the Zero family or not.
    pub(crate) fn is_all(&self) -> bool {
        !(self.filtered || self.none || self.condition)
    }
}

/// `pi3+`, `pi400`, `cm4s`, but not `partition=2`.
fn is_model(section: &str) -> bool {
    let number = section.strip_prefix("pi").or_else(|| section.strip_prefix("cm"));
    number.is_some_and(|number| {
        number.starts_with(|c: char| c.is_ascii_digit())
            && number.chars().all(|c| c.is_ascii_alphanumeric() || c == '+')
    })
}
