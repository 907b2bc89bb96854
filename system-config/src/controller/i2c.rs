//! The header's I2C bus, on which the HAT's expander is, in `config.txt`. Text in, text out.
//!
//! Two things make `/dev/i2c-1` of GPIO 2 and 3: the controller of the chip (`dtparam=i2c_arm=on`), and
//! the overlay i2c-gpio, which the vendor's image has for Pi 0 to 4 because the controller of those does
//! not keep to clock stretching. Both at once would be two masters on two pins: where either works for a
//! model, that model's lines stay as they are.

use super::config_txt::set;
use crate::config_txt::{
    ANY, Line, MODELS, Model, Reach, Scope, append, read_by, setting, settings,
};

const I2C: &str = "dtparam=i2c_arm=on";

/// The pins that the overlay has where it is told none, and those of the header's bus.
const DEFAULT_PINS: [u32; 2] = [23, 24];
const PINS: [u32; 2] = [2, 3];

/// The bus switched on for a model, or where none is given for all, with what the user should know.
pub(super) fn with_i2c(old: &[u8], model: Option<&Model>) -> (Vec<u8>, Vec<String>) {
    let models: Vec<&Model> = model.map_or_else(|| MODELS.iter().collect(), |model| vec![model]);
    let off = |config: &[u8]| -> Vec<&Model> {
        models.iter().filter(|model| bus(config, model) == Bus::Off).copied().collect()
    };
    let lacking = off(old);
    let mut notes = notes(old, &models);
    if lacking.is_empty() {
        return (old.to_owned(), notes);
    }
    let is_clear = |model: &Model| matches!(bus(old, model), Bus::Off | Bus::Controller);
    let new = if MODELS.iter().chain([&ANY]).chain(model).all(is_clear) {
        let mut new = set(old, is_alone, I2C);
        if !off(&new).is_empty() {
            // An empty overlay ends the last one's parameters.
            append(&mut new, &["dtoverlay=", I2C]);
        }
        new
    } else {
        for_some(old, &lacking)
    };
    notes.extend(off(&new).iter().map(|model| {
        format!("config.txt has no I2C bus 1 for a Raspberry Pi {}: add {I2C} for it", model.name)
    }));
    (new, notes)
}

/// Behind filters, since other models have the pins in use.
fn for_some(old: &[u8], lacking: &[&Model]) -> Vec<u8> {
    let mut filters: Vec<String> = Vec::new();
    for model in lacking {
        let family = model.filters.first();
        let shares = |other: &&Model| other.filters.first() == family;
        let filter = match (family, model.board_type) {
            (Some(family), _)
                if MODELS.iter().filter(shares).all(|other| bus(old, other) == Bus::Off) =>
            {
                format!("[{family}]")
            }
            (_, Some(number)) => format!("[board-type={number:#04x}]"),
            _ => continue,
        };
        if !filters.contains(&filter) {
            filters.push(filter);
        }
    }
    let mut new = old.to_owned();
    let lines = filters.iter().flat_map(|filter| [filter, "dtoverlay=", I2C]);
    let mut lines: Vec<&str> = lines.collect();
    if !lines.is_empty() {
        lines.push("[all]");
        append(&mut new, &lines);
    }
    new
}

/// What a model has as bus 1 of the header's pins.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Bus {
    /// The chip's controller.
    Controller,
    /// The overlay i2c-gpio.
    Gpio,
    /// Nothing.
    Off,
    /// Something that only the running board or the user knows.
    Unsure(&'static str),
}

fn bus(config: &[u8], model: &Model) -> Bus {
    let mut controller = false;
    let mut overlays: Vec<Overlay> = Vec::new();
    read_by(config, model, |reach, scope, line| {
        if line.overlay().is_some_and(|(name, _)| name == "i2c-gpio") {
            overlays.push(Overlay::default());
        }
        if let Some(on) = controller_set(scope, line) {
            controller = on && (reach == Reach::Yes || controller);
        }
        if let (Some(overlay), Some(parameters)) = (overlays.last_mut(), of_gpio(scope, line)) {
            overlay.set(reach, parameters);
        }
    });
    let found = overlays.iter().filter_map(Overlay::bus).next_back();
    match found {
        Some(Bus::Unsure(_)) if controller => Bus::Controller,
        Some(found) => found,
        None if controller => Bus::Controller,
        None => Bus::Off,
    }
}

/// An overlay i2c-gpio: overlays/README of the firmware.
#[derive(Default)]
struct Overlay {
    number: Option<u32>,
    pins: [Option<u32>; 2],
    is_sure: bool,
}

impl Overlay {
    fn set(&mut self, reach: Reach, parameters: &str) {
        self.is_sure = reach == Reach::Yes;
        for (name, value) in settings(parameters) {
            match name {
                "bus" => self.number = value.parse().ok(),
                "i2c_gpio_sda" => self.pins[0] = value.parse().ok(),
                "i2c_gpio_scl" => self.pins[1] = value.parse().ok(),
                _ => {}
            }
        }
    }

    /// What it makes of the header's bus; none where it is another bus on other pins.
    fn bus(&self) -> Option<Bus> {
        let pins = [0, 1].map(|pin| self.pins[pin].unwrap_or(DEFAULT_PINS[pin]));
        match (self.number == Some(1), pins == PINS) {
            (true, true) if self.is_sure => Some(Bus::Gpio),
            (true, true) => Some(Bus::Unsure("i2c-gpio makes bus 1 only under a condition")),
            (true, false) => Some(Bus::Unsure("i2c-gpio makes bus 1 on pins other than the HAT's")),
            (false, true) => {
                Some(Bus::Unsure("i2c-gpio makes a bus other than 1 on the HAT's pins"))
            }
            (false, false) => None,
        }
    }
}

/// The parameters that a line gives to an overlay i2c-gpio.
fn of_gpio<'l>(scope: &Scope, line: &'l Line<'_>) -> Option<&'l str> {
    match line.overlay() {
        Some(("i2c-gpio", parameters)) => Some(parameters),
        Some(_) => None,
        None if *scope == Scope::Overlay("i2c-gpio".to_owned()) => line.setting("dtparam"),
        None => None,
    }
}

/// Whether a line switches the controller on or off.
fn controller_set(scope: &Scope, line: &Line<'_>) -> Option<bool> {
    let (name, on) = controller_value(line.setting("dtparam")?)?;
    // Overlays have parameters of the other names, too.
    (name == "i2c_arm" || *scope == Scope::Base).then_some(on)
}

/// The base's names for the header's bus, and what the last of them is set to.
fn controller_value(parameters: &str) -> Option<(&str, bool)> {
    let is_it = |(name, _): &(&str, &str)| matches!(*name, "i2c_arm" | "i2c" | "i2c1");
    let (name, value) = settings(parameters).rev().find(is_it)?;
    Some((name, matches!(value, "on" | "true" | "1" | "yes")))
}

/// A line that sets the controller and nothing else, whatever overlay is before it.
fn is_alone(text: &str) -> bool {
    let mut parameters = settings(setting(text, "dtparam").unwrap_or_default());
    parameters.next().is_some_and(|(name, _)| name == "i2c_arm") && parameters.next().is_none()
}

/// What is left as it is, once each.
fn notes(config: &[u8], models: &[&Model]) -> Vec<String> {
    let mut notes = Vec::new();
    for model in models {
        if let Bus::Unsure(why) = bus(config, model) {
            let note = format!(
                "config.txt was left as it is for the I2C bus: {why}; the HAT is on GPIO 2 and 3, and its bus is 1 unless a [[board]] says otherwise"
            );
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}

#[cfg(test)]
mod tests;
