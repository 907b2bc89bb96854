//! Kernel modules that make a gadget of their own as soon as they are loaded.
//!
//! They are what hand-made setups load at boot; with one of them there, the port is taken
//! before the node's gadget comes.

/// drivers/usb/gadget/legacy/Makefile of the kernel.
const LEGACY: [&str; 16] = [
    "g_acm_ms",
    "g_audio",
    "g_cdc",
    "g_dbgp",
    "g_ether",
    "g_ffs",
    "g_hid",
    "g_mass_storage",
    "g_midi",
    "g_multi",
    "g_ncm",
    "g_nokia",
    "g_printer",
    "g_serial",
    "g_webcam",
    "g_zero",
];

/// Whether a module claims the port; `-` and `_` are one to the kernel.
pub(super) fn claims_port(module: &str) -> bool {
    let module = module.trim().replace('-', "_");
    LEGACY.contains(&module.as_str())
}

/// A modules-load.d file without the lines that claim the port. Beside such a line, dwc2 is of the
/// same hand-made setup; it loads without being named.
pub(super) fn edit(old: &[u8]) -> Vec<u8> {
    let lines = || old.split_inclusive(|byte| *byte == b'\n');
    let claims = |line: &&[u8]| claims_port(name(line));
    if !lines().any(|line| claims(&line)) {
        return old.to_owned();
    }
    lines().filter(|line| !claims(line) && name(line) != "dwc2").flatten().copied().collect()
}

/// Only the first word counts where `/etc/modules` gives parameters after it.
fn name(line: &[u8]) -> &str {
    let text = std::str::from_utf8(line).unwrap_or_default();
    text.split_whitespace().next().unwrap_or_default()
}
