//! What becomes of a packet in a chain. A base chain's accept is not the last word: the packet goes on to
//! the next chain of the hook, and one drop among all is enough (nft(8), "VERDICT STATEMENT").

use std::collections::BTreeMap;

use super::flow::Tri;

/// A rule, as far as the packet goes.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) matches: Tri,
    pub(super) verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accept,
    Drop,
    Return,
    Continue,
    Jump(String),
    Goto(String),
    Unknown,
}

/// All chains of a table.
pub(super) type Chains = BTreeMap<String, Vec<Rule>>;

/// All that may become of it; several where not all is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Ends {
    pub(in super::super) accepted: bool,
    pub(in super::super) dropped: bool,
    /// Through to the end of the chain, or back from it.
    through: bool,
}

impl Ends {
    const ACCEPTED: Self = Self { accepted: true, dropped: false, through: false };
    const DROPPED: Self = Self { accepted: false, dropped: true, through: false };
    const THROUGH: Self = Self { accepted: false, dropped: false, through: true };
    const ANY: Self = Self { accepted: true, dropped: true, through: true };

    const fn or(self, other: Self) -> Self {
        Self {
            accepted: self.accepted || other.accepted,
            dropped: self.dropped || other.dropped,
            through: self.through || other.through,
        }
    }
}

/// The kernel allows 16 (NFT_JUMP_STACK_SIZE).
const DEEPEST: u32 = 16;

/// A base chain with its policy.
pub(super) fn base(chains: &Chains, chain: &str, accepts: bool) -> Ends {
    let ends = walk(chains, chain, 0);
    let policy = if accepts { Ends::ACCEPTED } else { Ends::DROPPED };
    let over = Ends { through: false, ..ends };
    if ends.through { over.or(policy) } else { over }
}

fn walk(chains: &Chains, chain: &str, depth: u32) -> Ends {
    let Some(rules) = chains.get(chain).filter(|_| depth < DEEPEST) else { return Ends::ANY };
    let mut over = Ends::default();
    for rule in rules.iter().filter(|rule| rule.matches != Tri::No) {
        // What goes on to the next rule, and what is over.
        let (goes_on, ends) = match &rule.verdict {
            Verdict::Continue => (true, Ends::default()),
            Verdict::Accept => (false, Ends::ACCEPTED),
            Verdict::Drop => (false, Ends::DROPPED),
            Verdict::Return => (false, Ends::THROUGH),
            Verdict::Goto(target) => (false, walk(chains, target, depth + 1)),
            Verdict::Jump(target) => {
                let ends = walk(chains, target, depth + 1);
                (ends.through, Ends { through: false, ..ends })
            }
            Verdict::Unknown => (true, Ends::ANY),
        };
        over = over.or(ends);
        if !goes_on && rule.matches == Tri::Yes {
            return over;
        }
    }
    over.or(Ends::THROUGH)
}
