//! The Raspberry Pis that QEMU emulates well enough.

/// A model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Raspberry Pi 3B: 64-bit.
    Pi3,
    /// Raspberry Pi Zero: ARMv6, which has no instruction of the later ones.
    Zero,
}

/// A change of the device tree that Debian's kernel brings.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fix {
    /// Make a property these words.
    Words(&'static str, &'static str, &'static [&'static str]),
    /// Make a property this text.
    Text(&'static str, &'static str, &'static str),
    /// Remove a node.
    Remove(&'static str),
}

/// The I2C controller of the header's pins, as the firmware numbers it.
const HEADER_BUS: Fix = Fix::Text("/aliases", "i2c1", "/soc/i2c@7e804000");

impl Model {
    /// Debian's name of the architecture, which is also that of this project's package.
    #[must_use]
    pub const fn package_architecture(self) -> &'static str {
        match self {
            Self::Pi3 => "arm64",
            // What Raspberry Pi OS calls its ARMv6 with floating point.
            Self::Zero => "armhf",
        }
    }

    /// The architecture of the kernel and of busybox: Debian's own for ARMv6 has no hardware
    /// floating point, which a static program does not mind.
    pub(super) const fn kernel_architecture(self) -> &'static str {
        match self {
            Self::Pi3 => "arm64",
            Self::Zero => "armel",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pi3 => "pi3",
            Self::Zero => "zero",
        }
    }

    /// QEMU's name of the machine.
    pub(super) const fn machine(self) -> &'static str {
        match self {
            Self::Pi3 => "raspi3b",
            Self::Zero => "raspi0",
        }
    }

    pub(super) const fn kernel(self) -> &'static str {
        match self {
            Self::Pi3 => "linux-image-arm64",
            Self::Zero => "linux-image-rpi",
        }
    }

    /// The device tree in the kernel's package.
    pub(super) const fn device_tree(self) -> &'static str {
        match self {
            Self::Pi3 => "broadcom/bcm2837-rpi-3-b.dtb",
            Self::Zero => "bcm2835-rpi-zero.dtb",
        }
    }

    /// What QEMU does not emulate as the device tree has it.
    pub(super) const fn fixes(self) -> &'static [Fix] {
        match self {
            // The UART would be the Bluetooth chip's.
            Self::Pi3 => &[HEADER_BUS, Fix::Remove("/soc/serial@7e201000/bluetooth")],
            // The power controller's registers beyond these are not there.
            Self::Zero => {
                &[HEADER_BUS, Fix::Words("/soc/watchdog@7e100000", "reg", &["0x7e100000", "0x114"])]
            }
        }
    }

    /// Where the registers of the GPIO lines are: "BCM2835 ARM Peripherals", section 6.1. The first are GPFSEL0 to GPFSEL5.
    const fn gpio(self) -> u32 {
        match self {
            Self::Pi3 => 0x3f20_0000,
            Self::Zero => 0x2020_0000,
        }
    }

    /// Where the level register of lines 0 to 31 is, GPLEV0.
    pub(super) const fn levels(self) -> u32 {
        self.gpio() + 0x34
    }

    /// Where the function of a line stands: the register, and the number of the lowest of its three bits.
    pub(super) const fn function(self, line: u32) -> (u32, u32) {
        (self.gpio() + line / 10 * 4, line % 10 * 3)
    }
}
