//! Usage errors of the parser of command lines (clap), worded as the programs word all other errors.

use super::shorten;

/// How the parser begins an error.
const PREFIX: &str = "error:";

/// The parser's words, and those that mean the same here.
const WORDS: [(&str, &str); 5] = [
    ("unrecognized subcommand", "unknown command"),
    ("a similar subcommand exists: ", "did you mean "),
    ("some similar subcommands exist: ", "did you mean one of "),
    ("a similar argument exists: ", "did you mean "),
    ("a similar value exists: ", "did you mean "),
];

/// The parser's message for people, of whole lines: it begins with the program's name, as all errors do, and suggests in the
/// form `did you mean 'status'?`. Escape sequences for colours stay; overlong words are cut.
///
/// ```
/// let parsed = "error: unrecognized subcommand 'statu'\n\n  tip: a similar subcommand exists: 'status'\n";
/// assert_eq!(
///     node_link::text::usage_error("clusterhat", parsed),
///     "clusterhat: unknown command 'statu'\n\n  tip: did you mean 'status'?\n"
/// );
/// ```
#[must_use]
pub fn usage_error(program: &str, parsed: &str) -> String {
    let named = parsed.replacen(PREFIX, &format!("{program}:"), 1);
    let text: String = named.split_inclusive('\n').map(reworded).collect();
    shorten(&text).into_owned()
}

/// The message without its beginning, suggestion and usage, on one line: for JSON documents.
///
/// ```
/// let parsed = "error: unrecognized subcommand 'statu'\n\nUsage: clusterhat [OPTIONS] <COMMAND>\n";
/// assert_eq!(node_link::text::usage_message(parsed), "unknown command 'statu'");
/// ```
#[must_use]
pub fn usage_message(parsed: &str) -> String {
    let message = parsed.split("\n\n").next().unwrap_or_default();
    let words = message.trim_start_matches(PREFIX).split_whitespace();
    reworded(&words.collect::<Vec<_>>().join(" "))
}

/// A line in the words of this project.
fn reworded(line: &str) -> String {
    let Some((theirs, ours)) = WORDS.into_iter().find(|(theirs, _)| line.contains(theirs)) else {
        return line.to_owned();
    };
    let text = line.replacen(theirs, ours, 1);
    match text.strip_suffix('\n') {
        Some(text) if ours.starts_with("did you mean") => format!("{text}?\n"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stay_and_only_the_first_beginning_is_replaced() {
        let parsed = "\x1b[1m\x1b[31merror:\x1b[0m invalid value 'error:' for '--for'\n";
        let expected = "\x1b[1m\x1b[31mclusterhatd:\x1b[0m invalid value 'error:' for '--for'\n";
        assert_eq!(usage_error("clusterhatd", parsed), expected);
    }

    #[test]
    fn several_suggestions_are_a_question_too() {
        let parsed = "error: unrecognized subcommand 'stauts'\n\n  tip: some similar subcommands exist: 'setup', 'status'\n";
        let text = usage_error("clusterhat", parsed);
        assert!(text.ends_with("\n  tip: did you mean one of 'setup', 'status'?\n"), "{text}");
    }

    #[test]
    fn a_message_of_several_lines_is_one_line_of_json() {
        let parsed = "error: the following required arguments were not provided:\n  <NODE>...\n\nUsage: ...\n";
        let expected = "the following required arguments were not provided: <NODE>...";
        assert_eq!(usage_message(parsed), expected);
    }
}
