//! Debian 13 as a disk image, and its kernel: made with mmdebstrap from the host's own mirror.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Stdio,
};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::super::{
    cpio::Archive,
    debian::{self, KEYS, RELEASE},
    image, modules, packages, renewal,
    tools::{self, MMDEBSTRAP, SQFSTAR, context},
    vmlinux,
};

/// Beyond what every Debian has.
const PACKAGES: &[&str] = &[
    "busybox",
    "curl",
    "dbus",
    "dnsmasq-base",
    "iproute2",
    "iptables",
    "iputils-ping",
    "kmod",
    "login",
    "network-manager",
    "nftables",
    "procps",
    "systemd",
    "systemd-sysv",
    "udev",
];

/// Left out: nobody reads them here.
const EXCLUDED: &[&str] = &["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"];

/// Loaded by the initramfs to reach the root.
const BOOT_MODULES: &[&str] =
    &["virtio_pci", "virtio_blk", "squashfs", "overlay", "crc32c_generic", "ext4"];

/// Puts the kernel's modules in place, but for those of hardware that the machine has not.
const KERNEL_HOOK: &str = r#"set -eu
chroot "$1" sh -euc '
cd /root
kernel=$(apt-cache depends linux-image-amd64 | sed -n "s/.*Depends: //p" | head -n 1)
apt-get download -qq "$kernel"
mv linux-image-*.deb kernel.deb
dpkg-deb -x kernel.deb /
cd /usr/lib/modules/*/kernel
rm -rf sound arch drivers/gpu drivers/media drivers/infiniband drivers/scsi drivers/staging \
    drivers/iio drivers/hwmon drivers/net/ethernet drivers/net/wireless drivers/net/can \
    drivers/platform drivers/video drivers/input drivers/md drivers/isdn drivers/accel
cd ..
depmod "${PWD##*/}"
rm -rf /boot/*'"#;

/// The disk and what starts it.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) kernel: PathBuf,
    pub(super) disk: PathBuf,
    initramfs: PathBuf,
}

impl Root {
    /// The initramfs that the payload goes behind.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn initramfs(&self) -> io::Result<Vec<u8>> {
        fs::read(&self.initramfs).map_err(|e| context(e, self.initramfs.display()))
    }
}

/// The root, made if it is not there or was made by another recipe.
///
/// # Errors
/// If a program is missing (its Debian package is named) or a package cannot be had.
pub(super) fn root() -> io::Result<Root> {
    const INIT: &str = include_str!("init.sh");
    let cache = image::cache()?.join("system");
    fs::create_dir_all(&cache)?;
    // Two test programs may want to make it at the same time; the second then finds it made.
    let lock = File::create(cache.join("lock"))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    let root = Root {
        kernel: cache.join("vmlinux"),
        disk: cache.join("root.squashfs"),
        initramfs: cache.join("initramfs.cpio"),
    };
    let package = cache.join("kernel.deb");
    made_by(&cache.join("disk-recipe"), &disk_recipe(), || {
        renewal::waited_out(RELEASE, || make_disk(&root.disk, &package))
    })?;
    let recipe = format!("{}\n{BOOT_MODULES:?}\n{INIT}", disk_recipe());
    made_by(&cache.join("boot-recipe"), &recipe, || make_boot(&cache, &package, &root, INIT))?;
    Ok(root)
}

/// Makes something unless a file vouches that this recipe made it.
fn made_by(file: &Path, recipe: &str, make: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    if fs::read_to_string(file).is_ok_and(|made_by| made_by == recipe) {
        return Ok(());
    }
    // Should the making be cut short, nothing must vouch for its remains.
    fs::write(file, "")?;
    make()?;
    fs::write(file, recipe)
}

fn disk_recipe() -> String {
    format!("{RELEASE} {PACKAGES:?} {EXCLUDED:?}\n{KERNEL_HOOK}")
}

/// Makes the squashfs, and saves the kernel's package.
fn make_disk(disk: &Path, package: &Path) -> io::Result<()> {
    let log = disk.with_extension("log");
    let mut mmdebstrap = MMDEBSTRAP.command()?;
    mmdebstrap.args(["--variant=minbase", "--format=tar"]).arg(format!("--keyring={KEYS}"));
    mmdebstrap.arg(format!("--include={}", PACKAGES.join(",")));
    mmdebstrap.args(EXCLUDED.iter().map(|path| format!("--dpkgopt=path-exclude={path}")));
    mmdebstrap.arg(format!("--customize-hook={KERNEL_HOOK}"));
    mmdebstrap.arg(format!("--customize-hook=download /root/kernel.deb '{}'", package.display()));
    mmdebstrap.arg("--customize-hook=rm \"$1/root/kernel.deb\"");
    mmdebstrap.args([RELEASE, "-", &debian::mirror()]);
    mmdebstrap.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&log)?);
    let mut debian = mmdebstrap.spawn()?;
    let tar = debian.stdout.take().ok_or_else(|| io::Error::other("mmdebstrap has no output"))?;
    let mut sqfstar = SQFSTAR.command()?;
    sqfstar.args(["-comp", "lz4", "-root-mode", "755", "-quiet", "-no-progress", "-force"]);
    let squashed = tools::stdout(sqfstar.arg(disk).stdin(tar));
    if !debian.wait()?.success() {
        let said = fs::read_to_string(&log)?;
        return Err(io::Error::other(format!("mmdebstrap could not make {RELEASE}: {said}")));
    }
    squashed.map(drop)
}

/// Makes the kernel that QEMU boots, and the initramfs.
fn make_boot(cache: &Path, package: &Path, root: &Root, init: &str) -> io::Result<()> {
    let unpacked = TempDir::new_in(cache)?;
    packages::unpack(package, unpacked.path())?;
    let (version, kernel) = image::kernel_in(unpacked.path())?;
    let modules_dir = image::modules_in(unpacked.path(), &version)?;
    let closure = modules::closure(&modules_dir, BOOT_MODULES)?;
    let mut archive = Archive::default();
    for dir in ["/dev", "/proc", "/sys", "/sbin", "/etc", "/layers", "/payload"] {
        archive.directory(dir);
    }
    archive.file("/bin/busybox", &fs::read(&image::base()?.busybox)?);
    archive.symlink("/bin/sh", "busybox");
    archive.file("/init", init.as_bytes());
    let mut list = String::new();
    for module in modules::in_order(&closure) {
        let file = format!("/modules/{}", module.path);
        archive.data(&file, &module.content);
        list += &format!("{file}\n");
    }
    archive.data("/etc/modules", list.as_bytes());
    fs::write(&root.initramfs, archive.finish())?;
    vmlinux::extract(&kernel, &root.kernel)
}
