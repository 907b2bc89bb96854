//! The synopsis of a manual page: every option with its value, in the notation of man-pages(7). That of the generator
//! leaves the values out.

use clap::{Arg, ArgAction, Command};

/// The heading of the options that every command takes: they come last.
const GLOBAL: &str = "Global options";

/// The line of a page's SYNOPSIS, in roff.
pub(crate) fn synopsis(command: &Command) -> String {
    let mut parts = vec![bold(command.get_bin_name().unwrap_or(command.get_name()))];
    let shown = || command.get_arguments().filter(|argument| !argument.is_hide_set());
    let options = || shown().filter(|argument| !argument.is_positional());
    let (global, own): (Vec<_>, Vec<_>) =
        options().partition(|option| option.get_help_heading() == Some(GLOBAL));
    parts.extend(own.into_iter().chain(global).map(optional_unless_required));
    parts.extend(shown().filter(|argument| argument.is_positional()).map(optional_unless_required));
    if command.has_subcommands() {
        let name = italic("COMMAND");
        let is_required = command.is_subcommand_required_set();
        parts.push(if is_required { name } else { format!("[{name}]") });
    }
    parts.join(" ")
}

fn optional_unless_required(argument: &Arg) -> String {
    let text = words(argument);
    let text = if argument.is_required_set() { text } else { format!("[{text}]") };
    let repeats = matches!(argument.get_action(), ArgAction::Append | ArgAction::Count);
    if repeats { format!("{text}...") } else { text }
}

/// `-h|--help`, `--for STATE`, `--wait[=STATE]` or `NODES`.
fn words(argument: &Arg) -> String {
    let value = || argument.get_value_names().unwrap_or_default().join(" ");
    if argument.is_positional() {
        return italic(&value());
    }
    let short = argument.get_short().map(|short| bold(&format!("-{short}")));
    let long = argument.get_long().map(|long| bold(&format!("--{long}")));
    let name = short.into_iter().chain(long).collect::<Vec<_>>().join("|");
    let values = argument.get_num_args().unwrap_or_default();
    match (values.takes_values(), values.min_values()) {
        (false, _) => name,
        (true, 0) => format!("{name}[={}]", italic(&value())),
        (true, _) => format!("{name} {}", italic(&value())),
    }
}

fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", escaped(text))
}

fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", escaped(text))
}

/// A hyphen that is typed is not one that breaks words.
fn escaped(text: &str) -> String {
    text.replace('-', "\\-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_their_values_and_required_ones_no_brackets() {
        let option = |name: &'static str| Arg::new(name).long(name);
        let command = Command::new("wait")
            .disable_help_flag(true)
            .arg(option("json").action(ArgAction::SetTrue).help_heading(GLOBAL))
            .arg(option("for").value_name("STATE"))
            .arg(option("wait").value_name("STATE").num_args(0..=1).require_equals(true))
            .arg(option("mtbf").short('m').value_name("TIME").required(true))
            .arg(Arg::new("nodes").value_name("NODES").num_args(0..).action(ArgAction::Append));
        let mut command = command;
        command.build();
        assert_eq!(
            synopsis(&command),
            r"\fBwait\fR [\fB\-\-for\fR \fISTATE\fR] [\fB\-\-wait\fR[=\fISTATE\fR]] \fB\-m\fR|\fB\-\-mtbf\fR \fITIME\fR [\fB\-\-json\fR] [\fINODES\fR]..."
        );
    }
}
