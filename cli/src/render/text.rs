//! Reports for people.

use std::fmt::Write as _;

use hat_driver::board::Setup;
use hat_driver::linux::{Change, Source};
use hat_driver::power::Action;

use super::table::{Cell, Tone, cell, paint, plain, table};
use crate::report::{
    BoardEntry, BoardInit, BoardStatus, BoardsReport, Level, NodeStatus, OutputChange,
    OutputReport, PlanReport, PowerReport, Report, StatusReport,
};

pub(super) fn render(report: &Report) -> String {
    match report {
        Report::Status(report) => status(report),
        Report::Power(report) => power(report),
        Report::Plan(report) => plan(report),
        Report::Outputs(report) => outputs(report),
        Report::Init(report) => report.boards.iter().map(init).collect(),
        Report::Boards(report) => boards(report),
        Report::Maxpi { maxpi } => format!("{maxpi}\n"),
    }
}

fn status(report: &StatusReport) -> String {
    let rows: Vec<_> = report.nodes.iter().map(node_row).collect();
    let mut text = table(&["NODE", "NAME", "BOARD", "COMMANDED", "SEEN"], &rows);
    text.push('\n');
    text.extend(report.boards.iter().map(board_line));
    if report.under_voltage == Some(true) {
        let warning = paint("the Pi reports under-voltage", Tone::Bad);
        let _ = writeln!(text, "{warning}");
    }
    text
}

fn node_row(node: &NodeStatus) -> Vec<Cell> {
    let seen = match (node.commanded, node.seen) {
        (_, None) => cell("?", Tone::Bad),
        (Some(commanded), Some(seen)) if commanded != seen => {
            cell(format!("{}!", on_off(seen)), Tone::Bad)
        }
        (_, Some(true)) => cell("on", Tone::Good),
        (_, Some(false)) => plain("off"),
    };
    let commanded = match (node.commanded, node.seen) {
        (None, None) => "?",
        (None, Some(_)) => "nothing",
        (Some(on), _) => on_off(on),
    };
    let name = node.name.clone().unwrap_or_default();
    vec![plain(&node.node), plain(name), plain(&node.board), plain(commanded), seen]
}

fn board_line(board: &BoardStatus) -> String {
    let head = format!("{}: v{} at {}", board.board, board.revision, board.place);
    let Some(state) = &board.state else {
        return format!("{head}: {}\n", paint("does not answer", Tone::Bad));
    };
    let chip = state.chip.map_or(String::new(), |chip| format!(", {chip}"));
    let outputs: Vec<_> = [
        ("hub", state.hub),
        ("LED", state.led),
        ("ALERT", state.alert),
        ("EEPROM write protection", state.write_protect),
    ]
    .into_iter()
    .filter_map(|(name, level)| level.map(|level| output(name, level)))
    .collect();
    let link = if state.write_protect_link == Some(true) { " (solder link)" } else { "" };
    let outputs = outputs.join(", ");
    match state.setup {
        Setup::Initialised => format!("{head}{chip}; {outputs}{link}\n"),
        Setup::NeverInitialised => format!(
            "{head}{chip}; never initialised since its power came on, so nothing is commanded; \
             `clusterhat init` or switching a node does that\n"
        ),
        _ => {
            format!("{head}{chip}; {}\n", paint("partly configured by another program", Tone::Bad))
        }
    }
}

fn output(name: &str, level: Level) -> String {
    match level.commanded {
        Some(commanded) if commanded != level.seen => {
            let text = format!("{name} {} but seen {}", on_off(commanded), on_off(level.seen));
            paint(&text, Tone::Bad)
        }
        _ => format!("{name} {}", on_off(level.seen)),
    }
}

fn power(report: &PowerReport) -> String {
    let mut text = String::new();
    for board in &report.initialised {
        let _ = writeln!(text, "{board} initialised: it never was since its power came on");
    }
    let rows: Vec<_> = report
        .nodes
        .iter()
        .map(|node| {
            let tone = if node.power == Action::On { Tone::Good } else { Tone::Plain };
            let note = if node.changed { "" } else { "already so" };
            let name = node.name.clone().unwrap_or_default();
            vec![plain(&node.node), plain(name), cell(action(node.power), tone), plain(note)]
        })
        .collect();
    text.push_str(&table(&["NODE", "NAME", "POWER", "NOTE"], &rows));
    text
}

fn plan(report: &PlanReport) -> String {
    let mut text = String::new();
    for board in &report.initialise {
        let _ = writeln!(text, "would initialise {board}");
    }
    for step in &report.steps {
        if step.wait_s > 0.0 {
            let _ = writeln!(text, "would wait {} s", step.wait_s);
        }
        let _ = writeln!(text, "would switch {} {}", action(step.action), step.nodes.join(" "));
    }
    if report.steps.is_empty() {
        text.push_str("no node would change\n");
    }
    text
}

fn outputs(report: &OutputReport) -> String {
    let line = |change: &OutputChange| {
        let result = match change.result {
            Change::Switched => report.state.to_owned(),
            Change::AlreadySo => format!("{}, already so", report.state),
            Change::Unsupported => "not on this board".to_owned(),
        };
        format!("{}: {} {result}\n", change.board, report.output)
    };
    report.boards.iter().map(line).collect()
}

fn init(board: &BoardInit) -> String {
    match &board.kept_on {
        Some(nodes) if nodes.is_empty() => {
            format!("{}: initialised; no node was on\n", board.board)
        }
        Some(nodes) => format!("{}: initialised; still on: {}\n", board.board, nodes.join(" ")),
        None => format!("{}: was initialised before; nothing written\n", board.board),
    }
}

fn boards(report: &BoardsReport) -> String {
    let mut text = String::new();
    if !report.boards.is_empty() {
        let rows: Vec<_> = report.boards.iter().map(board_row).collect();
        text = table(&["BOARD", "REVISION", "CHIP", "PLACE", "NODES", "FOUND BY"], &rows);
    }
    for BoardEntry { info, .. } in &report.boards {
        if !info.revision.unverified.is_empty() {
            let _ = writeln!(text, "{}: unverified: {}", info.name, info.revision.unverified);
        }
    }
    match report.probed.as_deref() {
        None => {}
        Some([]) => text.push_str("no chip answers at 0x20 to 0x23 on any I2C bus\n"),
        Some(found) => {
            for candidate in found {
                let (bus, address) = (candidate.bus, candidate.address);
                let _ = match candidate.chip {
                    Some(chip) => writeln!(
                        text,
                        "i2c-{bus} {address:#04x}: looks like a {chip}; to use it: [[board]] bus = {bus}, \
                         address = {address:#04x}, revision = \"...\" (as printed on the board)"
                    ),
                    None => writeln!(text, "i2c-{bus} {address:#04x}: another kind of chip"),
                };
            }
        }
    }
    text
}

fn board_row(entry: &BoardEntry) -> Vec<Cell> {
    let info = &entry.info;
    let nodes = match (entry.nodes.first(), entry.nodes.last()) {
        (Some(first), Some(last)) if first != last => format!("{first}..{last}"),
        (Some(only), _) => only.clone(),
        (None, _) => String::new(),
    };
    let source = match info.source {
        Source::Eeprom => "EEPROM",
        Source::Configuration => "configuration",
        _ => "",
    };
    let chip = match (&entry.error, entry.chip) {
        (Some(_), _) => cell("does not answer", Tone::Bad),
        (None, Some(chip)) => plain(chip.to_string()),
        (None, None) => plain("none"),
    };
    let revision = format!("v{}", info.revision.version);
    vec![plain(&info.name), plain(revision), chip, plain(info.place()), plain(nodes), plain(source)]
}

const fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

const fn action(action: Action) -> &'static str {
    match action {
        Action::On => "on",
        Action::Off => "off",
    }
}
