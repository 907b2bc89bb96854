//! Opens an installed system, its root and its boot partition, and locks it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::FileType;

use super::inside::is_absence;
use super::lock::SysrootLock;
use super::sysroot::Top;
use super::{ChangeError, Partition, SysPath, Sysroot, Wait, boot};

impl Sysroot {
    /// The system below a root. The record of what is changed there lies in
    /// `var/lib/clusterhat/RECORD`.
    ///
    /// # Errors
    /// A folder that holds no system.
    pub fn new(record: &'static str, root: &Path) -> Result<Self, ChangeError> {
        let top = match Top::open(root) {
            Err(error) if is_absence(&error) => return Err(ChangeError::NoEtc(root.to_owned())),
            opened => opened.map_err(ChangeError::io("open", root))?,
        };
        let [firmware, boot] = boot::FOLDERS.map(|folder| top.below(folder));
        let sysroot = Self { root: top, boot: boot.clone(), record, held: None };
        if sysroot.folder(Partition::Root, Path::new("etc"))?.is_none() {
            let dead = sysroot.dead_link(&SysPath::root("etc"))?;
            return Err(dead.unwrap_or_else(|| ChangeError::NoEtc(root.to_owned())));
        }
        let at_firmware = Self { boot: firmware, ..sysroot.clone() };
        let is_boot = |sysroot: &Self| boot::has_config(sysroot);
        Ok(if !is_boot(&at_firmware)? && is_boot(&sysroot)? { sysroot } else { at_firmware })
    }

    /// Sets the boot partition, which is looked for below the root if nobody says where it is mounted, and checks
    /// that it belongs to this system.
    ///
    /// # Errors
    /// No `config.txt` there, a placeholder, or one of another card; a root that loses changes at the next boot.
    pub fn with_boot(self, boot: Option<&Path>) -> Result<Self, ChangeError> {
        let sysroot = match boot {
            Some(boot) => Self { boot: Self::given(boot)?, ..self },
            None => self,
        };
        if !boot::has_config(&sysroot)? {
            return Err(sysroot.no_boot(boot)?);
        }
        boot::check_lasts(&sysroot)?;
        boot::check(&sysroot)?;
        Ok(sysroot)
    }

    /// Checks the boot partition below the root, of a system that may have none.
    ///
    /// # Errors
    /// One that is not mounted, or as [`Self::with_boot`].
    pub fn with_boot_if_any(self) -> Result<Self, ChangeError> {
        boot::check_lasts(&self)?;
        boot::check(&self)?;
        Ok(self)
    }

    /// Why there is no `config.txt`.
    fn no_boot(&self, boot: Option<&Path>) -> Result<ChangeError, ChangeError> {
        let (places, plain) = match boot {
            Some(boot) => {
                (vec![SysPath::boot("config.txt")], ChangeError::NoConfigTxt(boot.to_owned()))
            }
            None => {
                let places = boot::FOLDERS.map(|folder| SysPath::root(folder).below("config.txt"));
                (places.to_vec(), ChangeError::NoBootDir(self.root.shown.clone()))
            }
        };
        for place in places {
            if let Some(dead) = self.dead_link(&place)? {
                return Ok(dead);
            }
        }
        Ok(plain)
    }

    /// The link at a place that leads to nothing; `None` where there is no link.
    fn dead_link(&self, place: &SysPath) -> Result<Option<ChangeError>, ChangeError> {
        let Some(at) = self.link(place)? else { return Ok(None) };
        let found = at.look().map_err(ChangeError::io("look at", at.path()))?;
        let is_link = |mode| FileType::from_raw_mode(mode) == FileType::Symlink;
        if !found.is_some_and(|found| is_link(found.st_mode)) {
            return Ok(None);
        }
        let target = at.read_link().map_err(ChangeError::io("read", at.path()))?;
        Ok(Some(ChangeError::DeadLink { path: at.path().to_owned(), target }))
    }

    fn given(boot: &Path) -> Result<Top, ChangeError> {
        match Top::open(boot) {
            Err(error) if is_absence(&error) => Err(ChangeError::NoConfigTxt(boot.to_owned())),
            opened => opened.map_err(ChangeError::io("open", boot)),
        }
    }

    /// Locks the system: no other setup or undoing changes it until the last copy of this is dropped. It is
    /// the folders themselves that are locked: all who change that card find the lock, wherever they have
    /// it mounted, and nothing is left on it.
    ///
    /// # Errors
    /// [`ChangeError::Locked`] if another has it for longer than `limit`.
    pub fn locked(self, limit: Duration) -> Result<Self, ChangeError> {
        self.locked_telling(limit, &mut |_| {})
    }

    /// Locks the system as [`Self::locked`] does, and tells every second of a wait.
    ///
    /// # Errors
    /// As [`Self::locked`].
    pub fn locked_telling(
        mut self,
        limit: Duration,
        tell: &mut dyn FnMut(&Wait<'_>),
    ) -> Result<Self, ChangeError> {
        if self.held.is_some() {
            return Ok(self);
        }
        let lock = SysrootLock::take(&self.tops(), limit, tell)?;
        self.held = Some(Arc::new(lock));
        Ok(self)
    }
}
