//! Why a gadget could not be set up or taken down.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::{KernelPart, TtyHolder, UdcOwner};

/// An error, with the path it is about and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GadgetError {
    /// Configfs has no folder for gadgets.
    #[error(
        "{} does not exist: the kernel lacks {}, or configfs is not mounted (systemd's \
         sys-kernel-config.mount does it)", path.display(), KernelPart::composite()
    )]
    NoConfigfs {
        /// Where it was looked for.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of configfs or sysfs could not be read.
    #[error("cannot read {}{}", path.display(), hint(source))]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The USB device controller did not appear.
    #[error(
        "/sys/class/udc has {} after {waited:?}, but {seen}: on a Raspberry Pi add \
         dtoverlay=dwc2,dr_mode=peripheral to config.txt and reboot; on other machines load the \
         driver of the USB device controller", wanted(.name)
    )]
    NoUdc {
        /// The name that was asked for.
        name: Option<String>,
        /// How long it was waited for.
        waited: Duration,
        /// What there is instead.
        seen: String,
    },
    /// There are several hardware UDCs, and none was named.
    #[error("/sys/class/udc has several USB device controllers, {}: set udc in node.toml to the one to use", names.join(" and "))]
    SeveralUdcs {
        /// Their names.
        names: Vec<String>,
    },
    /// Other software uses the USB device controller.
    #[error("/sys/class/udc/{udc} is used by {owner}")]
    Owned {
        /// The UDC.
        udc: String,
        /// Who.
        owner: UdcOwner,
    },
    /// The kernel did not take a part of the gadget.
    #[error("cannot make {}{}{}", path.display(), missing(.part), hint(source))]
    Register {
        /// The part.
        path: PathBuf,
        /// What the kernel lacks, where that is the reason.
        part: Option<KernelPart>,
        /// Why.
        source: io::Error,
    },
    /// The kernel did not bind the gadget.
    #[error("cannot write {udc} to {}{}", path.display(), hint(source))]
    Bind {
        /// The gadget's attribute.
        path: PathBuf,
        /// The UDC.
        udc: String,
        /// Why.
        source: io::Error,
    },
    /// The kernel did not remove the gadget.
    #[error("cannot remove {}{}", path.display(), hint(source))]
    Remove {
        /// The gadget.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The login on the console could not be stopped.
    #[error("cannot stop or start the login on the node's serial ports")]
    Getty(#[source] io::Error),
    /// A terminal is in use, which would block the removal.
    #[error("{} open by {}: close it first: the kernel cannot remove a serial port that is in use",
        is_open(.0), programs(.0))]
    TtyOpen(Vec<TtyHolder>),
    /// Another process is changing the gadget.
    #[error("another process has held the lock of {} for {waited:?}: try again when it has finished", path.display())]
    Locked {
        /// What.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
}

impl GadgetError {
    /// Whether something did not come in time.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::NoUdc { .. } | Self::Locked { .. })
    }
}

fn hint(source: &io::Error) -> &'static str {
    if source.kind() == io::ErrorKind::PermissionDenied { " (root can)" } else { "" }
}

fn wanted(name: &Option<String>) -> String {
    name.as_ref().map_or_else(|| "no USB device controller".to_owned(), |name| format!("no {name}"))
}

fn missing(part: &Option<KernelPart>) -> String {
    part.as_ref().map_or_else(String::new, |part| format!(": the kernel lacks {part}"))
}

fn is_open(holders: &[TtyHolder]) -> String {
    let mut ttys: Vec<&str> = holders.iter().map(|holder| holder.tty.as_str()).collect();
    ttys.dedup();
    format!("{} {}", ttys.join(" and "), if ttys.len() == 1 { "is" } else { "are" })
}

fn programs(holders: &[TtyHolder]) -> String {
    let program = |holder: &TtyHolder| format!("{} (process {})", holder.program, holder.pid);
    holders.iter().map(program).collect::<Vec<_>>().join(" and ")
}
