//! A few lines of ours in a file that others write too.

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
    fn the_lines_are_found_with_their_marks_and_their_place() {
        let mut text = put(b"a\nb\n", "x", "1\n");
        text.extend_from_slice(b"c\n");
        let block = format!("{}\n1\n{}\n", begin("x"), end("x"));
        assert_eq!(within(&text, "x"), Some(block.as_bytes()));
        assert_eq!(line(&text, "x"), Some(3));
        assert_eq!((within(&text, "y"), line(&text, "y")), (None, None));
    }
}
