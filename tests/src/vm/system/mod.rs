//! A virtual machine that is a whole Debian 13 with systemd, its udev and a manager of networks, as
//! the controller of a cluster whose nodes are in it.
//!
//! - The root is Debian's packages in a squashfs, made once and kept in `tests/.cache`; over it lie
//!   the files under test and, topmost, a disk of the machine's own, which outlives
//!   [`System::reboot`].
//! - A Cluster HAT's expander is on an I2C bus of the machine; the chip itself is the test's.
//! - The nodes are gadgets on `dummy_hcd`, made by the real `clusterhat-node`, each node's end of the
//!   link in a network namespace of its own. A power plane ([`Plane`]) puts them on their ports and takes them
//!   off as the expander's pins say.
//! - A second network device leads to another namespace, the outside world: `rig/lan` says what
//!   is there.

mod payload;
mod plane;
mod root;
mod run;

pub use plane::Plane;
pub use run::{Network, System};
