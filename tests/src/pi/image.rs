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
    of_either_release(
        |release| Suite::open(scratch, architecture, &[release]),
        |message| eprintln!("{message}"),
    )
}

fn of_either_release<T>(
    mut open: impl FnMut(&str) -> io::Result<T>,
    tell: impl FnOnce(String),
) -> io::Result<T> {
    match open(RELEASE) {
        Err(error) if renewal::is_under_way(&error) => {
            tell(format!("{error}\nThe kernel of {OTHER_RELEASE} is taken instead."));
            open(OTHER_RELEASE)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Which releases were asked for, the result, and what was told.
    fn opened(fails: &[(&str, io::ErrorKind)]) -> (Vec<String>, io::Result<String>, String) {
        let (mut asked, mut told) = (Vec::new(), String::new());
        let result = of_either_release(
            |release| {
                asked.push(release.to_owned());
                let failed = fails.iter().find(|(name, _)| *name == release);
                match failed {
                    Some((_, kind)) => {
                        Err(io::Error::new(*kind, format!("{release} is not there")))
                    }
                    None => Ok(release.to_owned()),
                }
            },
            |message| told = message,
        );
        (asked, result, told)
    }

    #[test]
    fn while_a_release_s_list_is_renewed_the_other_one_s_kernel_is_taken_and_that_is_told() {
        let (asked, result, told) = opened(&[(RELEASE, io::ErrorKind::ResourceBusy)]);
        assert_eq!(
            (asked, result.unwrap()),
            (vec![RELEASE.into(), OTHER_RELEASE.into()], OTHER_RELEASE.into())
        );
        assert_eq!(
            told,
            format!("{RELEASE} is not there\nThe kernel of {OTHER_RELEASE} is taken instead.")
        );
        let both = [RELEASE, OTHER_RELEASE].map(|release| (release, io::ErrorKind::ResourceBusy));
        let error = opened(&both).1.unwrap_err();
        assert_eq!(error.to_string(), format!("{OTHER_RELEASE} is not there"));
    }

    #[test]
    fn the_other_release_is_no_way_out_of_other_errors() {
        assert_eq!(opened(&[]).0, [RELEASE]);
        let (asked, result, told) = opened(&[(RELEASE, io::ErrorKind::Other)]);
        assert!(result.is_err());
        assert_eq!((asked, &*told), (vec![RELEASE.to_owned()], ""));
    }
}
