//! USB device controllers in sysfs.

use std::io;
use std::path::Path;

use super::attribute::attribute;
use crate::{GadgetError, Udc};

const CLASS: &str = "/sys/class/udc";

pub(super) fn udcs() -> Result<Vec<Udc>, GadgetError> {
    let found =
        usb_gadget::udcs().map_err(|source| GadgetError::Read { path: CLASS.into(), source })?;
    let mut udcs = found
        .iter()
        .map(|udc| read(&udc.name().to_string_lossy()))
        .collect::<Result<Vec<_>, _>>()?;
    udcs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(udcs)
}

pub(super) fn udc(name: &str) -> io::Result<usb_gadget::Udc> {
    let found = usb_gadget::udcs()?.into_iter().find(|udc| udc.name() == name);
    found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no UDC {name}")))
}

fn read(name: &str) -> Result<Udc, GadgetError> {
    let folder = Path::new(CLASS).join(name);
    Ok(Udc {
        name: name.to_owned(),
        function: attribute(&folder.join("function"))?.filter(|text| !text.is_empty()),
        state: attribute(&folder.join("state"))?.unwrap_or_default(),
    })
}
