//! Nodes of one board by their position: the set on which power plans work, for every kind of board.

use core::fmt;

use crate::bits::bit_set;

/// Positions 0 to 31 for P1 to P32 of a board; the largest, a ClusterCTRL DA, has 32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Positions(u32);

bit_set!(Positions, u32);

impl Positions {
    /// One position; the empty set for one beyond 31.
    #[must_use]
    pub const fn one(position: u8) -> Self {
        if position < 32 { Self(1 << position) } else { Self(0) }
    }

    /// Whether the set has this position.
    #[must_use]
    pub const fn has(self, position: u8) -> bool {
        position < 32 && self.0 & (1 << position) != 0
    }

    /// The members in ascending order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = u8> {
        (0..32).filter(move |&position| self.has(position))
    }
}

impl FromIterator<u8> for Positions {
    fn from_iter<I: IntoIterator<Item = u8>>(positions: I) -> Self {
        positions.into_iter().fold(Self::NONE, |all, position| all.union(Self::one(position)))
    }
}

/// The nodes' names on their board: P1 P2.
impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (index, position) in self.iter().enumerate() {
            write!(f, "{}P{}", if index == 0 { "" } else { " " }, position + 1)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_print_the_names_on_the_board() {
        let some: Positions = [0, 2, 31].into_iter().collect();
        assert_eq!(std::format!("{some}"), "P1 P3 P32");
        assert_eq!(std::format!("{}", Positions::NONE), "none");
    }

    #[test]
    fn thirty_two_positions_and_none_beyond() {
        let all: Positions = (0..40).collect();
        assert_eq!(all.bits(), u32::MAX);
        assert_eq!(all.iter().count(), 32);
        assert!(!all.has(32));
        assert_eq!(all.iter().next_back(), Some(31));
    }
}
