//! Filters that lines behind them rely on.

use std::collections::BTreeSet;

use super::{Filters, Line, lines};

/// Of the lines that `goes` names by their numbers, from 0, those filters that have to stay: without them another line
/// that stays would be for other boards.
pub(crate) fn heads_that_stay(config: &[u8], goes: impl Fn(usize) -> bool) -> BTreeSet<usize> {
    let lines: Vec<_> =
        lines(config).enumerate().map(|(number, line)| Line::of(number, line)).collect();
    let (mut now, mut then) = (Filters::default(), Filters::default());
    let mut stay = BTreeSet::new();
    // Whether one that stays would reach farther than it does now.
    let mut is_open = false;
    for line in &lines {
        let Some(head) = line.head() else { continue };
        now.enter(head);
        let is_relied_on = now != then && is_relied_on(&lines[line.number + 1..], &goes);
        if goes(line.number) && !is_relied_on && !is_open {
            continue;
        }
        then.enter(head);
        is_open = goes(line.number) && !now.is_all();
        if goes(line.number) {
            stay.insert(line.number);
        }
    }
    stay
}

/// Whether of the lines up to the next filter one stays that sets anything.
fn is_relied_on(lines: &[Line<'_>], goes: impl Fn(usize) -> bool) -> bool {
    for line in lines {
        let is_head = line.head().is_some();
        if !goes(line.number) && (line.include().is_some() || !is_head && is_setting(&line.text)) {
            return true;
        }
        if is_head {
            return false;
        }
    }
    false
}

fn is_setting(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && !text.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines that go end in `-`, and filters that stay all the same in `+`.
    #[track_caller]
    fn check(marked: &[&str]) {
        let text = |line: &&str| line.trim_end_matches(['-', '+']).to_owned() + "\n";
        let config: String = marked.iter().map(text).collect();
        let goes = |number: usize| marked[number].ends_with(['-', '+']);
        let stay = marked.iter().enumerate().filter(|(_, line)| line.ends_with('+'));
        let stay: Vec<_> = stay.map(|(number, _)| number).collect();
        assert!(heads_that_stay(config.as_bytes(), goes).iter().eq(&stay), "{marked:?}");
    }

    #[test]
    fn a_filter_stays_where_a_line_behind_it_would_be_for_other_boards() {
        check(&["a=1", "[pi4]", "b=1", "[all]+", "x=1-", "c=1"]);
        check(&["a=1", "[pi4]", "b=1", "[all]+", "x=1-", "", "# c", "include c.txt"]);
        check(&["[pi3]", "[all]-", "[pi4]-", "x=1-", "[all]+", "c=1"]);
        check(&["[pi3]", "[all]+", "x=1-", "c=1", "[pi4]-", "x=1-", "[all]-", "d=1"]);
        // Theirs in a section of ours.
        check(&["a=1", "[pi4]+", "x=1-", "c=1", "[all]+"]);
        check(&["a=1", "[pi4]+", "x=1-", "c=1", "[all]+", "d=1"]);
    }

    #[test]
    fn a_filter_that_nobody_relies_on_goes() {
        check(&["a=1", "[all]-", "x=1-", "c=1"]);
        check(&["[pi4]", "b=1", "[all]-", "x=1-"]);
        check(&["[pi4]", "b=1", "[all]-", "x=1-", "", "# c"]);
        check(&["[pi4]", "b=1", "[all]-", "x=1-", "[pi3]", "c=1"]);
        check(&["a=1", "[pi4]-", "x=1-", "[all]-", "c=1"]);
        check(&["[pi4]", "[all]", "[pi4]-", "x=1-", "[all]-", "c=1"]);
    }
}
