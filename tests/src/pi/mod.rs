//! An emulated Raspberry Pi with a stock Debian kernel: a PCA9554 on the Pi's own I2C controller, a
//! HAT's EEPROM in its device tree, and Pi Zeros on the USB that come and go with the expander's pins.
//!
//! QEMU emulates the board; the chip is younger than the QEMU of any release of Debian, so that it
//! comes from the backports with libraries of its own. Nothing is installed and nobody has to be root:
//! packages are downloaded by a second state of apt and unpacked below `tests/.cache/pi`.
//!
//! [`Pi::pins`] and [`Pi::lines`] look at the emulated hardware from outside, over QEMU's monitor.
//!
//! That PCA9554 acknowledges every register number and takes it modulo 4, so that an XRA1200P cannot be
//! told from it by the register that it lacks: the command calls it an XRA1200P until it is initialised
//! and finds then that the register is another's.

mod base64;
mod cache;
mod device_tree;
mod image;
mod machine;
mod model;
mod nodes;
mod packages;
mod programs;
mod qmp;
mod shell;

pub use device_tree::Hat;
pub use machine::{Pi, Setup};
pub use model::Model;
pub use packages::Package;
