//! The console on the header's serial port in `cmdline.txt`.

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
}
