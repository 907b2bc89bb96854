//! What a board's readings mean: raw numbers to versions and units, apart from any transfer.

use core::fmt;

/// A firmware's version: 1.10 comes after 1.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Firmware {
    /// Before the dot.
    pub major: u8,
    /// After the dot.
    pub minor: u8,
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Firmware {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A voltage as the ADC gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voltage {
    /// The kind of divider in front of the ADC.
    pub kind: u8,
    /// The conversion's result, 0 to 1023.
    pub raw: u16,
}

impl Voltage {
    /// Millivolts, as the vendor's image computes and cuts them; `None` for a kind without a scale.
    #[must_use]
    pub fn millivolts(self) -> Option<u32> {
        // 3.3 V / 1024 behind a 1:2 divider, and behind one of about 1:10.35.
        let scale = match self.kind {
            1 => 6.445_312_5,
            2 => 33.340_938_96,
            _ => return None,
        };
        Some((f64::from(self.raw) * scale) as u32)
    }
}

/// A temperature as the sensor on the microcontroller gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Temperature {
    /// The kind of sensor.
    pub kind: u8,
    /// The conversion's result.
    pub raw: u16,
}

impl Temperature {
    /// Degrees Celsius, by the vendor image's formula; `None` for a kind without one.
    #[must_use]
    pub fn celsius(self) -> Option<f64> {
        (self.kind == 2).then(|| (f64::from(self.raw) - 247.0) / 1.22)
    }
}

/// A USB path below the controller's port: up to eight hub ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsbPath(pub [u8; 8]);

impl UsbPath {
    /// The ports in order; 0xff marks an unused one.
    pub fn ports(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.iter().copied().filter(|&port| port != 0xff)
    }
}

impl fmt::Display for UsbPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, port) in self.ports().enumerate() {
            write!(f, "{}{port}", if index == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_triple_s_supply_reads_5014_mv() {
        assert_eq!(Voltage { kind: 1, raw: 778 }.millivolts(), Some(5014));
        assert_eq!(Voltage { kind: 2, raw: 360 }.millivolts(), Some(12002));
        assert_eq!(Voltage { kind: 3, raw: 1 }.millivolts(), None);
    }

    #[test]
    fn temperatures_follow_the_image_s_formula() {
        let celsius = Temperature { kind: 2, raw: 270 }.celsius().unwrap();
        assert!((celsius - 18.852).abs() < 0.001, "{celsius}");
        assert_eq!(Temperature { kind: 1, raw: 270 }.celsius(), None);
    }

    #[test]
    fn version_1_10_is_later_than_1_9() {
        let (nine, ten) = (Firmware { major: 1, minor: 9 }, Firmware { major: 1, minor: 10 });
        assert!(ten > nine);
        assert_eq!(ten.to_string(), "1.10");
    }

    #[test]
    fn unused_places_are_no_ports() {
        let path = UsbPath([0xff, 0xff, 0xff, 0xff, 0xff, 4, 2, 1]);
        assert_eq!(path.to_string(), "4.2.1");
    }
}
