//! Why a node set was refused, and where in the word.

use std::ops::Range;

/// The most nodes in one range; a longer one is taken for a typing error.
///
/// The largest real set is eight ClusterCTRL DA boards of 32 nodes.
pub(crate) const MOST: u32 = 4096;

/// A longer word is not shown a second time.
const LONGEST_SHOWN: usize = 200;

/// A refused node set. Its text is one line; [`NodeSetError::pointed`] also shows where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad node set \"{}\": {problem}", printable(.word))]
pub struct NodeSetError {
    word: String,
    at: Range<usize>,
    problem: Problem,
}

impl NodeSetError {
    /// The name that no node has, where that is the problem.
    pub fn unknown_name(&self) -> Option<&str> {
        match &self.problem {
            Problem::Unknown { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Whether a node has a number that no node has.
    pub fn is_beyond(&self) -> bool {
        matches!(self.problem, Problem::Beyond { .. })
    }

    /// The error, the word below it, and carets under the malformed part; no line break at the end. The error
    /// alone where there is nothing to point at, or too much.
    pub fn pointed(&self) -> String {
        if self.word.is_empty() || self.word.len() > LONGEST_SHOWN {
            return self.to_string();
        }
        let before = self.word.get(..self.at.start).unwrap_or_default();
        let place = self.word.get(self.at.clone()).unwrap_or_default();
        let indent = " ".repeat(printable(before).chars().count());
        let carets = "^".repeat(printable(place).chars().count().max(1));
        format!("{self}\n  {}\n  {indent}{carets}", printable(&self.word))
    }
}

/// A problem and its position, before the word around it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlacedProblem {
    at: Range<usize>,
    problem: Problem,
}

impl PlacedProblem {
    pub(super) fn new(at: Range<usize>, problem: Problem) -> Self {
        Self { at, problem }
    }

    pub(super) fn within(self, word: &str) -> NodeSetError {
        NodeSetError { word: word.to_owned(), at: self.at, problem: self.problem }
    }
}

/// What can be wrong with a node set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    /// The argument is the empty text, as an unset shell variable in quotes gives it.
    #[error("the word is empty; name a node such as p1, or all")]
    EmptyWord,
    /// Two commas with nothing between, or a comma at an end.
    #[error("a node is missing next to the comma")]
    EmptyItem,
    /// A character that no node set has.
    #[error("{0:?} is not allowed here; separate nodes with commas or spaces")]
    Character(char),
    /// `p[1-4`.
    #[error("the bracket is never closed")]
    Unclosed,
    /// `p1]`.
    #[error("no bracket is open here")]
    StrayClose,
    /// `p[1-[2]]`.
    #[error("brackets cannot be nested")]
    Nested,
    /// `p[1-2]x`.
    #[error("only a comma may follow the bracket")]
    AfterBracket,
    /// `[1-3]`.
    #[error("a name must precede the bracket, as in p[1-3]")]
    NoName,
    /// `p[]`, `p[1,,2]`.
    #[error("a number is missing in the bracket")]
    EmptyBracket,
    /// `p`, `p1..`.
    #[error("a number must follow the p, as in p1")]
    MissingNumber,
    /// `p[1-]`, `p1..x`.
    #[error("\"{0}\" is not a number; write a range as p1..p4 or p[1-4]")]
    NotANumber(String),
    /// `3`.
    #[error("a node's name starts with a letter; did you mean \"{0}\"?")]
    BareNumber(String),
    /// `-x`, `_x`.
    #[error("a node's name starts with a letter")]
    LeadingLetter,
    /// `P1`.
    #[error("the p must be lower case; did you mean \"{0}\"?")]
    CapitalP(String),
    /// `p01`.
    #[error("node numbers have no leading zero; did you mean \"{0}\"?")]
    LeadingZero(String),
    /// `p0`.
    #[error("there is no node 0; nodes are counted from 1")]
    Zero,
    /// More than nine digits.
    #[error("the node number is too large")]
    LargeNumber,
    /// `p4..p1`.
    #[error("the range runs backwards; did you mean \"{0}\"?")]
    Backwards(String),
    /// `p1..node4`.
    #[error("both ends of a range must have the same name, as in p1..p4")]
    TwoNames,
    /// `node[1-03]`.
    #[error("both ends of a zero-padded range must have the same length, as in 01-12")]
    Padding,
    /// `p[1-9/0]`.
    #[error("a step is 1 or more, as in p[1-9/2]")]
    ZeroStep,
    /// `p[3/2]`.
    #[error("a step needs a range, as in p[1-9/2]")]
    StepWithoutRange,
    /// A range of more than [`MOST`] nodes.
    #[error("the range has {0} nodes; at most {MOST} are allowed")]
    TooMany(u32),
    /// A node that this controller lacks.
    #[error("no node {node}: this controller has {present}")]
    Beyond {
        /// The node asked for.
        node: String,
        /// The nodes there are, such as `p1..p4`.
        present: String,
    },
    /// A name that no node has.
    #[error("no node is named \"{name}\"; {hint}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The nearest name, or the nodes there are.
        hint: String,
    },
}

/// The text with everything escaped that would break the line or hide.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() {
            shown.push(c);
        } else {
            shown.extend(c.escape_default());
        }
    }
    shown
}
