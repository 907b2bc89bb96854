//! Reports for people.

use std::fmt::Write as _;

use hat_driver::hat::PinSetup;
use hat_driver::linux::{BoardModel, BoardSource, Candidate, OutputResult};

use super::power;
use super::state;
use super::table::{Cell, Tone, cell, paint, plain, table};
use super::words::{initialised, on_off};
use clusterhat::report::{
    BoardDone, BoardEntry, BoardInit, BoardReport, BoardSettings, BoardState, BoardStatus,
    BoardsReport, CtrlState, HatState, Level, ModelName, NodePath, NodeStatus, NodeUsbBoot,
    OutputChange, OutputReport, PathReport, Report, StatusReport, UsbBootReport,
};

pub(crate) fn render(report: &Report) -> String {
    match report {
        Report::Status(report) => status(report),
        Report::Power(report) => power::power(report),
        Report::Restore(report) => super::restore::render(report),
        Report::Shutdown(report) => super::shutdown::shutdown(report),
        Report::Reboot(report) => super::shutdown::reboot(report),
        Report::Plan(report) => power::plan(report),
        Report::Start(report) => super::wait::start(report),
        Report::Wait(report) => super::wait::wait(report),
        // Told by the exit status.
        Report::IsOn { .. } => String::new(),
        Report::Outputs(report) => outputs(report),
        Report::Init(report) => report.boards.iter().map(init).collect(),
        Report::UsbBoot(report) => usb_boot(report),
        Report::Path(report) => path(report),
        Report::Board(BoardReport { board, done, .. }) => {
            format!("{board}: {}\n", board_done(done))
        }
        Report::Boards(report) => boards(report),
        Report::Setup(report) => super::setup::render(report),
        Report::Network(report) => super::network::render(report),
        Report::Doctor(report) => super::doctor::render(report),
        Report::Top(report) => super::top::top(report),
        Report::Event(event) => super::events::render(event),
        Report::Fan(report) => super::top::fan(report),
        // Always JSON.
        Report::Chaos(_) => String::new(),
        // Printed in the format that was asked for.
        Report::Inventory(_) | Report::Console(_) => String::new(),
        Report::Maxpi { maxpi } => format!("{maxpi}\n"),
    }
}

fn status(report: &StatusReport) -> String {
    let rows: Vec<_> = report.nodes.iter().map(node_row).collect();
    let head = ["NODE", "NAME", "BOARD", "COMMANDED", "SEEN", "STATE", "SINCE"];
    let mut text = table(&head, &rows);
    let differs = |node: &NodeStatus| {
        node.commanded.is_some() && node.seen.is_some() && node.commanded != node.seen
    };
    if report.nodes.iter().any(differs) {
        text.push_str("! = the pin does not show what is commanded\n");
    }
    if report.nodes.iter().any(|node| node.uncertain) {
        text.push_str(
            "? = the number is uncertain: a board that may come before it cannot be opened\n",
        );
    }
    // Boards that could not be opened may have none.
    match report.nodes.is_empty() {
        true => text.clear(),
        false => text.push('\n'),
    }
    text.extend(report.boards.iter().map(board_line));
    text.extend(report.boards.iter().filter_map(beyond_size));
    if report.under_voltage == Some(true) {
        let warning = paint("the Pi reports under-voltage", Tone::Bad);
        let _ = writeln!(text, "{warning}");
    }
    text
}

fn node_row(node: &NodeStatus) -> Vec<Cell> {
    let seen = match (node.commanded, node.seen) {
        _ if node.absent => plain("absent"),
        (_, None) => cell("?", Tone::Bad),
        (Some(commanded), Some(seen)) if commanded != seen => {
            cell(format!("{}!", on_off(seen)), Tone::Bad)
        }
        (_, Some(true)) => cell("on", Tone::Good),
        (_, Some(false)) => plain("off"),
    };
    let commanded = match (node.commanded, node.seen) {
        _ if node.absent => "-",
        (None, None) => "?",
        (None, Some(_)) => "-",
        (Some(on), _) => on_off(on),
    };
    let name = node.name.clone().unwrap_or_default();
    let number = if node.uncertain { format!("{}?", node.node) } else { node.node.clone() };
    let [state, since] = state::cells(node.state, node.since);
    vec![plain(number), plain(name), plain(&node.board), plain(commanded), seen, state, since]
}

fn board_line(board: &BoardStatus) -> String {
    let model = match &board.model {
        ModelName::Revision(version) => format!("v{version}"),
        ModelName::Unknown(version) => {
            format!("unknown revision {}", version.as_deref().unwrap_or_default())
                .trim_end()
                .to_owned()
        }
        ModelName::ClusterCtrl(name) => format!("ClusterCTRL {name}"),
    };
    let head = format!("{}: {model} at {}", board.board, board.place);
    match &board.state {
        None => format!("{head}: {}\n", paint(trouble(board.is_open), Tone::Bad)),
        Some(BoardState::Hat(state)) => format!("{head}{}\n", hat_state(state)),
        Some(BoardState::Ctrl(state)) => format!("{head}; {}\n", ctrl_state(state)),
    }
}

/// What has power although no node is meant to be there.
fn beyond_size(board: &BoardStatus) -> Option<String> {
    let places = board.beyond_size.join(" ");
    let warning = format!(
        "{}: beyond its configured size, powered: {places}; only `clusterhat off`, of all nodes, switches them off, too",
        board.board
    );
    (!places.is_empty()).then(|| format!("{}\n", paint(&warning, Tone::Bad)))
}

/// What is the matter with a board that says nothing of itself.
const fn trouble(is_open: bool) -> &'static str {
    if is_open { "does not answer" } else { "cannot be opened" }
}

fn hat_state(state: &HatState) -> String {
    let chip = state.chip.map_or(String::new(), |chip| format!(", {chip}"));
    let link = if state.write_protect_link == Some(true) { " (solder link)" } else { "" };
    let outputs: Vec<_> = [
        ("hub", state.hub),
        ("LED", state.led),
        ("ALERT", state.alert),
        ("EEPROM write protection", state.write_protect),
    ]
    .into_iter()
    .filter_map(|(name, level)| level.map(|level| output(name, level)))
    .collect();
    match state.setup {
        PinSetup::Initialised => format!("{chip}; {}{link}", outputs.join(", ")),
        PinSetup::NeverInitialised => {
            format!("{chip}; not initialised yet (`clusterhat init`, or switch a node)")
        }
        _ => format!("{chip}; {}", paint("partly configured by another program", Tone::Bad)),
    }
}

fn ctrl_state(state: &CtrlState) -> String {
    let mut parts = vec![format!("order {}", state.order)];
    parts.extend(state.firmware.map(|firmware| format!("firmware {firmware}")));
    parts.extend(state.voltages_mv.iter().flatten().map(|mv| format!("{mv} mV")));
    parts.extend(state.temperature_c.map(|celsius| format!("{celsius:.1} °C")));
    parts.extend(state.fan.map(|bits| format!("fan {}", on_off(bits & 1 == 1))));
    parts.extend(state.usb_boot.as_ref().map(|nodes| match nodes[..] {
        [] => "USB boot off".to_owned(),
        _ => format!("USB boot on {}", nodes.join(" ")),
    }));
    parts.join(", ")
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

fn outputs(report: &OutputReport) -> String {
    let line = |change: &OutputChange| {
        let (board, output) = (&change.board, report.output);
        match change.result {
            Some(OutputResult::Switched) => format!("{board}: {output} {}\n", report.state),
            Some(OutputResult::Unchanged) => {
                format!("{board}: {output} {}, no change\n", report.state)
            }
            Some(OutputResult::Unsupported) => format!("{board}: cannot switch its {output}\n"),
            None if change.left => format!("{board}: {output} not {}\n", report.state),
            None => format!("{board}: {output} {}\n", paint("failed", Tone::Bad)),
        }
    };
    let mut text = initialised(&report.initialised);
    text.extend(report.boards.iter().map(line));
    text
}

fn usb_boot(report: &UsbBootReport) -> String {
    let line = |node: &NodeUsbBoot| {
        let result = match node.result {
            Some(OutputResult::Switched) => report.state.to_owned(),
            Some(OutputResult::Unchanged) => format!("{}, no change", report.state),
            Some(OutputResult::Unsupported) => "not supported by its board".to_owned(),
            None => paint("failed", Tone::Bad),
        };
        format!("{}: USB boot {result}\n", node.node)
    };
    report.nodes.iter().map(line).collect()
}

fn path(report: &PathReport) -> String {
    let row = |node: &NodePath| {
        let path = node.path.clone().map_or(cell("unknown", Tone::Bad), plain);
        vec![plain(&node.node), path]
    };
    let rows: Vec<_> = report.nodes.iter().map(row).collect();
    table(&["NODE", "USB PATH"], &rows)
}

fn board_done(done: &BoardDone) -> String {
    match done {
        BoardDone::Order { old, new } if old == new => format!("its order is {new} already"),
        BoardDone::Order { old, new } => format!(
            "order {old} is now {new}, until its next reset unless it is saved; nodes may have other numbers now: see \
             `clusterhat boards`"
        ),
        BoardDone::Save { what } => {
            let what = match what {
                BoardSettings::All => "all settings",
                BoardSettings::Order => "order",
                BoardSettings::UsbBoot => "USB boot settings",
                BoardSettings::Power => "the nodes' power",
                BoardSettings::Led => "LEDs",
                BoardSettings::Defaults => "factory settings",
            };
            format!("saved: {what}")
        }
        BoardDone::Reset => "restarted and back on USB".to_owned(),
    }
}

fn init(board: &BoardInit) -> String {
    let beyond = match board.beyond_size[..] {
        [] => String::new(),
        _ => format!("; beyond its configured size: {}", board.beyond_size.join(" ")),
    };
    match &board.kept_on {
        None if board.by_itself => {
            let error = board.error.as_deref();
            let note = error.map_or(String::new(), |error| format!("; cannot be used: {error}"));
            format!("{}: initialises itself{note}\n", board.board)
        }
        None if board.error.is_some() => {
            format!("{}: {}\n", board.board, paint("not initialised", Tone::Bad))
        }
        Some(nodes) if nodes.is_empty() => {
            format!("{}: initialised; no node was on{beyond}\n", board.board)
        }
        Some(nodes) => {
            format!("{}: initialised; still on: {}{beyond}\n", board.board, nodes.join(" "))
        }
        None => format!("{}: already initialised; nothing written\n", board.board),
    }
}

fn boards(report: &BoardsReport) -> String {
    let mut text = String::new();
    if !report.boards.is_empty() {
        let rows: Vec<_> = report.boards.iter().map(board_row).collect();
        text = table(&["BOARD", "MODEL", "CHIP", "PLACE", "NODES", "FOUND BY"], &rows);
    }
    if report.boards.iter().any(|entry| entry.uncertain) {
        text.push_str(
            "? = the numbers are uncertain: a board that may come before them cannot be opened\n",
        );
    }
    for BoardEntry { info, bus_unverified, .. } in &report.boards {
        let unverified = Some(info.model.unverified()).filter(|text| !text.is_empty());
        for unverified in unverified.iter().chain(bus_unverified) {
            let _ = writeln!(text, "{}: unverified: {unverified}", info.name);
        }
    }
    match report.probed.as_deref() {
        None => {}
        Some([]) => text.push_str("no expander answers at 0x20 to 0x23 on any I2C bus\n"),
        Some(found) => text.extend(found.iter().map(|found| candidate(report, found))),
    }
    text
}

/// A chip that a search found, and how to make it a board.
fn candidate(report: &BoardsReport, found: &Candidate) -> String {
    let Candidate { bus, address, chip, .. } = *found;
    let place = format!("i2c-{bus} {address:#04x}");
    let known = report
        .boards
        .iter()
        .filter(|entry| !matches!(entry.info.model, BoardModel::Unknown(_)))
        .find(|entry| (entry.info.bus, entry.info.address) == (Some(bus), Some(address)));
    match (known, chip) {
        (Some(entry), _) => format!("{place}: in use as {}\n", entry.info.name),
        (None, None) => format!("{place}: a chip whose registers rule out a HAT's expander\n"),
        (None, Some(chip)) => format!(
            "{place}: like a HAT's {chip}; to use it, add to /etc/clusterhat/clusterhat.toml:\n  \
             [[board]]\n  bus = {bus}\n  address = {address:#04x}\n  \
             revision = \"...\"  # as printed on the board\n"
        ),
    }
}

fn board_row(entry: &BoardEntry) -> Vec<Cell> {
    let info = &entry.info;
    let nodes = match (entry.nodes.first(), entry.nodes.last()) {
        (Some(first), Some(last)) if first != last => format!("{first}..{last}"),
        (Some(only), _) => only.clone(),
        (None, _) => String::new(),
    };
    let nodes = if entry.uncertain { format!("{nodes}?") } else { nodes };
    let source = match info.source {
        BoardSource::Eeprom => "EEPROM",
        BoardSource::Configuration => "configuration",
        BoardSource::Usb => "USB",
        _ => "",
    };
    let chip = match (&entry.error, entry.chip) {
        (Some(_), _) => cell(trouble(entry.is_open), Tone::Bad),
        (None, Some(chip)) => plain(chip.to_string()),
        (None, None) => plain("none"),
    };
    vec![
        plain(&info.name),
        plain(info.model.to_string()),
        chip,
        plain(info.place()),
        plain(nodes),
        plain(source),
    ]
}
