//! What QEMU boots: Debian's kernel, and an initramfs of busybox, kernel modules, udev where that
//! is asked for, and the programs under test.
//!
//! The archives made of Debian's packages stay in `tests/.cache`; the payload, which every build
//! changes, is another archive put behind them at each boot (the kernel unpacks all).

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::{
    cpio::Archive,
    debian::{RELEASE, Suite},
    host_libraries, modules,
    packages::{self, Unpacked},
    programs::{Programs, read},
    spec::Devices,
    tools::context,
    udev, vmlinux,
};

/// What the guest's first process runs.
const INIT: &str = include_str!("init.sh");

/// Loaded at boot, in this order; what they need comes along.
const MODULES: &[&str] = &["virtio_pci", "virtio_net", "vhci-hcd"];

/// Loaded at boot too where there is no udev to load them when they are needed.
const WITHOUT_UDEV: &[&str] = &["i2c-dev", "i2c-smbus", "i2c-tiny-usb"];

/// In the guest for tests to load: another driver for a chip, an adapter without plain I2C, both
/// ends of a USB gadget's cable, in one machine or in two, and a disk.
const ON_DEMAND: &[&str] = &[
    "at24",
    "i2c-stub",
    "dummy_hcd",
    "usbip-vudc",
    "libcomposite",
    "usb_f_ncm",
    "usb_f_ecm",
    "usb_f_eem",
    "usb_f_rndis",
    "usb_f_acm",
    "g_ether",
    "cdc_ncm",
    "cdc_ether",
    "cdc_eem",
    "rndis_host",
    "cdc-acm",
    "virtio_blk",
    "ext4",
    "crc32c_generic",
];

/// The kernel, and the parts of the initramfs that builds do not change.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) kernel: PathBuf,
    initramfs: PathBuf,
    /// The guest's busybox, which needs no libraries.
    pub(super) busybox: PathBuf,
    udev: PathBuf,
    glibc: PathBuf,
    cache: PathBuf,
}

impl Base {
    /// The archives that the payload goes behind.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(super) fn archives(&self, devices: Devices, programs: &[Programs]) -> io::Result<Vec<u8>> {
        let mut archives = fs::read(&self.initramfs)?;
        match devices {
            Devices::Udev => archives.extend(fs::read(&self.udev)?),
            Devices::Kernel => {
                let mut more = Archive::default();
                let modules = [MODULES, WITHOUT_UDEV].concat();
                more.file("/etc/modules", modules.join("\n").as_bytes());
                archives.extend(more.finish());
            }
        }
        for &programs in programs {
            archives.extend(fs::read(self.programs(programs))?);
        }
        Ok(archives)
    }

    /// The archive that goes behind the base: files by their guest path, and the shared libraries that
    /// the guest lacks for them.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(super) fn payload(&self, files: &[(&Path, &str)]) -> io::Result<Vec<u8>> {
        let mut archive = Archive::default();
        for (host, guest) in files {
            archive.file(guest, &read(host)?);
        }
        let programs: Vec<_> = files.iter().map(|(host, _)| *host).collect();
        let glibc = fs::read_to_string(&self.glibc)?.parse().map_err(io::Error::other)?;
        host_libraries::add_hosts(&mut archive, &programs, glibc)?;
        Ok(archive.finish())
    }

    fn programs(&self, programs: Programs) -> PathBuf {
        self.cache.join(format!("{}.cpio", programs.package()))
    }
}

/// The folder that keeps what is slow to get: ignored by git, safe to delete.
pub(crate) fn cache() -> io::Result<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache");
    fs::create_dir_all(&dir).map_err(|e| context(e, dir.display()))?;
    Ok(dir)
}

/// The base, made if it is not there or was made by another recipe.
///
/// # Errors
/// If a program is missing (its Debian package is named) or the kernel cannot be had.
pub(super) fn base() -> io::Result<Base> {
    let cache = cache()?;
    // Two test programs may want to make it at the same time; the second then finds it made.
    let lock = File::create(cache.join("lock"))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    let base = Base {
        kernel: cache.join("vmlinux"),
        initramfs: cache.join("base.cpio"),
        busybox: cache.join("busybox"),
        udev: cache.join("udev.cpio"),
        glibc: cache.join("glibc"),
        cache: cache.clone(),
    };
    let programs = Programs::ALL.map(|programs| (programs.package(), programs.files()));
    let recipe = format!(
        "{:?} {RELEASE} {MODULES:?} {WITHOUT_UDEV:?} {ON_DEMAND:?} {programs:?}\n{INIT}",
        host_libraries::GUESTS
    );
    let made_by = cache.join("recipe");
    if fs::read_to_string(&made_by).is_ok_and(|made_by| made_by == recipe) {
        return Ok(base);
    }
    // Should the making be cut short, nothing must vouch for its remains.
    fs::write(&made_by, "")?;
    make_base(&cache, &base)?;
    fs::write(&made_by, recipe)?;
    Ok(base)
}

/// Debian's packages that a base is made of.
struct Debian {
    root: TempDir,
    unpacked: Unpacked,
}

impl Debian {
    fn get(scratch: &Path) -> io::Result<Self> {
        let root = TempDir::new_in(scratch)?;
        let suite = Suite::open(scratch, "amd64", &[RELEASE])?;
        let kernel = suite.stands_for("linux-image-amd64")?;
        suite.unpack(&[&kernel, "busybox-static"], root.path())?;
        let programs = Programs::ALL.map(Programs::package);
        let names = [&["udev", "kmod", "libgcc-s1"], &programs[..]].concat();
        suite.unpack_with_dependencies(&names, RELEASE, root.path())?;
        Ok(Self { unpacked: Unpacked::below(root.path())?, root })
    }
}

fn make_base(cache: &Path, base: &Base) -> io::Result<()> {
    let debian = Debian::get(cache)?;
    let (version, kernel) = kernel_in(debian.root.path())?;
    let mut archive = Archive::default();
    for dir in
        ["/dev", "/etc", "/proc", "/root", "/run", "/sys", "/tmp", "/sbin", "/usr/bin", "/usr/sbin"]
    {
        archive.directory(dir);
    }
    fs::copy(debian.unpacked.find("bin/busybox")?, &base.busybox)?;
    archive.file("/bin/busybox", &read(&base.busybox)?);
    archive.symlink("/bin/sh", "busybox");
    archive.symlink("/var/run", "../run");
    archive.file("/init", INIT.as_bytes());
    archive.file("/etc/modules", MODULES.join("\n").as_bytes());
    host_libraries::add_guests(&mut archive, &debian.unpacked)?;
    add_modules(&mut archive, &debian, &version)?;
    fs::write(&base.initramfs, archive.finish())?;
    fs::write(&base.glibc, host_libraries::guests_version(&debian.unpacked)?.to_string())?;
    let mut archive = Archive::default();
    udev::add(&mut archive, &debian.unpacked)?;
    fs::write(&base.udev, archive.finish())?;
    for programs in Programs::ALL {
        fs::write(base.programs(programs), programs.archive(&debian.unpacked)?)?;
    }
    vmlinux::extract(&kernel, &base.kernel)
}

/// The modules with the indices that busybox and libkmod look for them in.
fn add_modules(archive: &mut Archive, debian: &Debian, version: &str) -> io::Result<()> {
    let root = &modules_in(debian.root.path(), version)?;
    let closure = modules::closure(root, &[MODULES, WITHOUT_UDEV, ON_DEMAND].concat())?;
    let base = TempDir::new_in(&debian.root)?;
    let guest = format!("lib/modules/{version}");
    let staged = base.path().join(&guest);
    for module in closure.values() {
        let file = staged.join(&module.path);
        fs::create_dir_all(file.parent().unwrap_or(&staged))?;
        fs::write(file, &module.content)?;
        archive.file(&format!("/{guest}/{}", module.path), &module.content);
    }
    for (name, list) in packages::with_prefix(root, "modules.")? {
        fs::copy(list, staged.join(format!("modules.{name}")))?;
    }
    udev::depmod(&debian.unpacked, base.path(), version)?;
    for (name, index) in packages::with_prefix(&staged, "modules.")? {
        archive.file(&format!("/{guest}/modules.{name}"), &fs::read(index)?);
    }
    Ok(())
}

/// The version and the file of the kernel in an unpacked package.
pub(crate) fn kernel_in(unpacked: &Path) -> io::Result<(String, PathBuf)> {
    let kernel = packages::with_prefix(&unpacked.join("boot"), "vmlinuz-")?.pop();
    kernel.ok_or_else(|| io::Error::other("the kernel package holds no boot/vmlinuz-*"))
}

/// The folder of a kernel's modules in its unpacked package.
pub(crate) fn modules_in(unpacked: &Path, version: &str) -> io::Result<PathBuf> {
    // Debian 13 moved the modules below /usr.
    let roots = ["lib/modules", "usr/lib/modules"].map(|dir| unpacked.join(dir).join(version));
    roots
        .into_iter()
        .find(|root| root.is_dir())
        .ok_or_else(|| io::Error::other(format!("no modules of {version} in the kernel package")))
}
