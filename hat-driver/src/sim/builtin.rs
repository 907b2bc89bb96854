//! The worlds that come with the program: one for each revision, and a controller with two HATs.

use serde_json::{Value, json};

use super::world::World;
use crate::revisions::{REVISIONS, Version, Wiring};

/// Two HATs on one bus: the EEPROM speaks for the first, the configuration for the second.
const TWO_HATS: &str = "two-hats";

const TWO_HATS_CONFIG: &str = r#"[[board]]
name = "lower"
bus = 1
address = 0x20

[[board]]
name = "upper"
bus = 1
address = 0x23
revision = "2.5"
"#;

/// The names of the worlds.
pub fn names() -> impl Iterator<Item = String> {
    REVISIONS
        .iter()
        .map(|revision| format!("v{}", revision.version))
        .chain(std::iter::once(TWO_HATS.to_owned()))
}

/// A world by its name, as it is when its power comes on.
#[must_use]
pub fn world(name: &str) -> Option<World> {
    let object = if name == TWO_HATS {
        json!({
            "hat": eeprom(Version { major: 2, minor: 5 }),
            "clusterhat_toml": TWO_HATS_CONFIG,
            "chips": {"1": expander(), "1:0x23": expander()},
        })
    } else {
        let row = REVISIONS.iter().find(|row| format!("v{}", row.version) == name)?;
        let chips = match row.wiring {
            Wiring::Lines => json!({}),
            Wiring::Expander => json!({"1": expander()}),
        };
        json!({"hat": eeprom(row.version), "chips": chips})
    };
    World::parse(&object.to_string()).ok()
}

fn eeprom(version: Version) -> Value {
    json!({
        "product": "ZC4:ClusterHAT",
        "product_ver": format!("0x00{:x}{:x}", version.major, version.minor),
        "uuid": "00000000-0000-0000-0000-000000000001",
        "vendor": "8086 Consultancy",
        "product_id": "0x0004",
    })
}

/// A freshly powered XRA1200P; node pins held low, the write-protect link open.
fn expander() -> Value {
    json!({
        "kind": "xra",
        "r": [0, 255, 0, 255, 255],
        "ext": [0, 0, 0, 0, null, null, null, 0],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_world() {
        assert_eq!(names().count(), REVISIONS.len() + 1);
        for name in names() {
            assert!(world(&name).is_some(), "{name}");
        }
        assert!(world("v9.9").is_none());
    }
}
