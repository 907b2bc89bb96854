//! The models of Raspberry Pis, and which filters of `config.txt` each reads.
//!
//! Filters: Raspberry Pi's documentation of `config.txt`, "Model Filters". Type numbers: the field "type"
//! of the new-style revision codes.

/// A model.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Model {
    /// As the device tree has it, without "Raspberry Pi" and the revision.
    pub(crate) name: &'static str,
    /// `[board-type=]`; none where it is not known.
    pub(crate) board_type: Option<u32>,
    /// The filters that it reads, the family's first.
    pub(crate) filters: &'static [&'static str],
}

const fn model(name: &'static str, board_type: u32, filters: &'static [&'static str]) -> Model {
    Model { name, board_type: Some(board_type), filters }
}

/// One that is not in the table: it reads what all read.
pub(crate) const ANY: Model = Model { name: "", board_type: None, filters: &[] };

/// All that have the 40-pin header or its first 26 pins, by age.
pub(crate) const MODELS: [Model; 22] = [
    model("Zero", 0x09, &["pi0"]),
    model("Zero W", 0x0c, &["pi0", "pi0w"]),
    model("Zero 2 W", 0x12, &["pi0", "pi0w", "pi02"]),
    model("Model A", 0x00, &["pi1"]),
    model("Model B", 0x01, &["pi1"]),
    model("Model A Plus", 0x02, &["pi1"]),
    model("Model B Plus", 0x03, &["pi1"]),
    model("Compute Module", 0x06, &["pi1", "cm1"]),
    model("2 Model B", 0x04, &["pi2"]),
    model("3 Model B", 0x08, &["pi3"]),
    model("3 Model B Plus", 0x0d, &["pi3", "pi3+"]),
    model("3 Model A Plus", 0x0e, &["pi3", "pi3+"]),
    model("Compute Module 3", 0x0a, &["pi3", "cm3"]),
    model("Compute Module 3 Plus", 0x10, &["pi3", "pi3+", "cm3+"]),
    model("4 Model B", 0x11, &["pi4"]),
    model("400", 0x13, &["pi4", "pi400"]),
    model("Compute Module 4", 0x14, &["pi4", "cm4"]),
    model("Compute Module 4S", 0x15, &["pi4", "cm4s"]),
    model("5 Model B", 0x17, &["pi5"]),
    model("500", 0x19, &["pi5", "pi500"]),
    model("Compute Module 5", 0x18, &["pi5", "cm5"]),
    model("Compute Module 5 Lite", 0x1a, &["pi5", "cm5"]),
];

/// All of them, and one that is not in the table.
pub(crate) fn every_model() -> impl Iterator<Item = &'static Model> {
    MODELS.iter().chain([&ANY])
}

/// Those that can be nodes: Zero, Zero W and Zero 2 W.
pub(crate) fn zeros() -> impl Iterator<Item = &'static Model> {
    MODELS.iter().filter(|model| model.filters.contains(&"pi0"))
}

impl Model {
    /// By the device tree's text: "Raspberry Pi 4 Model B Rev 1.4".
    pub(crate) fn named(text: &str) -> &'static Self {
        let name = text.strip_prefix("Raspberry Pi ").unwrap_or_default();
        let name = name.split(" Rev ").next().unwrap_or_default();
        MODELS.iter().find(|model| model.name == name).unwrap_or(&ANY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_by_the_device_trees_names() {
        for (text, filters) in [
            ("Raspberry Pi 4 Model B Rev 1.4", &["pi4"][..]),
            ("Raspberry Pi 3 Model B Plus Rev 1.3", &["pi3", "pi3+"]),
            ("Raspberry Pi Model B Rev 2", &["pi1"]),
            ("Raspberry Pi Zero 2 W Rev 1.0", &["pi0", "pi0w", "pi02"]),
            ("Raspberry Pi 500 Rev 1.0", &["pi5", "pi500"]),
            ("Raspberry Pi 6 Model B Rev 1.0", &[]),
            ("Orange Pi CM4", &[]),
        ] {
            assert_eq!(Model::named(text).filters, filters, "{text}");
        }
    }
}
