//! The fragment that the program's own file gives: every value as written, its type checked and no more.

use std::path::Path;
use std::time::Duration;

use toml::de::DeValue;

use super::Warning;
use super::error::ConfigError;
use super::fan::{self, FanFragment};
use super::given::Given;
use super::limits;
use super::toml_reader::{Reader, Table};
use crate::desired::AtBoot;

pub(super) const TOP_KEYS: [&str; 13] = [
    "first",
    "delay",
    "off-time",
    "lock-limit",
    "hook-limit",
    "at-boot",
    "fan-gpio",
    "fan",
    "graceful-off",
    "shutdown-limit",
    "board",
    "nodes",
    // Read by clusterhatd alone.
    "daemon",
];
pub(super) const BOARD_KEYS: [&str; 5] = ["name", "bus", "address", "revision", "size"];
pub(super) const NODE_KEYS: [&str; 5] = ["name", "delay", "usb-path", "ssh", "at-boot"];

/// What every name may look like, before it is compared with others.
const NAME: &str = "a quoted name such as \"db\"";

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Fragment {
    pub(super) first: Option<Given<i64>>,
    pub(super) delay: Option<Given<Duration>>,
    pub(super) off_time: Option<Given<Duration>>,
    pub(super) lock_limit: Option<Given<Duration>>,
    pub(super) hook_limit: Option<Given<Duration>>,
    pub(super) at_boot: Option<Given<AtBoot>>,
    pub(super) fan_gpio: Option<Given<i64>>,
    pub(super) fan: Option<FanFragment>,
    pub(super) graceful_off: Option<Given<bool>>,
    pub(super) shutdown_limit: Option<Given<Duration>>,
    pub(super) boards: Vec<BoardFragment>,
    pub(super) nodes: Vec<NodeFragment>,
}

/// A `[[board]]` table.
#[derive(Debug)]
pub(super) struct BoardFragment {
    /// Where the table is in the file.
    pub(super) table: Given<()>,
    pub(super) name: Option<Given<String>>,
    pub(super) bus: Option<Given<i64>>,
    pub(super) address: Option<Given<i64>>,
    pub(super) revision: Option<Given<String>>,
    pub(super) size: Option<Given<i64>>,
}

/// A `[nodes.pN]` table.
#[derive(Debug)]
pub(super) struct NodeFragment {
    /// `pN`, and where the table is in the file.
    pub(super) node: Given<String>,
    pub(super) name: Option<Given<String>>,
    pub(super) delay: Option<Given<Duration>>,
    pub(super) usb_path: Option<Given<String>>,
    pub(super) ssh: Option<Given<String>>,
    pub(super) at_boot: Option<Given<AtBoot>>,
}

/// Reads the text of the file at `path`.
pub(super) fn read(
    path: &Path,
    text: &str,
    warnings: &mut Vec<Warning>,
) -> Result<Fragment, ConfigError> {
    let mut reader = Reader::new(path, text);
    let document = reader.document()?;
    let top = Table { entries: document.get_ref(), name: String::new() };
    reader.check_keys(&top, &TOP_KEYS);
    let fragment = Fragment {
        first: reader.number(&top, "first", &limits::FIRST)?,
        delay: reader.seconds(&top, "delay", &limits::DELAY)?,
        off_time: reader.seconds(&top, "off-time", &limits::OFF_TIME)?,
        lock_limit: reader.seconds(&top, "lock-limit", &limits::LOCK_LIMIT)?,
        hook_limit: reader.seconds(&top, "hook-limit", &limits::HOOK_LIMIT)?,
        at_boot: at_boot(&reader, &top)?,
        fan_gpio: reader.number(&top, "fan-gpio", &limits::FAN_GPIO)?,
        fan: fan::read(&mut reader, &top)?,
        graceful_off: reader.switch(&top, "graceful-off")?,
        shutdown_limit: reader.seconds(&top, "shutdown-limit", &limits::SHUTDOWN_LIMIT)?,
        boards: boards(&mut reader, &top)?,
        nodes: nodes(&mut reader, &top)?,
    };
    warnings.append(&mut reader.warnings);
    Ok(fragment)
}

fn at_boot(reader: &Reader<'_>, table: &Table<'_>) -> Result<Option<Given<AtBoot>>, ConfigError> {
    reader.value(table, "at-boot", limits::AT_BOOT, |value| AtBoot::parse(value.as_str()?))
}

fn boards(reader: &mut Reader<'_>, top: &Table<'_>) -> Result<Vec<BoardFragment>, ConfigError> {
    let allowed = "one [[board]] table for each board";
    let Some(list) = reader.value(top, "board", allowed, DeValue::as_array)? else {
        return Ok(Vec::new());
    };
    let mut boards = Vec::new();
    for entry in list.value.iter() {
        let Some(entries) = entry.get_ref().as_table() else {
            return Err(list.refused(allowed));
        };
        let table = Table { entries, name: "board".to_owned() };
        reader.check_keys(&table, &BOARD_KEYS);
        boards.push(BoardFragment {
            table: reader.given((), entry.span().start..entry.span().start, "board"),
            name: reader.text(&table, "name", NAME)?,
            bus: reader.number(&table, "bus", &limits::BUS)?,
            address: reader.number(&table, "address", &limits::ADDRESS)?,
            revision: reader.text(&table, "revision", limits::REVISION)?,
            size: reader.number(&table, "size", &limits::SIZE)?,
        });
    }
    Ok(boards)
}

fn nodes(reader: &mut Reader<'_>, top: &Table<'_>) -> Result<Vec<NodeFragment>, ConfigError> {
    let allowed = "one [nodes.pN] table for each node";
    let Some(list) = reader.value(top, "nodes", allowed, DeValue::as_table)? else {
        return Ok(Vec::new());
    };
    let mut nodes = Vec::new();
    for (key, entry) in list.value {
        let name = format!("nodes.{}", key.get_ref());
        let node =
            reader.given(key.get_ref().to_string(), key.span().start..key.span().start, &name);
        let Some(entries) = entry.get_ref().as_table() else {
            return Err(node.refused(allowed));
        };
        let table = Table { entries, name };
        reader.check_keys(&table, &NODE_KEYS);
        nodes.push(NodeFragment {
            node,
            name: reader.text(&table, "name", NAME)?,
            delay: reader.seconds(&table, "delay", &limits::DELAY)?,
            usb_path: reader.text(&table, "usb-path", limits::USB_PATH)?,
            ssh: reader.text(&table, "ssh", limits::SSH)?,
            at_boot: at_boot(reader, &table)?,
        });
    }
    Ok(nodes)
}
