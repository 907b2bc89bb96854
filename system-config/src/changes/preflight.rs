//! What would make a change fail half way is found before anything is written.

use std::path::Path;

use rustix::fs::{FileType, StatVfsMountFlags, fstatvfs};

use super::{ChangeError, Partition, SysPath, Sysroot, boot, manifest, mount};

/// All that is about to be written lasts, and is of this card.
pub(super) fn check<'a>(
    sysroot: &Sysroot,
    sys_paths: impl Iterator<Item = &'a SysPath>,
) -> Result<(), ChangeError> {
    boot::check_lasts(sysroot)?;
    check_writable(sysroot, &sysroot.record())?;
    check_draft(sysroot, &sysroot.record().below(manifest::FILE))?;
    let mut needs_boot = false;
    for sys_path in sys_paths {
        needs_boot |= sys_path.partition == Partition::Boot;
        check_writable(sysroot, sys_path)?;
        check_draft(sysroot, sys_path)?;
    }
    if needs_boot {
        sysroot.clone().with_boot(None)?;
    }
    Ok(())
}

/// A change that is refused half way leaves what nobody asked for.
fn check_writable(sysroot: &Sysroot, sys_path: &SysPath) -> Result<(), ChangeError> {
    let mut at = sys_path.folder();
    let folder = loop {
        let path = at.as_ref().map_or(Path::new(""), |folder| &*folder.path);
        match (sysroot.folder(sys_path.partition, path)?, at) {
            (Some(folder), found) => {
                at = found;
                break folder;
            }
            // The partition itself was opened.
            (None, None) => return Ok(()),
            (None, Some(missing)) => {
                check_free(sysroot, &missing)?;
                at = missing.folder();
            }
        }
    };
    let shown =
        sysroot.shown(&at.unwrap_or_else(|| SysPath { path: "".into(), ..sys_path.clone() }));
    let found =
        fstatvfs(folder).map_err(|error| ChangeError::io("look at", &shown)(error.into()))?;
    let is_fixed = found.f_flag.contains(StatVfsMountFlags::RDONLY);
    let mount = || mount::of(&shown).unwrap_or_else(|| shown.clone());
    if is_fixed { Err(ChangeError::ReadOnly { mount: mount(), path: shown }) } else { Ok(()) }
}

/// A folder can be made there: nothing has that name, not even a link to nowhere.
fn check_free(sysroot: &Sysroot, folder: &SysPath) -> Result<(), ChangeError> {
    let Some(at) = sysroot.link(folder)? else { return Ok(()) };
    match at.look().map_err(ChangeError::io("look at", at.path()))? {
        Some(_) => Err(ChangeError::NotADirectory(sysroot.shown(folder))),
        None => Ok(()),
    }
}

/// Whatever else has a draft's name can be removed.
fn check_draft(sysroot: &Sysroot, sys_path: &SysPath) -> Result<(), ChangeError> {
    let Some(at) = sysroot.file(sys_path)? else { return Ok(()) };
    let draft = at.draft().map_err(ChangeError::io("look beside", at.path()))?;
    let found = draft.look().map_err(ChangeError::io("look at", draft.path()))?;
    let is_folder = |mode| FileType::from_raw_mode(mode) == FileType::Directory;
    match found.is_some_and(|found| is_folder(found.st_mode)) {
        true => Err(ChangeError::IsADirectory(draft.path().to_owned())),
        false => Ok(()),
    }
}
