//! Takes the kernel proper out of Debian's `vmlinuz`.
//!
//! QEMU boots it as it is, and a boot takes half as long: emulated, the machine needs 3 s to
//! decompress its own kernel.

use std::{fs, io, ops::Range, path::Path};

use super::tools::{self, XZ};

/// Writes what QEMU is to boot: the decompressed kernel, or `vmlinuz` as it is if it is compressed
/// by other means than xz (Debian 13's is by zstd, which the machine takes less time over).
pub(super) fn extract(vmlinuz: &Path, vmlinux: &Path) -> io::Result<()> {
    const XZ_MAGIC: &[u8] = b"\xfd7zXZ\0";
    let image = fs::read(vmlinuz)?;
    match payload(&image).and_then(|range| image.get(range)) {
        Some(payload) if payload.starts_with(XZ_MAGIC) => {
            fs::write(vmlinux, payload)?;
            // Behind the xz stream stands its length; hence one stream alone.
            let kernel =
                tools::stdout(XZ.command()?.args(["-dc", "--single-stream"]).arg(vmlinux))?;
            fs::write(vmlinux, kernel)
        }
        _ => fs::write(vmlinux, image),
    }
}

/// Where the compressed kernel lies: the kernel's `Documentation/arch/x86/boot.rst`, fields
/// `setup_sects`, `payload_offset` and `payload_length`.
fn payload(image: &[u8]) -> Option<Range<usize>> {
    const SECTOR: usize = 512;
    let word =
        |at: usize| Some(u32::from_le_bytes(image.get(at..at + 4)?.try_into().ok()?) as usize);
    let setup_sectors = usize::from(*image.get(0x1f1)?);
    let protected_mode = (1 + setup_sectors) * SECTOR;
    let start = protected_mode + word(0x248)?;
    Some(start..start + word(0x24c)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_where_the_payload_lies() {
        let mut image = vec![0; 0x400];
        image[0x1f1] = 2;
        image[0x248..0x250].copy_from_slice(&[0x10, 0, 0, 0, 0x20, 0, 0, 0]);
        assert_eq!(payload(&image), Some(0x610..0x630));
        assert_eq!(payload(&image[..0x100]), None);
    }
}
