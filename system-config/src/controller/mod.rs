//! Preparing a controller: I2C, USB, groups, units, and the vendor's image taken over.
//!
//! Nothing here touches a board: nodes that are on stay on.
//!
//! | file | change | why |
//! |---|---|---|
//! | `config.txt` | `dtparam=i2c_arm=on`, where no line makes the bus yet | the HAT's expander is on it |
//! | | `otg_mode=1` for `[pi4]` | its USB-C controller is a host too |
//! | | `enable_uart=1`, if asked | a console on the header's serial port |
//! | `cmdline.txt`, or what `cmdline=` names | `console=serial0,115200`, if asked | likewise |
//! | | `usb-storage.quirks=`, if asked | a node's boot ROM is no disk |
//! | `/etc/modules-load.d/` | `i2c-dev`, unless it is loaded already | `/dev/i2c-N` |
//! | `/etc/systemd/system/*.wants/` | our init unit in, the vendor's out | one of them is enough |
//! | `/etc/udev/rules.d/` | the vendor's rules out | ours name the same devices |

mod cmdline_txt;
mod config_txt;
mod gaps;
mod groups;
mod i2c;
mod modules;
mod plan;

pub use gaps::{Gap, gaps};
pub use groups::{
    GROUPS, Membership, change, change_mounted, has_user, is_member, made, missing, read_made,
    remove_drafts,
};
pub use plan::{ControllerRequest, plan, read, sysroot};
