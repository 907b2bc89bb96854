//! `Sensors` of a chassis: what a board measures, what a node's agent tells, and the controller's temperature.

use serde_json::json;

use super::document::{Document, enabled};
use super::uri;
use super::world::World;

/// One reading.
struct Sensor {
    id: String,
    name: String,
    reading: f64,
    kind: Kind,
}

enum Kind {
    Temperature,
    Voltage,
}

/// Where the sensors of a board or node are.
pub(crate) fn collection_uri(chassis: &str) -> String {
    format!("{}/Sensors", uri::chassis(chassis))
}

/// All sensors of a board or node.
pub(crate) fn collection(world: &World<'_>, chassis: &str) -> Option<Document> {
    let uri = collection_uri(chassis);
    let members = all(world, chassis)?;
    let members = members.iter().map(|sensor| uri::member(&uri, &sensor.id));
    Some(Document::collection("SensorCollection", &uri, "Sensors", members))
}

/// A sensor of a board or node.
pub(crate) fn document(world: &World<'_>, chassis: &str, id: &str) -> Option<Document> {
    let sensor = all(world, chassis)?.into_iter().find(|sensor| sensor.id == id)?;
    let (kind, units, context) = match sensor.kind {
        Kind::Temperature if world.board(chassis).is_some() => {
            ("Temperature", "Cel", "SystemBoard")
        }
        Kind::Temperature => ("Temperature", "Cel", "CPU"),
        Kind::Voltage => ("Voltage", "V", "SystemBoard"),
    };
    let uri = uri::member(&collection_uri(chassis), id);
    Some(
        Document::new("Sensor", &uri, id, &sensor.name)
            .with("ReadingType", kind)
            .with("Reading", json!(sensor.reading))
            .with("ReadingUnits", units)
            .with("PhysicalContext", context)
            .with("Status", enabled()),
    )
}

/// None where there is no such board or node.
fn all(world: &World<'_>, chassis: &str) -> Option<Vec<Sensor>> {
    if world.board(chassis).is_some() {
        return Some(of_board(world, chassis));
    }
    if chassis == uri::CONTROLLER_NAME {
        return Some(world.telemetry.controller_c.map(temperature).into_iter().collect());
    }
    world.node(chassis)?;
    let said = world.telemetry(chassis).and_then(|said| said.telemetry.as_ref());
    Some(said.and_then(|said| said.temperature_c).map(temperature).into_iter().collect())
}

fn of_board(world: &World<'_>, board: &str) -> Vec<Sensor> {
    let Some(state) = world.ctrl(board) else { return Vec::new() };
    let voltage = |(index, millivolts): (usize, &Option<u32>)| {
        Some(Sensor {
            id: format!("voltage{}", index + 1),
            name: format!("Voltage {}", index + 1),
            reading: f64::from((*millivolts)?) / 1000.0,
            kind: Kind::Voltage,
        })
    };
    let voltages = state.voltages_mv.iter().enumerate().filter_map(voltage);
    voltages.chain(state.temperature_c.map(temperature)).collect()
}

fn temperature(celsius: f64) -> Sensor {
    Sensor {
        id: "temperature".to_owned(),
        name: "Temperature".to_owned(),
        reading: celsius,
        kind: Kind::Temperature,
    }
}
