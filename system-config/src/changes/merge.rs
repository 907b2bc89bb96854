//! Taking our edit of a text back out of what others have made of it since.
//!
//! Of three texts, the one that we wrote, the one that was there before and the one that is there now,
//! the first is what the other two have in common: what others did since and what going back does are
//! both differences from it. Lines that only one of the two touches need no asking.

use std::collections::BTreeSet;

use super::hunks::{Hunk, hunks};
use super::moved::{self, Moved};
use super::pieces::{MergedPiece, Piece, join_lines, join_words, lines, words};

/// What came of it.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) parts: Vec<MergedPiece>,
    /// The lines of the present text, counted from 1, in which others changed ours, or that are ours in another place.
    pub(super) lost: Vec<usize>,
    /// What of ours stays all the same: others rely on it.
    pub(super) relied_on: Vec<String>,
}

impl Merged {
    pub(super) fn text(&self) -> Vec<u8> {
        join_lines(self.parts.iter().map(|part| &*part.text))
    }

    /// The lines of the present text that are in the result, by their numbers from 0.
    pub(super) fn rest(&self) -> BTreeSet<usize> {
        self.parts.iter().filter_map(|part| part.now).collect()
    }

    /// Has a line of the present text stay where it is.
    pub(super) fn keep(&mut self, at: usize, line: &Piece<'_>) {
        let behind = |part: &MergedPiece| part.now.is_some_and(|number| number > at);
        let place = self.parts.iter().position(behind).unwrap_or(self.parts.len());
        let text = line.text.to_owned();
        self.parts.insert(place, MergedPiece { text, now: Some(at), is_added: false });
        self.relied_on.push(String::from_utf8_lossy(line.key).into_owned());
    }
}

/// What becomes of those lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// They go, and the old ones come back.
    GiveUp,
    /// They are others' from now on.
    Keep,
}

/// The present text without our edit.
pub(super) fn take_back(ours: &[u8], before: &[u8], now: &[u8], edit: Edit) -> Merged {
    let [ours, before, now] = [ours, before, now].map(lines);
    let (mut lost, mut deleted) = (Vec::new(), Vec::new());
    let mut parts = merge(&ours, &before, &now, &mut |conflict| {
        in_words(conflict).map(|line| vec![line]).unwrap_or_else(|| {
            let (line, rest) = given_up(conflict);
            let lines = if conflict.now.is_empty() { &mut deleted } else { &mut lost };
            lines.push((line, conflict.ours.key));
            match edit {
                Edit::GiveUp => rest,
                Edit::Keep => of_now(conflict.at, conflict.now, false),
            }
        })
    });
    let Moved { whole, rest } = moved::find(&ours, &before, &now, &parts);
    let goes = |at: &usize| whole.contains(at) || edit == Edit::GiveUp && rest.contains(at);
    parts.retain(|part| !part.now.is_some_and(|at| goes(&at)));
    // Where one of ours was is nothing to tell if it is told where that is now.
    deleted.retain(|(_, key)| !rest.iter().any(|at| now[*at].key == *key));
    let lost = lost.iter().chain(&deleted).map(|(line, _)| *line);
    let mut lost: Vec<_> = lost.chain(rest.iter().map(|at| at + 1)).collect();
    lost.sort_unstable();
    lost.dedup();
    Merged { parts, lost, relied_on: Vec::new() }
}

/// A line against a line may differ in other words than ours, as that of `cmdline.txt` does.
fn in_words(conflict: &Conflict<'_, '_>) -> Option<MergedPiece> {
    let (ours, [before], [now]) = (conflict.ours, conflict.before, conflict.now) else {
        return None;
    };
    let [ours, before, here] = [ours, *before, *now].map(|line| words(line.key));
    let mut is_clear = true;
    let mut merged = merge(&ours, &before, &here, &mut |_| {
        is_clear = false;
        Vec::new()
    });
    let Moved { whole, rest } = moved::find(&ours, &before, &here, &merged);
    merged.retain(|word| !word.now.is_some_and(|at| whole.contains(&at)));
    let end = &now.text[now.key.len()..];
    let text = [join_words(merged.iter().map(|word| &*word.text)), end.to_owned()].concat();
    let line = MergedPiece { text, now: Some(conflict.at), is_added: false };
    (is_clear && rest.is_empty()).then_some(line)
}

/// The number of the line that others made of ours, and what is there without it: of several in its place
/// it is the one that is most like ours, and the others stay.
fn given_up(conflict: &Conflict<'_, '_>) -> (usize, Vec<MergedPiece>) {
    let likeness = |line: &Piece<'_>| {
        let pairs = || conflict.ours.key.iter().zip(line.key);
        let ends = || conflict.ours.key.iter().rev().zip(line.key.iter().rev());
        pairs().take_while(|(a, b)| a == b).count() + ends().take_while(|(a, b)| a == b).count()
    };
    let mut edit = 0;
    for (number, line) in conflict.now.iter().enumerate() {
        if likeness(line) > likeness(&conflict.now[edit]) {
            edit = number;
        }
    }
    let (head, tail) = conflict.now.split_at(edit.min(conflict.now.len()));
    let tail = of_now(conflict.at + edit + 1, tail.get(1..).unwrap_or_default(), true);
    let kept = [of_now(conflict.at, head, true), restored(conflict.before), tail].concat();
    (conflict.at + edit + 1, kept)
}

fn of_now(at: usize, parts: &[Piece<'_>], is_added: bool) -> Vec<MergedPiece> {
    let part = |(number, part): (usize, &Piece<'_>)| MergedPiece {
        text: part.text.to_owned(),
        now: Some(at + number),
        is_added,
    };
    parts.iter().enumerate().map(part).collect()
}

fn restored(parts: &[Piece<'_>]) -> Vec<MergedPiece> {
    let part =
        |part: &Piece<'_>| MergedPiece { text: part.text.to_owned(), now: None, is_added: false };
    parts.iter().map(part).collect()
}

/// A part that both sides changed, each in its own way.
struct Conflict<'a, 't> {
    ours: Piece<'t>,
    before: &'a [Piece<'t>],
    now: &'a [Piece<'t>],
    /// How many parts of the present text are before these.
    at: usize,
}

/// The present parts with the way back applied; `settle` says what becomes of one that both changed.
fn merge<'t>(
    ours: &[Piece<'t>],
    before: &[Piece<'t>],
    now: &[Piece<'t>],
    settle: &mut dyn FnMut(&Conflict<'_, 't>) -> Vec<MergedPiece>,
) -> Vec<MergedPiece> {
    let (theirs, back) = (hunks(ours, now), hunks(ours, before));
    let (mut theirs, mut back) = (theirs.into_iter().peekable(), back.into_iter().peekable());
    let mut merged = Vec::new();
    // Where we are in the common text and in the present one.
    let (mut at, mut here) = (0, 0);
    loop {
        let next = [theirs.peek().map(Hunk::place), back.peek().map(Hunk::place)];
        let Some(place) = next.into_iter().flatten().min() else {
            merged.extend(of_now(here, &now[here..], false));
            return merged;
        };
        // Nobody touched what is before that.
        let start = here + (place.0 - at);
        merged.extend(of_now(here, &now[here..start], false));
        at = place.0 + place.1;
        let new = theirs.next_if(|hunk| hunk.place() == place).map(|hunk| hunk.new);
        let old = back.next_if(|hunk| hunk.place() == place).map(|hunk| &before[hunk.new]);
        here = new.as_ref().map_or(start + place.1, |new| new.end);
        match (new.map(|new| &now[new]), old) {
            (Some(new), Some(old)) if new == old => merged.extend(of_now(start, new, false)),
            // Both added something: what comes back precedes what is new.
            (Some(new), Some(old)) if place.1 == 0 => {
                merged.extend(restored(old));
                merged.extend(of_now(start, new, true));
            }
            (Some(new), Some(old)) => {
                let conflict = Conflict { ours: ours[place.0], before: old, now: new, at: start };
                merged.extend(settle(&conflict));
            }
            (Some(new), None) => merged.extend(of_now(start, new, true)),
            (None, Some(old)) => merged.extend(restored(old)),
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(ours: &str, before: &str, now: &str) -> (String, Vec<usize>) {
        let [ours, before, now] = [ours, before, now].map(str::as_bytes);
        let merged = take_back(ours, before, now, Edit::GiveUp);
        (String::from_utf8(merged.text()).unwrap(), merged.lost)
    }

    #[track_caller]
    fn becomes(ours: &str, before: &str, now: &str, text_then: &str) {
        assert_eq!(text(ours, before, now), (text_then.to_owned(), vec![]));
    }

    #[test]
    fn what_others_added_stays() {
        becomes("a\nours\n", "a\n", "0\na\nours\nb\n", "0\na\nb\n");
        becomes("id = 3\n", "", "id = 3\ncluster = \"x\"\n", "cluster = \"x\"\n");
        becomes("a\nb\n", "a\ng_ether\nb\n", "a\nx\nb\ny\n", "a\ng_ether\nx\nb\ny\n");
        becomes("a\n#b\nc\n", "a\nb\nc\n", "a\n#b\n", "a\nb\n");
    }

    #[test]
    fn ends_of_lines_are_no_difference() {
        becomes("a\nours", "a", "a\nours\nb\n", "a\nb\n");
        becomes("a\r\nours\r\n", "a\r\n", "a\nours\nb", "a\nb");
        becomes("a\nours\nb\n", "a\nwas", "a\nours\nb\nc\n", "a\nwas\nc\n");
    }

    #[test]
    fn what_was_taken_back_by_hand_is_taken_back() {
        becomes("a\nours\nb\n", "a\nb\n", "a\n", "a\n");
        becomes("a\nb\n", "a\nwas\nb\n", "a\nwas\nb\nx\n", "a\nwas\nb\nx\n");
    }

    #[test]
    fn words_of_one_line() {
        becomes(
            "console=tty1 root=/dev/a rootwait init=/first\n",
            "console=tty1 root=/dev/a modules-load=dwc2,g_ether rootwait init=/first\n",
            "console=tty1 root=/dev/b rootwait\n",
            "console=tty1 root=/dev/b modules-load=dwc2,g_ether rootwait\n",
        );
        becomes("b c\n", "a b c\n", "b c d", "a b c d");
        becomes("127.0.1.1\tp3\n", "127.0.1.1\tpi\n", "127.0.1.1\tp3 db\n", "127.0.1.1\tpi db\n");
    }

    #[test]
    fn what_is_edited_of_ours_is_named() {
        assert_eq!(text("a\nours\n", "a\n", "a\n# ours\nb\n"), ("a\nb\n".to_owned(), vec![2]));
        assert_eq!(text("a\non\n", "a\noff\n", "a\n"), ("a\noff\n".to_owned(), vec![2]));
        assert_eq!(text("p3\n", "pi\n", "x\n"), ("pi\n".to_owned(), vec![1]));
    }

    #[test]
    fn what_others_moved_goes_where_it_is_whole_and_is_named_where_it_is_not() {
        becomes("a\nb\nx\ny\n", "a\nb\n", "x\ny\na\nb\n", "a\nb\n");
        // `otg_mode=1` and `[all]` are others', too.
        let others = "[cm4]\notg_mode=1\n[all]\n";
        let ours = "[pi4]\notg_mode=1\n[all]\n";
        let with_ours = format!("{others}{ours}");
        becomes(&with_ours, others, &format!("{ours}{others}"), others);
        becomes("b a c\n", "a c\n", "a c b\n", "a c\n");

        assert_eq!(text("a\nb\nx\ny\n", "a\nb\n", "x\na\nb\ny\n"), ("a\nb\n".to_owned(), vec![1]));
        assert_eq!(text("a\nb\nc\nx\ny\n", "a\nb\nc\n", "x\nz\ny\na\nb\nc\n").1, [1, 3]);
        assert_eq!(
            text("a\non\nb\n", "a\noff\nb\n", "on\na\nb\n"),
            ("a\noff\nb\n".to_owned(), vec![1])
        );
        assert_eq!(text("x y a b c\n", "a b c\n", "x a b y c\n").1, [1]);
    }

    #[test]
    fn what_others_have_twice_or_have_too_is_theirs() {
        becomes("a\nx\n", "a\n", "x\na\nx\n", "x\na\n");
        // Ours went, and two more came: which one is it?
        assert_eq!(text("a\nb\nx\n", "a\nb\n", "x\na\nx\nb\n").1.len(), 1);
        // A filter that is left alone.
        let before = "[a]\nb\n[c]\n";
        let now = format!("[all]\n{before}");
        becomes(&format!("{before}x\n[all]\n"), before, &now, &now);
    }

    fn some_lines() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[a-d]{1,2}\n", 0..8)
    }

    proptest! {
        #[test]
        fn one_side_alone_is_that_side(ours in some_lines(), other in some_lines()) {
            let (ours, other) = (ours.concat(), other.concat());
            prop_assert_eq!(text(&ours, &other, &ours), (other.clone(), vec![]));
            prop_assert_eq!(text(&ours, &ours, &other), (other.clone(), vec![]));
            prop_assert_eq!(text(&ours, &other, &other), (other, vec![]));
        }

        /// Lines of ours that nobody touched go, and lines of others stay, in their order.
        #[test]
        fn others_lines_stay(
            before in some_lines(),
            edits in prop::collection::vec((0_usize..100, prop::bool::ANY), 1..6),
        ) {
            let mut ours = before.clone();
            let mut now = Vec::new();
            for (at, is_ours) in &edits {
                if *is_ours {
                    ours.insert(at % (ours.len() + 1), "OURS\n".to_owned());
                }
            }
            now.extend(ours.iter().cloned());
            for (number, (at, _)) in edits.iter().enumerate().filter(|(_, (_, is_ours))| !is_ours) {
                now.insert(at % (now.len() + 1), format!("THEIRS{number}\n"));
            }
            let (text, lost) = text(&ours.concat(), &before.concat(), &now.concat());
            prop_assert_eq!(lost, Vec::<usize>::new());
            now.retain(|line| line != "OURS\n");
            prop_assert_eq!(text, now.concat());
        }
    }

    #[test]
    fn of_several_lines_in_place_of_ours_the_most_alike_goes() {
        let (ours, before) = (b"a\nkey=1\nb\n", b"a\nb\n");
        for (now, line, text) in [
            ("a\n# mine\nkey=12\nz\nb\n", 3, "a\n# mine\nz\nb\n"),
            ("a\nkey=12\nz\nb\n", 2, "a\nz\nb\n"),
            // Of two that are as like, the first.
            ("0\na\nkey=2\nkey=3\nb\n", 3, "0\na\nkey=3\nb\n"),
        ] {
            let merged = take_back(ours, before, now.as_bytes(), Edit::GiveUp);
            assert_eq!(merged.lost, [line], "{now:?}");
            assert_eq!(String::from_utf8_lossy(&merged.text()), text, "{now:?}");
            let merged = take_back(ours, before, now.as_bytes(), Edit::Keep);
            assert_eq!(String::from_utf8_lossy(&merged.text()), now);
        }
    }
}
