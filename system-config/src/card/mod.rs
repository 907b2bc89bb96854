//! Preparing a Raspberry Pi Zero's card as a node, and undoing it.
//!
//! ```no_run
//! use system_config::card::{self, CardRequest};
//! use system_config::changes::{self, Changed, LONGEST_WAIT};
//!
//! let request = CardRequest::new("3".parse()?).with_file("etc/clusterhat/node.toml", "id = 3\n".into());
//! // Nobody else sets the card up until this is dropped.
//! let sysroot = card::sysroot(Some("/mnt/root".as_ref()), None)?.locked(LONGEST_WAIT)?;
//! let plan = card::plan(&request, &card::read(&sysroot, &["etc/clusterhat/node.toml"])?)?;
//! print!("{}", plan.diff());
//! plan.apply(&sysroot)?;
//! changes::undo(&sysroot, Changed::Refuse)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | file | change | why |
//! |---|---|---|
//! | `config.txt` | `dtoverlay=dwc2`, `dtparam=dr_mode=peripheral` | the port becomes a device controller |
//! | `cmdline.txt` | `modules-load=` of the kernel's own gadgets goes | they would claim the port |
//! | `/etc/modules`, `/etc/modules-load.d/` | the same modules go | likewise |
//! | the files of the [`CardRequest`], as `/etc/clusterhat/node.toml` | as given | what the node is |
//! | `/etc/systemd/system/*.wants/` | two links | gadget and login at boot |
//! | NetworkManager's or networkd's files | `usb0` | DHCP first, then the fixed address |
//! | `/etc/hostname`, `/etc/hosts` | the name, if asked | |
//!
//! Nothing is added to `cmdline.txt`: dwc2 loads by its device-tree alias once the overlay is
//! there, and `clusterhat-node.service` loads libcomposite before it makes the gadget.
//!
//! Order of writing: with the port in device mode and no gadget, a node cannot be reached. So other
//! software's gadgets are removed after ours is installed, and `config.txt` is written last. A card
//! whose setup is interrupted before that boots as before: the new unit finds no UDC, or finds it in
//! use, and gives up. Undoing goes in reverse order.

mod cmdline_txt;
mod config_txt;
mod conflicts;
mod error;
mod hostname;
mod modules;
mod network;
mod networkd;
mod networkmanager;
mod plan;
mod read;
mod units;
mod user_data;

pub use error::CardError;
pub use plan::{CardRequest, plan};
pub use read::{check_model, read, sysroot};
