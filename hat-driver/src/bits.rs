//! What the typed sets of bits have in common.

/// Set operations on a tuple struct around an unsigned integer.
macro_rules! bit_set {
    ($name:ident, $bits:ident) => {
        impl $name {
            /// The empty set.
            pub const NONE: Self = Self(0);
            /// All members.
            pub const ALL: Self = Self($bits::MAX);

            /// The set with exactly these bits.
            #[must_use]
            pub const fn from_bits(bits: $bits) -> Self {
                Self(bits)
            }

            /// The bits, bit n for member n.
            #[must_use]
            pub const fn bits(self) -> $bits {
                self.0
            }

            /// Whether every member of `other` is in this set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether the set has no member.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// The members of either set.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// The members that both sets have.
            #[must_use]
            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// The members of this set that `other` lacks.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// The members in which the two sets differ.
            #[must_use]
            pub const fn difference(self, other: Self) -> Self {
                Self(self.0 ^ other.0)
            }
        }
    };
}

pub(crate) use bit_set;
