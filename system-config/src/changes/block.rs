//! A few lines of ours in a file that others write too.

use std::collections::{BTreeMap, BTreeSet};

use super::pieces::{Piece, counts, join_lines, lines};

/// The file with the lines: in the place of those of the same name, or at its end.
pub(super) fn put(old: &[u8], name: &str, lines: &str) -> Vec<u8> {
    let block = format!("{}\n{lines}{}\n", begin(name), end(name)).into_bytes();
    let (mut before, after) = match find(old, name) {
        Some((start, stop)) => (old[..start].to_owned(), &old[stop..]),
        None => (old.to_owned(), &[][..]),
    };
    if !before.is_empty() && !before.ends_with(b"\n") {
        before.push(b'\n');
    }
    [before, block, after.to_owned()].concat()
}

/// The file without the lines.
pub(super) fn cut(old: &[u8], name: &str) -> Vec<u8> {
    match find(old, name) {
        Some((start, stop)) => [&old[..start], &old[stop..]].concat(),
        None => old.to_owned(),
    }
}

/// The numbers, from 0, of lines that are those of the block `ours` and not between its marks: somebody deleted a mark,
/// or moved the lines. What was there `before` is not ours.
pub(super) fn strays(text: &[u8], name: &str, ours: &[u8], before: &[u8]) -> BTreeSet<usize> {
    let (start, stop) = find(text, name).unwrap_or_default();
    let first = lines(&text[..start]).len();
    let behind = first + lines(&text[start..stop]).len();
    let found = lines(text);
    let is_outside = |number: &usize| *number < first || *number >= behind;
    let outside: Vec<_> = (0..found.len()).filter(is_outside).collect();
    let within = counts(&found[first..behind]);
    let before = counts(&lines(before));
    let here = counts(&outside.iter().map(|number| found[*number]).collect::<Vec<_>>());
    let mut strays = BTreeSet::new();
    for (key, count) in counts(&lines(ours)) {
        let of = |texts: &BTreeMap<&[u8], usize>| texts.get(key).copied().unwrap_or_default();
        let missing = count.saturating_sub(of(&within));
        let more = of(&here).saturating_sub(of(&before));
        let numbers = outside.iter().rev().filter(|number| found[**number].key == key);
        strays.extend(numbers.take(missing.min(more)));
    }
    // The head of a table alone is likely to be anybody's.
    let says_something =
        |piece: &Piece<'_>| !piece.key.trim_ascii().is_empty() && !piece.key.starts_with(b"[");
    if !strays.iter().any(|number| says_something(&found[*number])) {
        strays.clear();
    }
    strays
}

/// The file without these lines.
pub(super) fn without(text: &[u8], numbers: &BTreeSet<usize>) -> Vec<u8> {
    let lines = lines(text);
    let rest = lines.iter().enumerate().filter(|(number, _)| !numbers.contains(number));
    join_lines(rest.map(|(_, line)| line.text))
}

/// The lines with their marks.
pub(super) fn within<'a>(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
    find(text, name).map(|(start, stop)| &text[start..stop])
}

/// The number of its first line, counted from 1.
pub(super) fn line(text: &[u8], name: &str) -> Option<usize> {
    let (start, _) = find(text, name)?;
    Some(text[..start].iter().filter(|byte| **byte == b'\n').count() + 1)
}

fn begin(name: &str) -> String {
    format!("# {name}: begin (written by clusterhat)")
}

fn end(name: &str) -> String {
    format!("# {name}: end")
}

/// From the first byte of the first line to behind the last one.
fn find(text: &[u8], name: &str) -> Option<(usize, usize)> {
    let (begin, end) = (begin(name), end(name));
    let mut start = None;
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let after = at + line.len();
        let line = line.trim_ascii();
        if line == begin.as_bytes() {
            start = Some(at);
        } else if line == end.as_bytes() {
            if let Some(start) = start {
                return Some((start, after));
            }
        }
        at = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_and_go() {
        for old in ["", "a\n", "a\nb\n"] {
            let with = put(old.as_bytes(), "x", "1\n2\n");
            assert!(String::from_utf8_lossy(&with).contains("\n1\n2\n# x: end\n"));
            assert_eq!(put(&with, "x", "1\n2\n"), with, "the same again");
            assert_eq!(cut(&with, "x"), old.as_bytes());
        }
    }

    #[test]
    fn its_first_line_is_counted_from_1() {
        assert_eq!(line(&put(b"a\nbb\n", "x", "1\n"), "x"), Some(3));
        assert_eq!(line(&put(b"", "x", "1\n"), "x"), Some(1));
        assert_eq!(line(b"a\n", "x"), None);
    }

    #[test]
    fn they_stay_where_they_are_and_others_are_left_alone() {
        let mut text = put(b"a\n", "x", "1\n");
        text.extend_from_slice(b"b\n");
        let text = put(&text, "y", "9\n");
        let other = put(&text, "x", "2\n3\n");
        let other = String::from_utf8_lossy(&other);
        assert!(other.starts_with("a\n# x: begin"), "{other}");
        assert!(other.contains("\n2\n3\n# x: end\nb\n# y: begin"), "{other}");
        assert_eq!(cut(&cut(&text, "y"), "x"), b"a\nb\n");
    }

    #[test]
    fn an_unfinished_last_line_is_finished() {
        assert!(put(b"a", "x", "1\n").starts_with(b"a\n# x: begin"));
    }

    #[test]
    fn half_a_block_is_no_block() {
        let text = format!("{}\n1\n", begin("x"));
        assert_eq!(cut(text.as_bytes(), "x"), text.as_bytes());
    }

    #[test]
    fn lines_without_their_marks_are_found() {
        let block = put(b"", "x", "[t]\n1\n2\n");
        let before = b"2\na\n";
        let whole = String::from_utf8(put(before, "x", "[t]\n1\n2\n")).unwrap();
        let found = |text: &str| {
            let strays = strays(text.as_bytes(), "x", &block, before);
            let rest = String::from_utf8(without(&cut(text.as_bytes(), "x"), &strays)).unwrap();
            (Vec::from_iter(strays), rest)
        };
        assert_eq!(found(&whole), (vec![], "2\na\n".to_owned()));
        let (begin, end) = (begin("x") + "\n", end("x") + "\n");
        for (gone, strays) in [(&*begin, &[2, 3, 4, 5][..]), (&end, &[2, 3, 4, 5])] {
            assert_eq!(found(&whole.replace(gone, "")), (strays.to_owned(), "2\na\n".to_owned()));
        }
        let bare = whole.replace(&begin, "").replace(&end, "");
        assert_eq!(found(&(bare + "b\n")), (vec![2, 3, 4], "2\na\nb\n".to_owned()));
        // Moved out of the block, and back where it was.
        let out = format!("1\n{}", whole.replace("1\n", ""));
        assert_eq!(strays(out.as_bytes(), "x", &block, before), [0].into());
        // Deleted by hand; what is left may be anybody's.
        for text in ["2\na\n", "2\na\n[t]\n", "2\na\n[t]\nmine\n"] {
            assert_eq!(found(text), (vec![], text.to_owned()));
        }
    }

    #[test]
    fn the_lines_are_found_with_their_marks_and_their_place() {
        let mut text = put(b"a\nb\n", "x", "1\n");
        text.extend_from_slice(b"c\n");
        let block = format!("{}\n1\n{}\n", begin("x"), end("x"));
        assert_eq!(within(&text, "x"), Some(block.as_bytes()));
        assert_eq!(line(&text, "x"), Some(3));
        assert_eq!((within(&text, "y"), line(&text, "y")), (None, None));
    }
}
