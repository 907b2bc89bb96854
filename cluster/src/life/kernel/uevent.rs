//! uevents of USB devices (`lib/kobject_uevent.c`, `drivers/usb/core/driver.c`).
//!
//! `add@/devices/...` and then `KEY=value`, each ended by a zero byte.

/// A USB device was added or removed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Uevent<'a> {
    /// Whether it was added.
    pub(super) is_there: bool,
    /// Its name in sysfs, which is its USB path: `1-1.2.1`.
    pub(super) device: &'a str,
}

impl<'a> Uevent<'a> {
    /// Parses a message; `None` if it is about something else.
    pub(super) fn of(message: &'a [u8]) -> Option<Self> {
        let mut fields = message.split(|&byte| byte == 0).skip(1);
        let (mut action, mut path) = (None, None);
        let (mut is_usb, mut is_device) = (false, false);
        for field in fields.by_ref().filter_map(|field| std::str::from_utf8(field).ok()) {
            match field.split_once('=') {
                Some(("ACTION", value)) => action = Some(value),
                Some(("DEVPATH", value)) => path = Some(value),
                Some(("SUBSYSTEM", value)) => is_usb = value == "usb",
                Some(("DEVTYPE", value)) => is_device = value == "usb_device",
                _ => {}
            }
        }
        let is_there = match action? {
            "add" => true,
            "remove" => false,
            _ => return None,
        };
        let (_, device) = path?.rsplit_once('/')?;
        (is_usb && is_device).then_some(Self { is_there, device })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Linux 6.12 sends them.
    const ADD: &[u8] = b"add@/devices/platform/soc/20980000.usb/usb1/1-1/1-1.2/1-1.2.1\0ACTION=add\0\
        DEVPATH=/devices/platform/soc/20980000.usb/usb1/1-1/1-1.2/1-1.2.1\0SUBSYSTEM=usb\0MAJOR=189\0\
        MINOR=6\0DEVNAME=bus/usb/001/007\0DEVTYPE=usb_device\0PRODUCT=3171/21/100\0TYPE=239/2/1\0\
        BUSNUM=001\0DEVNUM=007\0SEQNUM=2048\0";

    fn changed(from: &str, to: &str) -> Vec<u8> {
        String::from_utf8(ADD.to_vec()).unwrap().replace(from, to).into_bytes()
    }

    #[test]
    fn a_device_s_coming_and_going_is_told() {
        let device = "1-1.2.1";
        assert_eq!(Uevent::of(ADD), Some(Uevent { is_there: true, device }));
        let gone = changed("ACTION=add", "ACTION=remove");
        assert_eq!(Uevent::of(&gone), Some(Uevent { is_there: false, device }));
    }

    #[test]
    fn all_else_is_not_heeded() {
        for (from, to) in [
            ("ACTION=add", "ACTION=bind"),
            ("DEVTYPE=usb_device", "DEVTYPE=usb_interface"),
            ("SUBSYSTEM=usb", "SUBSYSTEM=net"),
            ("DEVPATH=", "PATH="),
        ] {
            assert_eq!(Uevent::of(&changed(from, to)), None, "{from}");
        }
        for end in 0..ADD.len() {
            let _ = Uevent::of(&ADD[..end]);
        }
        assert_eq!(Uevent::of(b"libudev\0\xfe\xed\xca\xfe\0\0\0"), None);
    }
}
