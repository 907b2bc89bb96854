//! Takes the kernel proper out of Debian's `vmlinuz`.
//!
//! QEMU boots it as it is, and a boot takes less: emulated, the machine needs up to 3 s to decompress its own kernel.

use std::{fs, io, ops::Range, path::Path};

use super::tools::{self, Tool, XZ, ZSTD};

/// How Debian compresses its kernels: what that begins with, and who reads it. Debian 12 has xz, Debian 13 zstd.
const COMPRESSIONS: [(&[u8], Tool); 2] = [(b"\xfd7zXZ\0", XZ), (b"\x28\xb5\x2f\xfd", ZSTD)];

/// Writes what QEMU is to boot: the decompressed kernel, or `vmlinuz` as it is if it is compressed by other means.
pub(super) fn extract(vmlinuz: &Path, vmlinux: &Path) -> io::Result<()> {
    let image = fs::read(vmlinuz)?;
    let compressed = payload(&image).and_then(|range| image.get(range)).unwrap_or_default();
    let known = COMPRESSIONS.iter().find(|(magic, _)| compressed.starts_with(magic));
    let Some((_, tool)) = known else { return fs::write(vmlinux, image) };
    fs::write(vmlinux, compressed)?;
    let kernel = tools::stdout(tool.command()?.arg("-dc").arg(vmlinux))?;
    fs::write(vmlinux, kernel)
}

/// Where the compressed kernel lies: the kernel's `Documentation/arch/x86/boot.rst`, fields
/// `setup_sects`, `payload_offset` and `payload_length`; without the length of the kernel proper, which stands behind it.
fn payload(image: &[u8]) -> Option<Range<usize>> {
    const SECTOR: usize = 512;
    const LENGTH: usize = 4;
    let word =
        |at: usize| Some(u32::from_le_bytes(image.get(at..at + 4)?.try_into().ok()?) as usize);
    let setup_sectors = usize::from(*image.get(0x1f1)?);
    let protected_mode = (1 + setup_sectors) * SECTOR;
    let start = protected_mode + word(0x248)?;
    Some(start..start + word(0x24c)?.checked_sub(LENGTH)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_where_the_payload_lies() {
        let mut image = vec![0; 0x400];
        image[0x1f1] = 2;
        image[0x248..0x250].copy_from_slice(&[0x10, 0, 0, 0, 0x20, 0, 0, 0]);
        assert_eq!(payload(&image), Some(0x610..0x62c));
        assert_eq!(payload(&image[..0x100]), None);
    }
}
