//! `setup`: prepares the controller. Touches no board: nodes that are on stay on.

use std::io;
use std::path::{Path, PathBuf};

use node_link::UsbId;
use system_config::changes::{
    Change, ChangeError, ChangePlan, Changed, Partition, SysPath, Sysroot, plan_undo, undo,
};
use system_config::controller::{self, ControllerRequest, Membership};
use system_config::{LinuxTools, Tools as _};

use crate::config::Sources;
use crate::error::Error;
use crate::event::{Event, Observer, Verdict};
use crate::outcome::Outcome;
use crate::report::SetupReport;
use crate::system::System;

/// How to prepare a controller.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Only reports what would be done.
    pub dry_run: bool,
    /// Users who are to work without root; they must exist.
    pub users: Vec<String>,
    /// Also a console on the header's serial port.
    pub serial_console: bool,
    /// USB devices that the kernel's usb-storage is to leave alone: boot ROMs that it takes for disks.
    pub not_storage: Vec<UsbId>,
    /// Where the boot partition is mounted; absent = `boot/firmware` or `boot` below the root.
    pub boot_dir: Option<PathBuf>,
}

/// How to undo the preparation.
#[derive(Clone, Debug, Default)]
pub struct SetupUndo {
    /// Only reports what would be done.
    pub dry_run: bool,
    /// Also undoes what was edited since.
    pub overwrite: bool,
    /// Where the boot partition is mounted; absent = `boot/firmware` or `boot` below the root.
    pub boot_dir: Option<PathBuf>,
}

impl System {
    /// Prepares the controller: I2C, USB, groups, units.
    ///
    /// # Errors
    /// [`Error::NotRoot`], [`Error::NoSuchUser`] or [`Error::Files`].
    pub fn set_up<V: Verdict>(
        &self,
        asked: &Setup,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Outcome<SetupReport>, Error> {
        let sysroot = self.setup_sysroot(asked.dry_run, asked.boot_dir.as_deref(), observer)?;
        set_up(&sysroot, asked)
    }

    /// Undoes what [`Self::set_up`] changed; later changes by others stay.
    ///
    /// # Errors
    /// [`Error::NotRoot`], [`Error::StillMember`] or [`Error::Files`].
    pub fn undo_setup<V: Verdict>(
        &self,
        asked: &SetupUndo,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Outcome<SetupReport>, Error> {
        let sysroot = self.setup_sysroot(asked.dry_run, asked.boot_dir.as_deref(), observer)?;
        take_back(&sysroot, asked)
    }

    fn setup_sysroot<V: Verdict>(
        &self,
        dry_run: bool,
        boot_dir: Option<&Path>,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Sysroot, Error> {
        let observer: &mut Observer<'_> = &mut |event: Event<'_>| observer(event).control();
        if self.is_running() && !dry_run && !rustix::process::geteuid().is_root() {
            return Err(Error::NotRoot);
        }
        Ok(self.locked(controller::sysroot(self.root(), boot_dir)?, dry_run, observer)?)
    }
}

fn set_up(sysroot: &Sysroot, asked: &Setup) -> Result<Outcome<SetupReport>, Error> {
    check_users(sysroot, &asked.users)?;
    let system = controller::read(sysroot)?;
    let (members, absent) = controller::missing(&system, &asked.users);
    let mut recorded = controller::made(&system);
    recorded
        .extend(members.iter().filter(|one| !recorded.contains(one)).cloned().collect::<Vec<_>>());
    let request = ControllerRequest {
        serial_console: asked.serial_console,
        not_storage: asked.not_storage.clone(),
        model: model(sysroot),
        members: recorded,
    };
    let plan = controller::plan(&request, &system);
    let mut error = None;
    if !asked.dry_run {
        controller::remove_drafts(sysroot)?;
        plan.apply(sysroot)?;
        let added = members.iter().try_for_each(|one| change(one, true, sysroot));
        error = added.err().map(Error::Groups);
    }
    let mut notes = plan.notes().to_vec();
    notes.extend(absent.iter().map(|group| {
        format!(
            "there is no group {group}: the package creates it (or run groupadd --system {group})"
        )
    }));
    let there = |path| sysroot.has(&SysPath::root(path));
    if there(Sources::VENDORS)? && !there(Sources::OWN)? {
        notes.push(format!(
            "the settings of /{} apply until there is an /{}",
            Sources::VENDORS,
            Sources::OWN
        ));
    }
    let members = if error.is_some() { Vec::new() } else { members };
    Ok(Outcome { report: report(&plan, asked.dry_run, members, notes), error })
}

fn change(one: &Membership, is_member: bool, sysroot: &Sysroot) -> io::Result<()> {
    match is_here(sysroot) {
        true => controller::change(one, is_member, &LinuxTools),
        false => controller::change_mounted(one, is_member, sysroot).map_err(io::Error::other),
    }
}

fn take_back(sysroot: &Sysroot, asked: &SetupUndo) -> Result<Outcome<SetupReport>, Error> {
    let changed = if asked.overwrite { Changed::Overwrite } else { Changed::Leave };
    let plan = plan_undo(sysroot, changed)?;
    let members = controller::read_made(sysroot)?;
    let mut notes = Vec::new();
    let mut edited = Vec::new();
    if asked.dry_run {
        notes.extend_from_slice(plan.notes());
    } else {
        controller::remove_drafts(sysroot)?;
        // Before their record goes: what is cut, or fails, is done again.
        for member in &members {
            notes.extend(take_out(member, sysroot)?);
        }
        let undone = undo(sysroot, changed)?;
        notes.extend(undone.notes);
        edited = undone.edited;
    }
    let error = (!edited.is_empty()).then(|| ChangeError::ChangedSince(edited.clone()).into());
    let report = SetupReport { undo: true, edited, ..report(&plan, asked.dry_run, members, notes) };
    Ok(Outcome { report, error })
}

/// Takes a user out of a group. A user who is gone by now is no reason to keep anything, but a note.
fn take_out(member: &Membership, sysroot: &Sysroot) -> Result<Option<String>, Error> {
    let Err(source) = change(member, false, sysroot) else { return Ok(None) };
    // Of a system that is only mounted, files are what failed.
    if is_here(sysroot) && !controller::is_member(sysroot, member)? {
        return Ok(Some(source.to_string()));
    }
    let Membership { user, group } = member.clone();
    Err(Error::StillMember { user, group, source })
}

fn report(
    plan: &ChangePlan,
    dry_run: bool,
    groups: Vec<Membership>,
    notes: Vec<String>,
) -> SetupReport {
    SetupReport {
        undo: false,
        dry_run,
        reboot: plan.changes().iter().any(is_for_boot),
        diff: dry_run.then(|| plan.diff()),
        changed: plan.paths(),
        removed: plan.removed(),
        groups,
        notes,
        edited: Vec::new(),
    }
}

/// Whether only the firmware or the kernel reads it, at boot.
fn is_for_boot(change: &Change) -> bool {
    let SysPath { partition, path } = &change.sys_path;
    *partition == Partition::Boot || path.starts_with("etc/modules-load.d")
}

fn check_users(sysroot: &Sysroot, users: &[String]) -> Result<(), Error> {
    for user in users {
        if !is_known(user, sysroot)? {
            let place = sysroot.shown(&SysPath::root("etc/passwd"));
            return Err(Error::NoSuchUser { user: user.clone(), place });
        }
    }
    Ok(())
}

/// getent(1) knows users of other sources, too.
fn is_known(user: &str, sysroot: &Sysroot) -> Result<bool, Error> {
    if is_here(sysroot) {
        let found = LinuxTools.run("getent", &["passwd", "--", user]);
        return Ok(found.map_or(true, |printed| printed.stdout.split(':').next() == Some(user)));
    }
    Ok(controller::has_user(sysroot, user)?)
}

fn is_here(sysroot: &Sysroot) -> bool {
    sysroot.root() == Path::new("/")
}

/// Of the running machine only: a card may go into another.
fn model(sysroot: &Sysroot) -> Option<String> {
    let file = "/sys/firmware/devicetree/base/model";
    let text = is_here(sysroot).then(|| std::fs::read_to_string(file).ok()).flatten()?;
    Some(text.trim_end_matches('\0').to_owned())
}
