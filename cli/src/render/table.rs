//! Columns that line up, and the few colours.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

/// A cell's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Head,
    Good,
    Bad,
}

/// A text with its meaning.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

pub(super) fn cell(text: impl Into<String>, tone: Tone) -> Cell {
    Cell { text: text.into(), tone }
}

pub(super) fn plain(text: impl Into<String>) -> Cell {
    cell(text, Tone::Plain)
}

/// Rows under a head, two blanks between the columns; a column without any text is left out.
pub(super) fn table(head: &[&str], rows: &[Vec<Cell>]) -> String {
    let shown: Vec<usize> = (0..head.len())
        .filter(|&column| rows.iter().any(|row| !row[column].text.is_empty()))
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].text.chars().count());
        cells.chain([head[column].len()]).max().unwrap_or(0)
    };
    let head: Vec<_> = head.iter().map(|text| cell(*text, Tone::Head)).collect();
    let mut text = String::new();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        let mut missing = 0;
        for &column in &shown {
            let cell = &row[column];
            let _ = write!(line, "{:missing$}{}", "", paint(&cell.text, cell.tone));
            missing = width(column) - cell.text.chars().count() + 2;
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A text in its tone's colour; where it goes decides whether the colour stays.
pub(super) fn paint(text: &str, tone: Tone) -> String {
    let style = match tone {
        Tone::Plain => return text.to_owned(),
        Tone::Head => Style::new().bold(),
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
    };
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
}
