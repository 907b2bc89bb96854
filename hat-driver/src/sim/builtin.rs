//! The simulations that come with the program: one for each revision, and a controller with two HATs.

use serde_json::{Value, json};

use super::simulation::Simulation;
use crate::ctrl::products::{PRODUCTS, Product};
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

/// A v2.5 HAT, a Triple and a pHAT.
const MIXED: &str = "mixed";

/// The names of the simulations.
pub fn names() -> impl Iterator<Item = String> {
    let revisions = REVISIONS.iter().map(|revision| format!("v{}", revision.version));
    let products = PRODUCTS.iter().map(|product| product.name.to_lowercase());
    revisions.chain(products).chain([TWO_HATS.to_owned(), MIXED.to_owned()])
}

/// A simulation by its name, as it is when its power comes on.
#[must_use]
pub fn simulation(name: &str) -> Option<Simulation> {
    let object = if name == TWO_HATS {
        json!({
            "hat": eeprom(Version { major: 2, minor: 5 }),
            "clusterhat_toml": TWO_HATS_CONFIG,
            "chips": {"1": expander(), "1:0x23": expander()},
        })
    } else if name == MIXED {
        let (triple, phat) = (Product::of(0x0014)?, Product::of(0x0012)?);
        json!({
            "hat": eeprom(Version { major: 2, minor: 5 }),
            "chips": {"1": expander(), "11": ctrl(triple, 20), "12": ctrl(phat, 30)},
        })
    } else if let Some(product) = PRODUCTS.iter().find(|p| p.name.to_lowercase() == name) {
        json!({"chips": {"11": ctrl(product, 20)}})
    } else {
        let row = REVISIONS.iter().find(|row| format!("v{}", row.version) == name)?;
        let hat = eeprom(row.version);
        match row.wiring {
            // As a Pi's firmware leaves those of its lines that such a board is on.
            Wiring::Lines => json!({"hat": hat, "chips": {}, "gpio_pulled": {"5": 1, "6": 1}}),
            Wiring::Expander => json!({"hat": hat, "chips": {"1": expander()}}),
        }
    };
    Simulation::parse(&object.to_string()).ok()
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

/// What a kind of board has beside its nodes: the firmware's `config.h` and `config.c`, version 1.8.
#[derive(Default)]
struct Has {
    usb_boot: bool,
    fan: bool,
    act: bool,
    adc: &'static [[u16; 2]],
    temperature: bool,
    /// The ports of the board itself, then of each node; none where they share no hub.
    paths: &'static [&'static [u8]],
}

/// 5014 mV, as on the board on which the vendor's tool was recorded, and 12002 mV.
const FIVE_VOLTS: [u16; 2] = [1, 778];
const TWELVE_VOLTS: [u16; 2] = [2, 360];
/// 18.9 °C.
const ROOM: [u16; 2] = [2, 270];

fn has(product: &Product) -> Has {
    match product.id {
        0x0011 => Has { temperature: true, ..Has::default() },
        0x0012 => Has { paths: &[&[2], &[4], &[3]], ..Has::default() },
        0x0013 => Has {
            fan: true,
            act: true,
            adc: &[FIVE_VOLTS, FIVE_VOLTS],
            temperature: true,
            paths: &[&[4, 1], &[1], &[2], &[3], &[4, 2], &[4, 4]],
            ..Has::default()
        },
        0x0014 => Has {
            usb_boot: true,
            fan: true,
            adc: &[FIVE_VOLTS],
            temperature: true,
            paths: &[&[1], &[4], &[3], &[2]],
            ..Has::default()
        },
        0x0015 => Has { usb_boot: true, paths: &[&[2], &[4]], ..Has::default() },
        0x0016 => {
            Has { fan: true, adc: &[FIVE_VOLTS, TWELVE_VOLTS], temperature: true, ..Has::default() }
        }
        _ => Has::default(),
    }
}

/// A ClusterCTRL board as its factory made it, with the newest firmware.
fn ctrl(product: &Product, order: u8) -> Value {
    let Has { usb_boot, fan, act, adc, temperature, paths } = has(product);
    let zeros = vec![0; product.nodes.into()];
    let usb_boot = usb_boot.then(|| vec![1; product.nodes.into()]);
    let (act, fan) = (act.then_some(1), fan.then_some(0));
    let hats = product.has_hats().then(|| vec![1; usize::from(product.nodes) / 4]);
    json!({
        "kind": "ctrl",
        "product": format!("{:#06x}", product.id),
        "order": order,
        "maxpi": product.nodes,
        "type": product.kind,
        "fw": [1, 8],
        "p": zeros,
        "u": usb_boot,
        "adc": adc,
        "temp": temperature.then_some(ROOM),
        "alert": 0, "led": 1, "act": act, "fan": fan,
        "data": [0, 0, 0, 0, 0, 0, 0, 0],
        "status": 0,
        "hats": hats,
        "paths": if product.has_hats() { da_paths() } else { to_vecs(paths) },
        "eeprom": {"order": order, "led": 1, "act": act, "p": zeros, "u": usb_boot},
    })
}

fn to_vecs(rows: &[&[u8]]) -> Vec<Vec<u8>> {
    rows.iter().map(|row| row.to_vec()).collect()
}

/// The DA itself, and four nodes behind each port of its two further hubs.
fn da_paths() -> Vec<Vec<u8>> {
    let hats = [[2, 4], [2, 3], [2, 2], [2, 1], [1, 1], [1, 2], [1, 3], [1, 4]];
    let nodes = hats.iter().flat_map(|&[hub, port]| (1..=4).rev().map(move |n| vec![hub, port, n]));
    std::iter::once(vec![4]).chain(nodes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_world() {
        assert_eq!(names().count(), REVISIONS.len() + PRODUCTS.len() + 2);
        for name in names() {
            assert!(simulation(&name).is_some(), "{name}");
        }
        assert!(simulation("v9.9").is_none());
    }
}
