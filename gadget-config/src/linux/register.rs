//! A profile in the words of the crate `usb-gadget`.

use std::io;

use usb_gadget::function::{
    Handle,
    other::Other,
    serial::{Serial, SerialClass},
};
use usb_gadget::{Class, Config, Gadget, Id, OsDescriptor, Strings, UsbVersion};

use crate::layout::{drivers, ethernet_attributes};
use crate::{GADGET, Profile};

/// Makes the gadget and leaves it, whole or not.
pub(super) fn register(profile: &Profile) -> io::Result<()> {
    gadget(profile)?.register()?.detach();
    Ok(())
}

fn gadget(profile: &Profile) -> io::Result<Gadget> {
    let [class, sub_class, protocol] = Profile::CLASS;
    let id = profile.usb_id();
    let strings = Strings::new(profile.manufacturer(), profile.product(), profile.serial());
    let mut gadget = Gadget::new(
        Class::new(class, sub_class, protocol),
        Id::new(id.vendor, id.product),
        strings,
    )
    .with_config(config(profile)?);
    gadget.name = Some(GADGET.to_owned());
    gadget.device_release = Profile::DEVICE_VERSION;
    gadget.usb_version = UsbVersion::Other(Profile::USB_VERSION);
    // What is left tells which part failed.
    gadget.keep_on_error = true;
    gadget.os_descriptor = profile
        .microsoft_os()
        .map(|windows| OsDescriptor::new(windows.vendor_code, windows.signature.to_owned()));
    Ok(gadget)
}

fn config(profile: &Profile) -> io::Result<Config> {
    let mut config = Config::new("");
    // As the vendor has it: the configuration has no string.
    config.description.clear();
    config.max_power = Profile::MAX_POWER_MA;
    config.add_function(ethernet(profile)?);
    for _ in drivers(profile).iter().filter(|driver| **driver == "acm") {
        config.add_function(Serial::new(SerialClass::Acm).1);
    }
    Ok(config)
}

/// The crate's network functions do not know `compatible_id`.
fn ethernet(profile: &Profile) -> io::Result<Handle> {
    let mut ethernet = Other::builder(profile.ethernet.name())?;
    for (name, value) in ethernet_attributes(profile) {
        ethernet.set(name, value)?;
    }
    Ok(ethernet.build().1)
}
