//! Several boards as one row of nodes: the first board has p1 to p4, the second goes on from p5.

/// Where a node sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Place {
    /// The board, from 0.
    pub board: usize,
    /// The position on the board, 0 for P1.
    pub position: u8,
}

/// The place of a node, counted from 0 over boards of these sizes.
///
/// ```
/// use hat_driver::stack::{locate, Place};
///
/// assert_eq!(locate([4, 2], 5), Some(Place { board: 1, position: 1 }));
/// assert_eq!(locate([4, 2], 6), None);
/// ```
pub fn locate(sizes: impl IntoIterator<Item = u8>, node: usize) -> Option<Place> {
    let mut first = 0;
    for (board, size) in sizes.into_iter().enumerate() {
        if node < first + usize::from(size) {
            return Some(Place { board, position: (node - first) as u8 });
        }
        first += usize::from(size);
    }
    None
}
