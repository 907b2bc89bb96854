//! A simulation as one JSON object.
//!
//! ```json
//! {"hat":   {"product": "ZC4:ClusterHAT", "product_ver": "0x0025", "uuid": "...",
//!            "vendor": "8086 Consultancy", "product_id": "0x0004"},
//!  "config": "TYPE=c\n",
//!  "gpio":  {"6": 1},
//!  "chips": {"1": {"kind": "xra", "r": [0, 255, 0, 255, 255],
//!                  "ext": [0, 0, 0, 0, null, null, null, 0]}}}
//! ```
//!
//! `config` is the text of `/etc/default/clusterctrl`, `gpio` holds the BCM lines that are outputs,
//! and `chips` maps a bus number to the chip at 0x20 on it; `"1:0x21"` is another address. Further
//! keys of ours, all optional: `clusterhat_toml` (the text of `/etc/clusterhat/clusterhat.toml`),
//! `throttled` (the firmware's flags), `undervoltage_above` (more nodes than this sag the supply),
//! `faults` (a list of [`Fault`]), `gpio_pulled` (levels of lines that are inputs; BCM 0 to 8 of a Pi
//! are pulled up at boot), `gpio_stuck` (lines that show a level whatever drives
//! them), `trace` (a file that gets a line for each node that goes on or off: nanoseconds of uptime,
//! `on` or `off`, which node of all, from 0, and the process), and in a chip `stuck` (pins that show a level whatever drives
//! them). `nodes` maps a node's name, `p3`, to its [`Behaviour`]; `lives` is written by us alone, and keeps when
//! nodes got their power. A key that is not known here stays in the object untouched.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::chip::{ChipPlace, SimExpander};
use super::simulation::Simulation;
use crate::ctrl::protocol::ADDRESS;
use crate::expander::Chip;

/// The address of a chip whose key names only its bus.
const DEFAULT_ADDRESS: u8 = ADDRESS;

/// Why a text is no simulation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// Not JSON.
    #[error("not a simulation: {0}")]
    Json(#[from] serde_json::Error),
    /// JSON of another shape.
    #[error("not a simulation: {at}: {problem}")]
    Shape {
        /// The key.
        at: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Simulation {
    /// Reads a simulation.
    ///
    /// # Errors
    /// [`SimulationError`] with the key that is wrong.
    pub fn parse(text: &str) -> Result<Self, SimulationError> {
        let raw: Map<String, Value> = serde_json::from_str(text)?;
        let mut simulation = Self::default();
        for (key, chip) in object(&raw, "chips")? {
            let at = format!("chips.{key}");
            let place = parse_place(key).ok_or_else(|| {
                shape(&at, "a key is a bus number, or a bus number and an address like \"1:0x21\"")
            })?;
            if chip.get("kind").and_then(Value::as_str) == Some("ctrl") {
                let ctrl = Deserialize::deserialize(chip).map_err(|e| shape(&at, e))?;
                simulation.ctrls.insert(place.0, ctrl);
            } else {
                simulation.expanders.insert(place, parse_expander(&at, chip)?);
            }
        }
        for (key, level) in object(&raw, "gpio")? {
            let at = format!("gpio.{key}");
            let line = key.parse().map_err(|_| shape(&at, "a key is a BCM line number"))?;
            let level = level.as_u64().ok_or_else(|| shape(&at, "a level is 0 or 1"))?;
            simulation.gpio.insert(line, level != 0);
        }
        if let Some(faults) = raw.get("faults") {
            simulation.faults = Deserialize::deserialize(faults).map_err(|e| shape("faults", e))?;
        }
        for (key, behaviour) in object(&raw, "nodes")? {
            let at = format!("nodes.{key}");
            if key.strip_prefix('p').is_none_or(|number| number.parse::<u32>().is_err()) {
                return Err(shape(&at, "a key is a node's name, such as p1"));
            }
            let behaviour = Deserialize::deserialize(behaviour).map_err(|e| shape(&at, e))?;
            simulation.behaviours.insert(key.clone(), behaviour);
        }
        // What cannot be read says nothing: only a program that is newer writes something else here.
        simulation.power_record = raw
            .get("lives")
            .and_then(|lives| Deserialize::deserialize(lives).ok())
            .unwrap_or_default();
        simulation.raw = raw;
        Ok(simulation)
    }

    /// The object's text, with the present state and all unknown keys.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut raw = self.raw.clone();
        for (&place, chip) in &self.expanders {
            let chips = raw.entry("chips").or_insert_with(|| json!({}));
            if let Some(entry) = find_chip(chips, place) {
                entry.insert("r".into(), json!(chip.registers()));
            }
        }
        for (&bus, ctrl) in &self.ctrls {
            let chips = raw.entry("chips").or_insert_with(|| json!({}));
            let state = serde_json::to_value(ctrl).unwrap_or_default();
            if let (Some(entry), Value::Object(state)) = (find_chip(chips, (bus, ADDRESS)), state) {
                // A board that is idle, or is there, does not say so.
                entry.shift_remove("busy");
                entry.shift_remove("away");
                entry.extend(state);
            }
        }
        if !self.gpio.is_empty() {
            let gpio = raw.entry("gpio").or_insert_with(|| json!({}));
            for (line, &level) in &self.gpio {
                gpio[line.to_string()] = u8::from(level).into();
            }
        }
        if self.power_record.is_empty() {
            raw.shift_remove("lives");
        } else {
            raw.insert("lives".into(), json!(self.power_record));
        }
        let mut text = Value::Object(raw).to_string();
        text.push('\n');
        text
    }
}

/// A chip's keys that have a meaning here.
#[derive(Deserialize)]
struct RawExpander {
    r: [u8; 5],
    #[serde(default)]
    ext: [Option<u8>; 8],
    #[serde(default)]
    stuck: Option<[Option<u8>; 8]>,
}

fn shape(at: &str, problem: impl ToString) -> SimulationError {
    SimulationError::Shape { at: at.to_owned(), problem: problem.to_string() }
}

fn object<'a>(
    raw: &'a Map<String, Value>,
    key: &str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, SimulationError> {
    match raw.get(key) {
        None | Some(Value::Null) => Ok(None.into_iter().flatten()),
        Some(Value::Object(map)) => Ok(Some(map).into_iter().flatten()),
        Some(_) => Err(shape(key, "an object is expected")),
    }
}

fn parse_place(key: &str) -> Option<ChipPlace> {
    let Some((bus, address)) = key.split_once(':') else {
        return Some((key.parse().ok()?, DEFAULT_ADDRESS));
    };
    let address = u8::from_str_radix(address.strip_prefix("0x")?, 16).ok()?;
    Some((bus.parse().ok()?, address))
}

fn find_chip(chips: &mut Value, place: ChipPlace) -> Option<&mut Map<String, Value>> {
    let chips = chips.as_object_mut()?;
    chips.iter_mut().find(|(key, _)| parse_place(key) == Some(place))?.1.as_object_mut()
}

fn parse_expander(at: &str, value: &Value) -> Result<SimExpander, SimulationError> {
    let kind = match value.get("kind").and_then(Value::as_str) {
        Some("xra") => Chip::Xra1200p,
        Some("pca") => Chip::Pca9554,
        _ => return Err(shape(at, "kind is \"xra\", \"pca\" or \"ctrl\"")),
    };
    let raw = RawExpander::deserialize(value).map_err(|e| shape(at, e))?;
    let [_, latch, polarity, direction, pull_up] = raw.r;
    let levels = |pins: [Option<u8>; 8]| pins.map(|pin| pin.map(|level| level != 0));
    let mut chip = SimExpander::new(kind, levels(raw.ext));
    (chip.latch, chip.polarity, chip.direction, chip.pull_up) =
        (latch, polarity, direction, pull_up);
    chip.stuck = raw.stuck.map_or([None; 8], levels);
    Ok(chip)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"note": "mine", "chips": {"1": {"kind": "xra", "r": [0, 255, 0, 255, 255],
        "ext": [0, 0, 0, 0, null, null, null, 0], "label": "shelf 2"}, "1:0x23": {"kind": "pca", "r": [0, 1, 0, 0, 255]}},
        "gpio": {"6": 1}}"#;

    #[test]
    fn unknown_keys_survive_a_round_trip() {
        let mut simulation = Simulation::parse(TEXT).unwrap();
        simulation.expanders.get_mut(&(1, 0x20)).unwrap().latch = 0x90;
        simulation.gpio.insert(13, false);
        let again: Value = serde_json::from_str(&simulation.to_text()).unwrap();
        assert_eq!(again["note"], "mine");
        assert_eq!(again["chips"]["1"]["label"], "shelf 2");
        assert_eq!(again["chips"]["1"]["r"], json!([0x70, 0x90, 0, 255, 255]));
        assert_eq!(again["gpio"], json!({"6": 1, "13": 0}));
    }

    #[test]
    fn a_wrong_shape_names_the_key() {
        for (text, at) in [
            (r#"{"chips": {"x": {"kind": "xra"}}}"#, "chips.x"),
            (r#"{"chips": {"1": {"kind": "mcp"}}}"#, "chips.1"),
            (r#"{"chips": {"1": {"kind": "xra", "r": [1]}}}"#, "chips.1"),
            (r#"{"gpio": {"6": "high"}}"#, "gpio.6"),
            (r#"{"chips": 3}"#, "chips"),
            (r#"{"nodes": {"3": {}}}"#, "nodes.3"),
            (r#"{"nodes": {"p3": {"stays": "asleep"}}}"#, "nodes.p3"),
            (r#"{"nodes": {"p3": {"boots_in": -1}}}"#, "nodes.p3"),
        ] {
            let error = Simulation::parse(text).unwrap_err().to_string();
            assert!(error.contains(at), "{error}");
        }
    }
}
