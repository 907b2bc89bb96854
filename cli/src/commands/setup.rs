//! `setup`: prepares the controller. Touches no board: nodes that are on stay on.

use std::io;
use std::path::{Path, PathBuf};

use system_config::changes::{Changed, Error, Places, Plan, Spot, plan_undo, undo};
use system_config::controller::{self, Membership, Request};
use system_config::{LinuxTools, Tools as _};

use super::{Outcome, system_root};
use crate::args::{Global, Setup};
use crate::failure::Failure;
use crate::progress;
use crate::report::{Report, SetupReport};

/// What the firmware and the kernel read at boot only.
const AT_BOOT: [&str; 3] = ["config.txt", "cmdline.txt", "modules-load.d/clusterhat.conf"];

/// Where the settings come from while there is no file of ours.
const VENDORS_SETTINGS: &str = "etc/default/clusterctrl";
const OUR_SETTINGS: &str = "etc/clusterhat/clusterhat.toml";

pub(crate) fn run(global: &Global, asked: &Setup) -> Result<Outcome, Failure> {
    let root = system_root(global)?;
    if root == Path::new("/") && !asked.dry_run && !rustix::process::geteuid().is_root() {
        return Err(Failure::Usage(
            "setup changes the system's files: run it as root (sudo clusterhat setup)".to_owned(),
        ));
    }
    let places = controller::places(root, asked.boot_dir.as_deref())?;
    let places = if asked.dry_run { places } else { progress::locked(places, global.lock_limit)? };
    if asked.undo { take_back(&places, asked) } else { set_up(&places, asked) }
}

fn set_up(places: &Places, asked: &Setup) -> Result<Outcome, Failure> {
    let users = users(places, asked)?;
    let system = controller::read(places)?;
    let (members, absent) = controller::missing(&system, &users);
    let mut recorded = controller::made(&system);
    recorded
        .extend(members.iter().filter(|one| !recorded.contains(one)).cloned().collect::<Vec<_>>());
    let request =
        Request { serial_console: asked.serial_console, model: model(places), members: recorded };
    let plan = controller::plan(&request, &system);
    let mut failure = None;
    if !asked.dry_run {
        plan.apply(places)?;
        let added = members.iter().try_for_each(|one| change(one, true, places));
        failure = added.err().map(Failure::Groups);
    }
    let mut notes = plan.notes().to_vec();
    notes.extend(absent.iter().map(|group| {
        format!("there is no group {group}: the package makes it (or groupadd --system {group})")
    }));
    let there = |path| places.has(&Spot::root(path));
    if there(VENDORS_SETTINGS)? && !there(OUR_SETTINGS)? {
        notes.push(format!(
            "the settings of /{VENDORS_SETTINGS} hold until there is an /{OUR_SETTINGS}"
        ));
    }
    let members = if failure.is_some() { Vec::new() } else { members };
    Ok(Outcome { report: Report::Setup(report(&plan, asked, members, notes)), failure })
}

fn change(one: &Membership, is_member: bool, places: &Places) -> io::Result<()> {
    match is_here(places) {
        true => controller::change(one, is_member, &LinuxTools),
        false => controller::change_mounted(one, is_member, places).map_err(io::Error::other),
    }
}

fn take_back(places: &Places, asked: &Setup) -> Result<Outcome, Failure> {
    let changed = if asked.force { Changed::Overwrite } else { Changed::Leave };
    let plan = plan_undo(places, changed)?;
    let members = controller::read_made(places)?;
    let mut notes = Vec::new();
    let mut edited = Vec::new();
    if asked.dry_run {
        notes.extend_from_slice(plan.notes());
    } else {
        // Before their record goes: if this is cut, it is done again. A user who is gone by now is no reason
        // to keep anything.
        let remove = |member| change(member, false, places);
        notes.extend(members.iter().filter_map(|one| Some(remove(one).err()?.to_string())));
        edited = undo(places, changed)?.edited;
    }
    let failure = (!edited.is_empty()).then(|| Error::ChangedSince(edited.clone()).into());
    let report = SetupReport { edited, ..report(&plan, asked, members, notes) };
    Ok(Outcome { report: Report::Setup(report), failure })
}

fn report(plan: &Plan, asked: &Setup, groups: Vec<Membership>, notes: Vec<String>) -> SetupReport {
    let changed: Vec<PathBuf> = plan.changes().iter().map(|change| change.path.clone()).collect();
    let at_boot = |path: &PathBuf| AT_BOOT.iter().any(|name| path.ends_with(name));
    SetupReport {
        undo: asked.undo,
        dry_run: asked.dry_run,
        reboot: changed.iter().any(at_boot),
        diff: asked.dry_run.then(|| plan.diff()),
        changed,
        groups,
        notes,
        edited: Vec::new(),
    }
}

/// Who is to work without root. Who called sudo is a user of this machine, and not of a card.
fn users(places: &Places, asked: &Setup) -> Result<Vec<String>, Failure> {
    if asked.users.is_empty() {
        let caller = std::env::var("SUDO_USER").ok().filter(|_| is_here(places));
        return Ok(caller.filter(|user| !user.is_empty() && user != "root").into_iter().collect());
    }
    for user in &asked.users {
        if !is_known(user, places)? {
            let place = places.shown(&Spot::root("etc/passwd"));
            let place = place.display();
            return Err(Failure::Usage(format!(
                "there is no user {user:?} in {place}: nothing was changed"
            )));
        }
    }
    Ok(asked.users.clone())
}

/// getent(1) knows users of other sources, too.
fn is_known(user: &str, places: &Places) -> Result<bool, Failure> {
    if is_here(places) {
        let found = LinuxTools.run("getent", &["passwd", "--", user]);
        return Ok(found.map_or(true, |printed| printed.stdout.split(':').next() == Some(user)));
    }
    Ok(controller::has_user(places, user)?)
}

fn is_here(places: &Places) -> bool {
    places.root() == Path::new("/")
}

/// Of the running machine only: a card may go into another.
fn model(places: &Places) -> Option<String> {
    let file = "/sys/firmware/devicetree/base/model";
    let text = is_here(places).then(|| std::fs::read_to_string(file).ok()).flatten()?;
    Some(text.trim_end_matches('\0').to_owned())
}
