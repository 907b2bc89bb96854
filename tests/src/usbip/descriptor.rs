//! How the device describes itself: USB 2.0 specification, section 9.6.

/// What the kernel learns of the device when it is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// USB vendor id.
    pub vendor: u16,
    /// USB product id.
    pub product: u16,
    /// Device and interface class; 0xff is "vendor specific".
    pub class: u8,
    /// The manufacturer's name.
    pub manufacturer: String,
    /// The product's name.
    pub name: String,
    /// The serial number.
    pub serial: String,
    /// The speed it is plugged in at.
    pub speed: Speed,
    /// Whether it may leave the USB by itself and come back.
    pub returns: bool,
    /// The I2C adapter's functionality, the `I2C_FUNC_*` bits of `linux/i2c.h`: see [`functions`].
    /// The driver passes them on without acting on them: `I2C_RDWR` works even where it is not
    /// offered.
    pub functions: u32,
}

/// The kernel's `enum usb_device_speed`, as `vhci_hcd` wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// 1.5 Mbit/s.
    Low = 1,
    /// 12 Mbit/s.
    Full = 2,
}

/// Sets of `I2C_FUNC_*` bits.
pub mod functions {
    /// Plain I2C, and SMBus by way of it: `I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL`, as i2c-tiny-usb's
    /// firmware says.
    pub const I2C: u32 = 0x0eff_0001;
    /// SMBus calls alone: `I2C_FUNC_SMBUS_EMUL`.
    pub const SMBUS_ONLY: u32 = 0x0eff_0000;
}

impl Default for Descriptor {
    /// The adapter the driver was written for.
    fn default() -> Self {
        Self {
            vendor: 0x0403,
            product: 0xc631,
            class: 0xff,
            manufacturer: "clusterhat-tests".into(),
            name: "i2c-tiny-usb".into(),
            serial: "0".into(),
            speed: Speed::Full,
            returns: false,
            functions: functions::I2C,
        }
    }
}

const DEVICE: u8 = 1;
const CONFIGURATION: u8 = 2;
const STRING: u8 = 3;
const INTERFACE: u8 = 4;

/// Indices of the strings.
const MANUFACTURER: u8 = 1;
const PRODUCT: u8 = 2;
const SERIAL: u8 = 3;

const ENGLISH_US: u16 = 0x0409;

impl Descriptor {
    /// The answer to GET_DESCRIPTOR; `None` for one that the device does not have.
    pub(super) fn get(&self, kind: u8, index: u8) -> Option<Vec<u8>> {
        match kind {
            DEVICE => Some(self.device()),
            CONFIGURATION => Some(self.configuration()),
            STRING => self.string(index),
            _ => None,
        }
    }

    fn device(&self) -> Vec<u8> {
        let mut bytes = vec![18, DEVICE];
        bytes.extend(0x0110_u16.to_le_bytes());
        let largest_packet = 8;
        bytes.extend([self.class, 0, 0, largest_packet]);
        for word in [self.vendor, self.product, 0x0205] {
            bytes.extend(word.to_le_bytes());
        }
        let configurations = 1;
        bytes.extend([MANUFACTURER, PRODUCT, SERIAL, configurations]);
        bytes
    }

    /// One configuration with one interface that has no endpoints: all goes over the control
    /// endpoint.
    fn configuration(&self) -> Vec<u8> {
        let (total, interfaces, number, bus_powered, half_milliamperes) = (18, 1, 1, 0x80, 50);
        let mut bytes =
            vec![9, CONFIGURATION, total, 0, interfaces, number, 0, bus_powered, half_milliamperes];
        bytes.extend([9, INTERFACE, 0, 0, 0, self.class, 0, 0, 0]);
        bytes
    }

    fn string(&self, index: u8) -> Option<Vec<u8>> {
        let units: Vec<u16> = match index {
            0 => vec![ENGLISH_US],
            MANUFACTURER => self.manufacturer.encode_utf16().collect(),
            PRODUCT => self.name.encode_utf16().collect(),
            SERIAL => self.serial.encode_utf16().collect(),
            _ => return None,
        };
        let length = u8::try_from(2 + 2 * units.len()).ok()?;
        let mut bytes = vec![length, STRING];
        bytes.extend(units.into_iter().flat_map(u16::to_le_bytes));
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If these fail, do not change the tests: the bytes are the USB specification's.
    #[test]
    fn frozen_device_descriptor() {
        let board = Descriptor { vendor: 0x3171, product: 0x0014, ..Descriptor::default() };
        let expected =
            [18, 1, 0x10, 0x01, 0xff, 0, 0, 8, 0x71, 0x31, 0x14, 0x00, 0x05, 0x02, 1, 2, 3, 1];
        assert_eq!(board.get(1, 0).unwrap(), expected);
    }

    #[test]
    fn frozen_configuration_descriptor() {
        let expected = [9, 2, 18, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 0, 0xff, 0, 0, 0];
        assert_eq!(Descriptor::default().get(2, 0).unwrap(), expected);
    }

    #[test]
    fn frozen_strings() {
        let device = Descriptor { serial: "r1".into(), ..Descriptor::default() };
        assert_eq!(device.get(3, 0).unwrap(), [4, 3, 9, 4]);
        assert_eq!(device.get(3, 3).unwrap(), [6, 3, b'r', 0, b'1', 0]);
        assert_eq!(device.get(3, 4), None);
        assert_eq!(device.get(6, 0), None, "no device qualifier: not a high-speed device");
    }
}
