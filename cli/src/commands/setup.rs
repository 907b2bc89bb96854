//! `setup`: prepares the controller. Touches no board: nodes that are on stay on.

use std::path::{Path, PathBuf};

use gadget_config::LinuxTools;
use gadget_config::changes::{Changed, Error, LONGEST_WAIT, Places, Plan, Spot, plan_undo, undo};
use gadget_config::controller::{self, Membership, Request};

use super::{Outcome, system_root};
use crate::args::{Global, Setup};
use crate::failure::Failure;
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
    let places = if asked.dry_run { places } else { places.locked(LONGEST_WAIT)? };
    if asked.undo { take_back(&places, asked) } else { set_up(&places, asked) }
}

fn set_up(places: &Places, asked: &Setup) -> Result<Outcome, Failure> {
    let system = controller::read(places)?;
    let (members, absent) = controller::missing(&system, &users(asked));
    let request = Request {
        serial_console: asked.serial_console,
        model: model(places),
        members: [controller::made(&system), members.clone()].concat(),
    };
    let plan = controller::plan(&request, &system);
    if !asked.dry_run {
        plan.apply(places)?;
        let add = |one| controller::change(one, true, places.root(), &LinuxTools);
        members.iter().try_for_each(add).map_err(Failure::Groups)?;
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
    Ok(Report::Setup(report(&plan, asked, members, notes)).into())
}

fn take_back(places: &Places, asked: &Setup) -> Result<Outcome, Failure> {
    let changed = if asked.force { Changed::Overwrite } else { Changed::Leave };
    let plan = plan_undo(places, changed)?;
    let members = controller::made(&controller::read(places)?);
    let mut notes = Vec::new();
    let mut edited = Vec::new();
    if asked.dry_run {
        notes.extend_from_slice(plan.notes());
    } else {
        edited = undo(places, changed)?.edited;
        // A user who is gone by now is no reason to keep anything.
        for member in &members {
            if let Err(error) = controller::change(member, false, places.root(), &LinuxTools) {
                notes.push(error.to_string());
            }
        }
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

/// Who is to work without root.
fn users(asked: &Setup) -> Vec<String> {
    if !asked.users.is_empty() {
        return asked.users.clone();
    }
    let caller = std::env::var("SUDO_USER").ok().filter(|user| !user.is_empty() && user != "root");
    caller.into_iter().collect()
}

/// Of the running machine only: a card may go into another.
fn model(places: &Places) -> Option<String> {
    let is_here = places.root() == Path::new("/");
    let file = "/sys/firmware/devicetree/base/model";
    let text = is_here.then(|| std::fs::read_to_string(file).ok()).flatten()?;
    Some(text.trim_end_matches('\0').to_owned())
}
