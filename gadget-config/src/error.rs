//! Why a gadget could not be set up or taken down.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::{Holder, KernelPart, Owner};

/// An error, with the path it is about and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Configfs has no place for gadgets.
    #[error(
        "{} is not there: the kernel lacks {}, or configfs is not mounted (systemd's \
         sys-kernel-config.mount does it)", path.display(), KernelPart::composite()
    )]
    NoConfigfs {
        /// Where it was looked for.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something of the kernel's could not be read.
    #[error("cannot read {}{}", path.display(), hint(source))]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The controller did not come.
    #[error(
        "/sys/class/udc has {} after {waited:?}, but {seen}: a Raspberry Pi's needs \
         dtoverlay=dwc2,dr_mode=peripheral in config.txt and a restart; another's kernel needs its \
         driver, as CONFIG_USB_DWC2", wanted(.name)
    )]
    NoUdc {
        /// The name that was asked for.
        name: Option<String>,
        /// How long it was waited for.
        waited: Duration,
        /// What there is instead.
        seen: String,
    },
    /// There is a choice, and nobody made it.
    #[error("/sys/class/udc has several controllers, {}: name the node's own", names.join(" and "))]
    SeveralUdcs {
        /// Their names.
        names: Vec<String>,
    },
    /// Somebody else uses the port.
    #[error("/sys/class/udc/{udc} is used by {owner}")]
    Owned {
        /// The controller.
        udc: String,
        /// Who.
        owner: Owner,
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
        /// The controller.
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
    #[error("cannot stop the login on the node's serial ports")]
    Getty(#[source] io::Error),
    /// A terminal is in use, which would block the removal.
    #[error("{} open by {}: end that first, since the kernel removes no serial port in use",
        is_open(.0), programs(.0))]
    TtyOpen(Vec<Holder>),
    /// Another call is at work.
    #[error("{} is locked by another call since {waited:?}: wait for it to end", path.display())]
    Locked {
        /// What.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
}

impl Error {
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
    name.as_ref().map_or_else(|| "no controller".to_owned(), |name| format!("no {name}"))
}

fn missing(part: &Option<KernelPart>) -> String {
    part.as_ref().map_or_else(String::new, |part| format!(": the kernel lacks {part}"))
}

fn is_open(holders: &[Holder]) -> String {
    let mut ttys: Vec<&str> = holders.iter().map(|holder| holder.tty.as_str()).collect();
    ttys.dedup();
    format!("{} {}", ttys.join(" and "), if ttys.len() == 1 { "is" } else { "are" })
}

fn programs(holders: &[Holder]) -> String {
    let program = |holder: &Holder| format!("{} (process {})", holder.program, holder.pid);
    holders.iter().map(program).collect::<Vec<_>>().join(" and ")
}
