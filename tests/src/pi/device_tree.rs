//! The device tree that a Pi boots with: the kernel's, changed by `fdtput`, and the HAT in it.

use std::{io, path::Path};

use super::{
    model::{Fix, Model},
    programs::{Programs, copy},
};
use crate::vm::tools;

/// What the EEPROM of a HAT says, as the firmware puts it below `/hat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hat {
    /// The revision, as `0x0025` for v2.5.
    pub product_ver: &'static str,
}

/// Writes the device tree of a model with what sits on its header.
pub(super) fn write(
    programs: &Programs,
    model: Model,
    from: &Path,
    hat: Option<Hat>,
    to: &Path,
) -> io::Result<()> {
    copy(from, to)?;
    let put = |options: &[&str], change: &[&str]| {
        let mut fdtput = programs.command("fdtput")?;
        tools::stdout(fdtput.args(options).arg(to).args(change)).map(drop)
    };
    for fix in model.fixes() {
        match fix {
            Fix::Words(node, property, words) => {
                put(&["-t", "x"], &[&[*node, *property], *words].concat())?;
            }
            Fix::Text(node, property, text) => put(&["-t", "s"], &[node, property, text])?,
            Fix::Remove(node) => put(&["-r"], &[node])?,
        }
    }
    let Some(hat) = hat else { return Ok(()) };
    put(&["-c"], &["/hat"])?;
    for (property, text) in [
        ("product", "ZC4:ClusterHAT"),
        ("product_ver", hat.product_ver),
        ("product_id", "0x0004"),
        ("vendor", "8086 Consultancy"),
        ("uuid", "00000000-0000-4000-8000-000000000000"),
    ] {
        put(&["-t", "s"], &["/hat", property, text])?;
    }
    Ok(())
}
