//! What a Pi boots: Debian's kernel and device tree, and an initramfs of busybox and kernel modules,
//! in `tests/.cache`; the programs under test come in an archive put behind it at each boot.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{cache, model::Model, programs::copy};
use crate::vm::{
    cpio::Archive,
    debian::{RELEASE, Suite},
    image::{kernel_in, modules_in},
    modules, renewal,
    tools::context,
};

const INIT: &str = include_str!("init.sh");

/// Has a kernel for every Pi, too; taken while the mirror renews the list of [`RELEASE`].
const OTHER_RELEASE: &str = "bookworm";

/// Loaded at boot; what they need comes along, and what is built in is left out: the bus of the
/// header's pins, its device nodes, the USB, and what a Pi restarts itself by.
const MODULES: [&str; 4] = ["i2c-bcm2835", "i2c-dev", "dwc2", "bcm2835_wdt"];

/// The files of a model.
#[derive(Debug)]
pub(super) struct Image {
    dir: PathBuf,
}

impl Image {
    /// That in the cache, made if it is not there.
    ///
    /// # Errors
    /// If the packages cannot be had.
    pub(super) fn get(model: Model) -> io::Result<Self> {
        let recipe = format!("{RELEASE} {} {MODULES:?}\n{INIT}", model.kernel());
        let dir = cache::made(model.name(), &recipe, |to| Self { dir: to.to_owned() }.make(model))?;
        Ok(Self { dir })
    }

    pub(super) fn kernel(&self) -> PathBuf {
        self.dir.join("kernel")
    }

    pub(super) fn device_tree(&self) -> PathBuf {
        self.dir.join("device-tree.dtb")
    }

    /// The initramfs with these programs added, each at its path in the guest.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn initramfs(&self, programs: &[(&Path, &str)]) -> io::Result<Vec<u8>> {
        let mut payload = Archive::default();
        for (host, guest) in programs {
            payload.file(guest, &fs::read(host).map_err(|e| context(e, host.display()))?);
        }
        let mut archives = fs::read(self.base())?;
        archives.extend(payload.finish());
        Ok(archives)
    }

    fn base(&self) -> PathBuf {
        self.dir.join("base.cpio")
    }

    fn make(&self, model: Model) -> io::Result<()> {
        let unpacked = tempfile::TempDir::new_in(&self.dir)?;
        let root = unpacked.path();
        let suite = open(root, model.kernel_architecture())?;
        let package = suite.stands_for(model.kernel())?;
        suite.unpack(&[&package, "busybox-static"], root)?;
        let (version, kernel) = kernel_in(root)?;
        copy(&kernel, &self.kernel())?;
        let trees = root.join(format!("usr/lib/{package}"));
        copy(&trees.join(model.device_tree()), &self.device_tree())?;
        fs::write(self.base(), base(root, &version)?)
    }
}

/// The packages of the guests' release, or of the other one while the mirror renews its list.
fn open(scratch: &Path, architecture: &str) -> io::Result<Suite> {
    match Suite::open(scratch, architecture, &[RELEASE]) {
        Err(error) if renewal::is_under_way(&error) => {
            eprintln!("{error}\nThe kernel of {OTHER_RELEASE} is taken instead.");
            Suite::open(scratch, architecture, &[OTHER_RELEASE])
        }
        result => result,
    }
}

fn base(root: &Path, version: &str) -> io::Result<Vec<u8>> {
    let mut archive = Archive::default();
    for dir in ["/dev", "/etc/clusterhat", "/proc", "/root", "/run", "/sys", "/tmp", "/usr/bin"] {
        archive.directory(dir);
    }
    // Debian 13 moved it below /usr.
    let busybox = ["usr/bin/busybox", "bin/busybox"].map(|path| root.join(path));
    let busybox = busybox.iter().find(|file| file.exists());
    let busybox = busybox.ok_or_else(|| io::Error::other("no busybox in busybox-static"))?;
    archive.file("/bin/busybox", &fs::read(busybox)?);
    archive.file("/init", INIT.as_bytes());
    let closure = modules::closure(&modules_in(root, version)?, &MODULES)?;
    let mut order = String::new();
    for module in modules::in_order(&closure) {
        let path = format!("/lib/modules/{version}/{}", module.path);
        archive.file(&path, &module.content);
        order += &format!("{path}\n");
    }
    archive.file("/etc/modules", order.as_bytes());
    Ok(archive.finish())
}
