//! The names of this controller's nodes, and which configured names are allowed.

use std::collections::BTreeMap;

use node_link::text::nearest;

use super::{Problem, fold};

/// At most this many `pN` names are tried for a suggestion.
const SUGGESTED: usize = 64;

/// The longest configured name: that of a DNS label, for names end up as host names.
const LONGEST_NAME: usize = 63;

/// Names of every machine itself: in Debian's `/etc/hosts`, and what resolvers have without a file. A node of such a name
/// would take it from this machine's own services.
const OF_EVERY_MACHINE: [&str; 9] = [
    "localhost",
    "localhost4",
    "localhost6",
    "localdomain",
    "broadcasthost",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-allnodes",
    "ip6-allrouters",
];

/// What this controller's nodes are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    count: usize,
    first: u32,
    aliases: BTreeMap<String, usize>,
}

impl Names {
    /// `count` nodes, the first of them called `p<first>`; `aliases` maps a node, counted from 1, to its name.
    pub fn new(count: usize, first: u32, aliases: &BTreeMap<usize, String>) -> Self {
        let aliases = aliases.iter().map(|(node, name)| (name.clone(), *node)).collect();
        Self { count, first, aliases }
    }

    /// How many nodes there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The `pN` name of a node, counted from 1.
    pub fn label(&self, node: usize) -> String {
        format!("p{}", self.number(node))
    }

    /// Nodes, counted from 1, in the folded form of their `pN` names.
    pub fn fold(&self, nodes: &[usize]) -> String {
        let numbers: Vec<usize> = nodes.iter().map(|node| self.number(*node)).collect();
        fold(&numbers)
    }

    fn number(&self, node: usize) -> usize {
        let before_first = usize::try_from(self.first).unwrap_or(usize::MAX).saturating_sub(1);
        node.saturating_add(before_first)
    }

    pub(super) fn by_number(&self, number: u32) -> Result<usize, Problem> {
        number
            .checked_sub(self.first)
            .and_then(|index| usize::try_from(index).ok())
            .filter(|index| *index < self.count)
            .map(|index| index + 1)
            .ok_or_else(|| self.beyond(format!("p{number}")))
    }

    pub(super) fn by_alias(&self, name: &str) -> Option<Result<usize, Problem>> {
        let node = *self.aliases.get(name)?;
        Some(if (1..=self.count).contains(&node) {
            Ok(node)
        } else {
            Err(self.beyond(format!("{name} ({})", self.label(node))))
        })
    }

    pub(super) fn beyond(&self, node: String) -> Problem {
        Problem::Beyond { node, present: self.present() }
    }

    pub(super) fn unknown(&self, name: &str) -> Problem {
        let labels = (1..=self.count.min(SUGGESTED)).map(|node| self.label(node));
        let known = self.aliases.keys().cloned().chain(labels).chain(["all".into()]);
        Problem::Unknown {
            name: name.to_owned(),
            hint: match nearest(name, known) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("this controller has {}", self.present()),
            },
        }
    }

    fn present(&self) -> String {
        match self.count {
            0 => "no nodes".to_owned(),
            1 => format!("only {}", self.label(1)),
            last => format!("{}..{}", self.label(1), self.label(last)),
        }
    }
}

/// Whether a node may be called so in the configuration.
///
/// # Errors
/// What is allowed, worded to follow "expected".
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !letters || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err("a letter, then letters, digits, \"-\" and \"_\"");
    }
    if name.len() > LONGEST_NAME {
        return Err("at most 63 letters");
    }
    if name.eq_ignore_ascii_case("all") {
        return Err("any name except all, which means every node");
    }
    if OF_EVERY_MACHINE.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return Err("any name except those that every machine has for itself, such as localhost");
    }
    if reads_as_number(name) {
        return Err("any name that is not a p and a number, which means a node by its place");
    }
    Ok(())
}

/// `p`, `p3`, `P3`, `p1-4`, `p1-p4`.
fn reads_as_number(name: &str) -> bool {
    let number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let lower = name.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix('p') else {
        return false;
    };
    match rest.split_once('-') {
        None => number(rest),
        Some((low, high)) => {
            let high = high.strip_prefix('p').unwrap_or(high);
            !low.is_empty() && number(low) && !high.is_empty() && number(high)
        }
    }
}
