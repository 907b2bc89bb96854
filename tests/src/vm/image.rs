//! What QEMU boots: Debian's kernel, and an initramfs of busybox, kernel modules and the programs
//! under test.
//!
//! The kernel package and the base archive stay in `tests/.cache`; the payload, which every build
//! changes, is a second archive put behind the base at each boot (the kernel unpacks both).

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::{
    cpio::Archive,
    modules,
    tools::{self, APT_CACHE, APT_GET, BUSYBOX, DPKG_DEB, LDD, context},
    vmlinux,
};

/// What the guest's first process runs.
const INIT: &str = include_str!("init.sh");

/// Loaded at boot, in this order; what they need comes along.
const MODULES: &[&str] =
    &["virtio_pci", "virtio_net", "i2c-dev", "i2c-smbus", "i2c-tiny-usb", "vhci-hcd"];

/// In the guest for tests to load: another driver for a chip, and an adapter without plain I2C.
const ON_DEMAND: &[&str] = &["at24", "i2c-stub"];

/// The kernel, and the part of the initramfs that builds do not change.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) kernel: PathBuf,
    pub(super) initramfs: PathBuf,
}

/// The folder that keeps what is slow to get: ignored by git, safe to delete.
pub(super) fn cache() -> io::Result<PathBuf> {
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
    let base = Base { kernel: cache.join("vmlinux"), initramfs: cache.join("base.cpio") };
    let recipe = format!("{MODULES:?} {ON_DEMAND:?}\n{INIT}");
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

/// The archive that goes behind the base: files by their guest path, with the shared libraries they
/// load.
pub(super) fn payload(files: &[(&Path, &str)]) -> io::Result<Vec<u8>> {
    let mut archive = Archive::default();
    let mut libraries = Vec::new();
    for (host, guest) in files {
        archive.file(guest, &fs::read(host).map_err(|e| context(e, host.display()))?);
        libraries.extend(libraries_of(host)?);
    }
    libraries.sort();
    libraries.dedup();
    for library in libraries {
        archive.file(&library, &fs::read(&library).map_err(|e| context(e, &library))?);
    }
    Ok(archive.finish())
}

fn make_base(cache: &Path, base: &Base) -> io::Result<()> {
    let busybox = BUSYBOX.path()?;
    if !libraries_of(&busybox)?.is_empty() {
        return Err(io::Error::other(
            "busybox needs libraries: install the Debian package busybox-static",
        ));
    }
    let package = kernel_package(cache)?;
    let unpacked = TempDir::new_in(cache)?;
    tools::stdout(DPKG_DEB.command()?.arg("-x").arg(package).arg(unpacked.path()))?;
    let (version, kernel) = kernel_in(unpacked.path())?;
    let mut archive = Archive::default();
    for dir in
        ["/dev", "/etc", "/proc", "/root", "/run", "/sys", "/tmp", "/sbin", "/usr/bin", "/usr/sbin"]
    {
        archive.directory(dir);
    }
    archive.file("/bin/busybox", &fs::read(busybox)?);
    archive.symlink("/bin/sh", "busybox");
    archive.file("/init", INIT.as_bytes());
    archive.file("/etc/modules", MODULES.join("\n").as_bytes());
    add_modules(&mut archive, unpacked.path(), &version)?;
    fs::write(&base.initramfs, archive.finish())?;
    vmlinux::extract(&kernel, &base.kernel)
}

fn add_modules(archive: &mut Archive, unpacked: &Path, version: &str) -> io::Result<()> {
    // Debian 13 moved the modules below /usr.
    let roots = ["lib/modules", "usr/lib/modules"].map(|dir| unpacked.join(dir).join(version));
    let root = roots.iter().find(|root| root.is_dir());
    let root = root.ok_or_else(|| {
        io::Error::other(format!("no modules of {version} in the kernel package"))
    })?;
    let closure = modules::closure(root, &[MODULES, ON_DEMAND].concat())?;
    let guest = format!("/lib/modules/{version}");
    for module in closure.values() {
        archive.file(&format!("{guest}/{}", module.path), &module.content);
    }
    archive.file(&format!("{guest}/modules.dep"), modules::modules_dep(&closure).as_bytes());
    let builtin = fs::read(root.join("modules.builtin"))?;
    archive.file(&format!("{guest}/modules.builtin"), &builtin);
    Ok(())
}

/// The kernel's package file in the cache, downloaded if it is not there.
fn kernel_package(cache: &Path) -> io::Result<PathBuf> {
    if let Some(package) = cached_package(cache)? {
        return Ok(package);
    }
    let depends = tools::stdout(APT_CACHE.command()?.args(["depends", "linux-image-amd64"]))?;
    let depends = String::from_utf8_lossy(&depends).into_owned();
    let name = depends.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
    let name =
        name.ok_or_else(|| io::Error::other("apt knows no linux-image-amd64: run apt-get update"))?;
    // A download cut short must not be taken for the package.
    let download = TempDir::new_in(cache)?;
    tools::stdout(APT_GET.command()?.args(["download", name]).current_dir(&download))
        .map_err(|e| context(e, "cannot download the guest's kernel (apt-get update may help)"))?;
    let package = cached_package(download.path())?;
    let package = package.ok_or_else(|| io::Error::other(format!("apt-get left no {name}")))?;
    let kept = cache.join(package.file_name().unwrap_or_default());
    fs::rename(package, &kept)?;
    Ok(kept)
}

fn cached_package(cache: &Path) -> io::Result<Option<PathBuf>> {
    Ok(with_prefix(cache, "linux-image-")?.pop().map(|(_, path)| path))
}

/// The version and the file of the kernel in an unpacked package.
fn kernel_in(unpacked: &Path) -> io::Result<(String, PathBuf)> {
    let kernel = with_prefix(&unpacked.join("boot"), "vmlinuz-")?.pop();
    kernel.ok_or_else(|| io::Error::other("the kernel package holds no boot/vmlinuz-*"))
}

/// The entries of a folder whose names start so: the rest of the name, and the path, in the order
/// of the names.
fn with_prefix(dir: &Path, prefix: &str) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| context(e, dir.display()))? {
        let entry = entry?;
        if let Some(rest) = entry.file_name().to_str().and_then(|name| name.strip_prefix(prefix)) {
            found.push((rest.to_owned(), entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// The shared libraries a program loads; none for what is not a program or is linked statically.
fn libraries_of(program: &Path) -> io::Result<Vec<String>> {
    let output = LDD.command()?.arg(program).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("not found") {
        return Err(io::Error::other(format!("{} lacks a library: {text}", program.display())));
    }
    Ok(text
        .split_whitespace()
        .filter(|word| word.starts_with('/') && word.contains(".so"))
        .map(str::to_owned)
        .collect())
}
