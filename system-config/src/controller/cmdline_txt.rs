//! The kernel's command line, `cmdline.txt`. Text in, text out.

use node_link::UsbId;

const CONSOLE: &str = "console=serial0,115200";

/// `serial0` is the header's port on every model; the others are names of it.
const PORTS: [&str; 3] = ["serial0", "ttyAMA0", "ttyS0"];

/// The line with the console; the same bytes if it has one there.
pub(super) fn with_console(old: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(old);
    let line = text.lines().next().unwrap_or_default();
    let has = line.split_whitespace().any(|word| {
        let port = word.strip_prefix("console=").unwrap_or_default();
        PORTS.contains(&port.split(',').next().unwrap_or_default())
    });
    // In front: the last console named is the one that /dev/console is.
    if has { old.to_owned() } else { [format!("{CONSOLE} ").as_bytes(), old].concat() }
}

/// Which devices usb-storage treats specially: `VID:PID:flags`, with commas between
/// (the kernel's admin-guide/kernel-parameters).
const QUIRKS: &str = "usb-storage.quirks=";

/// The line with usb-storage told to ignore (flag `i`) these devices; the same bytes if it has them there. Other
/// devices in the last such list stay: the kernel takes the last one.
pub(super) fn without_storage(old: &[u8], devices: &[UsbId]) -> Vec<u8> {
    let text = String::from_utf8_lossy(old);
    let line = text.lines().next().unwrap_or_default();
    let list = line.split_whitespace().filter_map(|word| word.strip_prefix(QUIRKS)).next_back();
    let is_ignored = |id: &&UsbId| {
        let entries = list.unwrap_or_default().split(',');
        entries.filter_map(|entry| entry.rsplit_once(':')).any(|(device, flags)| {
            device.eq_ignore_ascii_case(&id.to_string()) && flags.contains('i')
        })
    };
    let missing: Vec<_> =
        devices.iter().filter(|id| !is_ignored(id)).map(|id| format!("{id}:i")).collect();
    if missing.is_empty() {
        return old.to_owned();
    }
    let added = missing.join(",");
    match list {
        Some(list) => {
            let word = format!("{QUIRKS}{list}");
            let at = text.rfind(&word).map_or(0, |at| at + word.len());
            let separator = if list.is_empty() { "" } else { "," };
            [&old[..at], separator.as_bytes(), added.as_bytes(), &old[at..]].concat()
        }
        None => [format!("{QUIRKS}{added} ").as_bytes(), old].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_is_added_once() {
        let new = with_console(b"console=tty1 root=/dev/mmcblk0p2\n");
        assert_eq!(new, b"console=serial0,115200 console=tty1 root=/dev/mmcblk0p2\n");
        assert_eq!(with_console(&new), new);
        assert_eq!(with_console(b"console=ttyS0,9600 a\n"), b"console=ttyS0,9600 a\n");
    }

    #[test]
    fn usb_storage_is_told_once() {
        let rom = [UsbId::BOOT_ROM_ZERO_2];
        let becomes = |old: &str, new: &str| {
            let found = without_storage(old.as_bytes(), &rom);
            assert_eq!(String::from_utf8_lossy(&found), new);
            assert_eq!(
                without_storage(&found, &rom),
                found,
                "a second time there is nothing to do"
            );
        };
        becomes("root=a quiet\n", "usb-storage.quirks=0a5c:2764:i root=a quiet\n");
        becomes(
            "usb-storage.quirks=152d:0578:u root=a\n",
            "usb-storage.quirks=152d:0578:u,0a5c:2764:i root=a\n",
        );
        becomes("usb-storage.quirks=0A5C:2764:i a\n", "usb-storage.quirks=0A5C:2764:i a\n");
        becomes("usb-storage.quirks=0a5c:2764:u a", "usb-storage.quirks=0a5c:2764:u,0a5c:2764:i a");
        assert_eq!(without_storage(b"a\n", &[]), b"a\n");
    }
}
