//! Node sets, from text to node numbers: `p[1-3]`, `p1..p4`, configured names.
//!
//! [`NodeSet::parse`] reads the words without knowing any hardware and refuses a malformed set whole.
//! [`NodeSet::resolve`] then looks the names up in what this controller has ([`Names`]).
//!
//! | written | meaning |
//! |---|---|
//! | `p1 p3`, `p1,p3` | these nodes |
//! | `p1..p4`, `p1..4`, `p1-p4`, `p1-4` | a range, both ends included |
//! | `p[1-3,5]`, `p[1-9/2]` | ClusterShell's folded form, with a step |
//! | `all` | every node |
//! | `db`, `worker-a`, `node[1-3]` | configured names |
//!
//! A word that is exactly a configured name is that node, even where it could also be read as a range.

mod error;
mod fold;
mod names;
mod numbers;
mod parse;
mod piece;

#[cfg(test)]
mod clustershell;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;

use hat_driver::linux::{Node, Wording};

pub(crate) use error::MOST;
pub use error::NodeSetError;
pub(crate) use fold::fold;
pub use names::Names;
pub(crate) use names::check_name;

use error::{PlacedProblem, Problem};
use numbers::NumRange;
use parse::Reading;

/// What a node is called: `p5`.
#[must_use]
pub fn label(node: Node) -> String {
    format!("p{}", node.number())
}

/// What nodes are called, in ClusterShell's folded form: `p[1-3]`.
#[must_use]
pub fn folded(nodes: &[Node]) -> String {
    let numbers: Vec<_> = nodes.iter().map(|node| node.number() as usize).collect();
    fold(&numbers)
}

/// The set of just these nodes.
///
/// # Errors
/// Where there are more than a set may have.
pub(crate) fn set_of(nodes: &[Node]) -> Result<NodeSet, NodeSetError> {
    NodeSet::parse(&nodes.iter().copied().map(label).collect::<Vec<_>>())
}

/// The words in which errors speak of nodes: `p1 p2`. Advice is the program's.
pub struct Labels;

impl Wording for Labels {
    fn nodes(&self, nodes: &[Node]) -> String {
        let labels: Vec<_> = nodes.iter().copied().map(label).collect();
        labels.join(" ")
    }
}

/// A well-formed node set, not yet matched to hardware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSet {
    words: Vec<String>,
    items: Vec<Item>,
}

/// The part between two commas.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    word: usize,
    span: Range<usize>,
    reading: Reading,
}

impl NodeSet {
    /// Reads the words of a command line. No words give the empty set: what that means is the command's choice.
    ///
    /// # Errors
    /// The first malformed piece, in the order of writing.
    pub fn parse<W: AsRef<str>>(words: &[W]) -> Result<Self, NodeSetError> {
        let mut items = Vec::new();
        for (index, word) in words.iter().enumerate() {
            let word = word.as_ref();
            let parsed = parse::word(word).map_err(|fault| fault.within(word))?;
            items.extend(parsed.into_iter().map(|(span, reading)| Item {
                word: index,
                span,
                reading,
            }));
        }
        Ok(Self { words: words.iter().map(|word| word.as_ref().to_owned()).collect(), items })
    }

    /// Whether no word was given.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether every node is meant, in so many words or by none.
    pub fn is_all(&self) -> bool {
        self.is_empty() || self.items.iter().any(|item| item.reading == Reading::All)
    }

    /// The nodes of this controller that the set means: numbers from 1, ascending, each once.
    ///
    /// # Errors
    /// A name that nothing has, or a node beyond the last.
    pub fn resolve(&self, names: &Names) -> Result<Vec<usize>, NodeSetError> {
        let mut found = BTreeSet::new();
        for item in &self.items {
            let word = &self.words[item.word];
            item.add_to(&mut found, &word[item.span.clone()], names)
                .map_err(|fault| fault.within(word))?;
        }
        Ok(found.into_iter().collect())
    }
}

impl Item {
    fn add_to(
        &self,
        found: &mut BTreeSet<usize>,
        text: &str,
        names: &Names,
    ) -> Result<(), PlacedProblem> {
        if let Some(node) = names.by_alias(text) {
            found.insert(node.map_err(|problem| self.placed(problem))?);
            return Ok(());
        }
        match &self.reading {
            Reading::All => {
                if names.count() == 0 {
                    return Err(self.placed(names.beyond("all".into())));
                }
                found.extend(1..=names.count());
            }
            Reading::Name => return Err(self.placed(names.unknown(text))),
            Reading::NameOrBroken(fault) => return Err(fault.clone()),
            Reading::Numbers { prefix, ranges } => {
                for range in ranges {
                    add_range(found, prefix, range, names)?;
                }
            }
        }
        Ok(())
    }

    fn placed(&self, problem: Problem) -> PlacedProblem {
        PlacedProblem::new(self.span.clone(), problem)
    }
}

fn add_range(
    found: &mut BTreeSet<usize>,
    prefix: &str,
    range: &NumRange,
    names: &Names,
) -> Result<(), PlacedProblem> {
    for number in range.numbers() {
        let node = if prefix == "p" {
            names.by_number(number)
        } else {
            let name = format!("{prefix}{number:0width$}", width = range.width);
            names.by_alias(&name).unwrap_or_else(|| Err(names.unknown(&name)))
        };
        found.insert(node.map_err(|problem| PlacedProblem::new(range.span.clone(), problem))?);
    }
    Ok(())
}
