//! `fan = { on = 60, off = 50 }`: at which temperatures the fan goes on and off.

use toml::de::DeValue;

use super::error::ConfigError;
use super::given::Given;
use super::limits;
use super::toml_reader::{Reader, Table};
use crate::fan::FanCurve;

const KEYS: [&str; 2] = ["on", "off"];

/// What the table looks like.
const ALLOWED: &str = "a table such as { on = 60, off = 50 }";

/// The table as it was written.
#[derive(Debug)]
pub(super) struct FanFragment {
    /// Where it is in the file.
    table: Given<()>,
    on: Option<Given<i64>>,
    off: Option<Given<i64>>,
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    top: &Table<'_>,
) -> Result<Option<FanFragment>, ConfigError> {
    let Some(fan) = reader.value(top, "fan", ALLOWED, DeValue::as_table)? else {
        return Ok(None);
    };
    let table = Table { entries: fan.value, name: "fan".to_owned() };
    reader.check_keys(&table, &KEYS);
    Ok(Some(FanFragment {
        table: fan.with(()),
        on: reader.number(&table, "on", &limits::FAN_C)?,
        off: reader.number(&table, "off", &limits::FAN_C)?,
    }))
}

/// The fan rests at a lower temperature than it starts at: else it would flutter.
pub(super) fn validate(fan: &FanFragment) -> Result<FanCurve, ConfigError> {
    let (Some(on), Some(off)) = (&fan.on, &fan.off) else {
        return Err(fan.table.refused(ALLOWED));
    };
    let curve = FanCurve { on_c: limits::FAN_C.check(on)?, off_c: limits::FAN_C.check(off)? };
    match curve.off_c < curve.on_c {
        true => Ok(curve),
        false => Err(off.clash(format!(
            "the fan has to go off below the temperature at which it goes on, {}",
            curve.on_c
        ))),
    }
}
