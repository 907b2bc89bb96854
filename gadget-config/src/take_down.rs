//! Takes the node's gadget away.

use std::io;
use std::time::Duration;

use crate::{GADGET, GadgetError, Kernel, LayoutEntry, Limits, Tree};

/// Time between two looks at who has a terminal open.
const POLL: Duration = Duration::from_millis(100);

/// Ends the logins on the gadget's terminals (`/dev/ttyGS0` ...), since the kernel's removal blocks
/// while one is open. It is called only when a gadget is there to be removed.
pub type StopGetty<'a> = &'a mut dyn FnMut(&[String]) -> io::Result<()>;

/// Removes the gadget, bound or not, whole or half-made. Whether there was one.
///
/// # Errors
/// If `stop_getty` fails, a process keeps a terminal open (it is named, and the gadget left as it
/// was), or the kernel refuses.
pub fn take_down(
    kernel: &mut dyn Kernel,
    limits: &Limits,
    stop_getty: StopGetty<'_>,
) -> Result<bool, GadgetError> {
    let Some(tree) = kernel.tree(GADGET)? else {
        return Ok(false);
    };
    let ttys = ttys(&tree, |_, _| true);
    if !ttys.is_empty() {
        stop_getty(&ttys).map_err(GadgetError::Getty)?;
        await_closed(kernel, &ttys, limits.tty)?;
    }
    remove(kernel)?;
    Ok(true)
}

/// Removes the gadget, whose terminals nobody has open.
pub(crate) fn remove(kernel: &mut dyn Kernel) -> Result<(), GadgetError> {
    // Off the bus first, so that nothing opens a terminal for what the host sends. A gadget that is
    // bound to nothing says ENODEV; what is really wrong, the removal tells.
    let _ = kernel.bind(GADGET, None);
    kernel
        .remove(GADGET)
        .map_err(|source| GadgetError::Remove { path: kernel.path(GADGET), source })
}

/// The terminals of those serial functions that count, by their folders.
pub(crate) fn ttys(tree: &Tree, counts: impl Fn(&Tree, &str) -> bool) -> Vec<String> {
    let tty = |(path, entry): (&String, &LayoutEntry)| {
        let folder = path.strip_suffix("/port_num")?;
        match entry {
            LayoutEntry::Value(number) if folder.starts_with("functions/acm.") => {
                counts(tree, folder).then(|| format!("/dev/ttyGS{number}"))
            }
            _ => None,
        }
    };
    tree.iter().filter_map(tty).collect()
}

fn await_closed(
    kernel: &mut dyn Kernel,
    ttys: &[String],
    limit: Duration,
) -> Result<(), GadgetError> {
    let end = kernel.now() + limit;
    loop {
        let holders = kernel
            .holders(ttys)
            .map_err(|source| GadgetError::Read { path: "/proc".into(), source })?;
        if holders.is_empty() {
            return Ok(());
        }
        if kernel.now() >= end {
            return Err(GadgetError::TtyOpen(holders));
        }
        kernel.sleep(POLL);
    }
}
