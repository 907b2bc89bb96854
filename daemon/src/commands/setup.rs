//! `clusterhatd setup`: switches HTTPS on, in a way that can be undone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use clusterhat::config::Sources;
use serde::Serialize;
use system_config::changes::{
    ChangeError, Changed, Draft, LONGEST_WAIT, Snapshot, SysPath, Sysroot, Undone, plan_undo, undo,
};
use system_config::{LinuxTools, Tools, units};

use super::{Done, Failure, address, service_unit};
use crate::access::Access;
use crate::certificate::Certificate;
use crate::first_start::Announcement;
use crate::service::StartError;
use crate::settings::{DEFAULT_LISTEN, Settings, parse_address};
use crate::state_folder::StateFolder;

/// The record of what is changed: `/var/lib/clusterhat/daemon-setup`.
const RECORD: &str = "daemon-setup";
/// The name of our lines in the file.
const BLOCK: &str = "clusterhatd";
/// The same sentence as `clusterhat setup --dry-run`.
const DRY_RUN: &str = "nothing was changed: this was a dry run";
const NOTHING: &str = "nothing to undo";

/// `clusterhatd setup`.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Setup {
    /// Where HTTPS is served.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value_t = DEFAULT_LISTEN,
        value_parser = parse_address,
        help = "Serve HTTPS at this address; 0.0.0.0:8443 or [::]:8443 serves other machines, too"
    )]
    pub listen: SocketAddr,
    /// Show what would be done, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Take it back instead.
    #[command(subcommand)]
    pub undo: Option<Undo>,
}

/// What may follow `setup`.
#[derive(Clone, Debug, Subcommand)]
pub enum Undo {
    /// Switch HTTPS off again; accounts and tokens stay
    Undo {
        /// Show what would be done, write nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// What it came to.
#[derive(Debug, Serialize)]
pub struct SetupReport {
    /// Whether it was taken back.
    pub undo: bool,
    /// Whether it was only planned.
    pub dry_run: bool,
    /// Files and links that are changed.
    pub changed: Vec<PathBuf>,
    /// What else is to be known.
    pub notes: Vec<String>,
    /// Where HTTPS is served, and the first account, where one was made now.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub first: Option<First>,
}

/// How to get in.
#[derive(Debug, Serialize)]
pub struct First {
    /// Where HTTPS is served.
    pub url: String,
    /// SHA-256 of the certificate.
    pub fingerprint: String,
    /// Where the certificate is.
    pub certificate: PathBuf,
    /// The account that was made now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<&'static str>,
    /// Its password, told this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

impl Setup {
    /// Carries it out.
    ///
    /// # Errors
    /// Who is not root; a service that is not installed or cannot be started here; a configuration that leaves no place for it;
    /// files that cannot be used.
    pub fn run(&self, root: &Path, state_dir: &Path) -> Result<Done<SetupReport>, Failure> {
        if self.undo.is_none() && self.listen.port() == 0 {
            return Err(Failure::usage(format!(
                "--listen {}: port 0 is another one at each start: name the port, such as {DEFAULT_LISTEN}",
                self.listen
            )));
        }
        let is_running = root == Path::new("/");
        if is_running && !self.is_dry_run() && !rustix::process::geteuid().is_root() {
            return Err(Failure::usage("this changes the system's files: run it as root"));
        }
        self.run_with(root, state_dir, is_running.then_some(&LinuxTools))
    }

    fn is_dry_run(&self) -> bool {
        match &self.undo {
            Some(Undo::Undo { dry_run }) => *dry_run,
            None => self.dry_run,
        }
    }

    /// With the programs of the running system, where it is that.
    fn run_with(
        &self,
        root: &Path,
        state_dir: &Path,
        running: Option<&dyn Tools>,
    ) -> Result<Done<SetupReport>, Failure> {
        let sysroot = Sysroot::new(RECORD, root)?;
        let sysroot = if self.is_dry_run() { sysroot } else { sysroot.locked(LONGEST_WAIT)? };
        match self.undo {
            Some(_) => take_back(&sysroot, state_dir, self.is_dry_run(), running),
            None => self.set_up(&sysroot, state_dir, running),
        }
    }

    fn set_up(
        &self,
        sysroot: &Sysroot,
        state_dir: &Path,
        running: Option<&dyn Tools>,
    ) -> Result<Done<SetupReport>, Failure> {
        let ours = SysPath::root(Sources::OWN);
        let mut system = Snapshot::new(sysroot);
        system.add_file(ours.clone())?;
        units::add(&mut system, service_unit::NAME)?;
        units::add_enabling_links(&mut system)?;
        let links = service_unit::links(&system)?;
        let manager = running.map_or(Ok(()), service_unit::check_manager);
        // What changes nothing needs nobody to start anything, and says what would keep it from being done.
        let notes = match manager {
            Err(refused) if self.dry_run => {
                vec![format!("it would be refused: {}", refused.message)]
            }
            manager => manager.map(|()| Vec::new())?,
        };
        let old =
            system.file(&ours).map(|state| String::from_utf8_lossy(&state.bytes).into_owned());
        let settings = configured(sysroot, old.as_deref())?;
        if running.is_some() {
            address::check(self.listen, settings.listen)?;
        }
        let mut draft = Draft::new(&system);
        let shown = sysroot.shown(&ours);
        if is_to_be_written(self.listen, &shown, old.as_deref(), &settings)? {
            draft.block(ours, BLOCK, &lines(self.listen), 0o644)?;
        }
        let settings = Settings { listen: Some(self.listen), ..settings };
        for (link, target) in links {
            draft.link(link, target);
        }
        let plan = draft.finish();
        let changed = plan.paths();
        let (undo, dry_run) = (false, self.dry_run);
        let mut report = SetupReport { undo, dry_run, changed, notes, first: None };
        if dry_run {
            let notes: String = report.notes.iter().map(|note| format!("{note}\n")).collect();
            return Ok(Done::new(report, format!("{}{notes}{DRY_RUN}", plan.diff())));
        }
        plan.apply(sysroot)?;
        let first = first(&settings, state_dir)?;
        let started = running.map_or(Ok(()), service_unit::start);
        if !self.listen.ip().is_loopback() {
            report.notes.push("other machines can reach it: mind the firewall".to_owned());
        }
        let is_own = settings.certificate.is_none();
        let text = text(&report, &first, is_own, started.is_ok());
        let once = first.user.map(|user| {
            format!(
                "the password of {user}, which is shown only once, is lost: set another one over the unix socket (clusterhatd(8))"
            )
        });
        report.first = Some(first);
        Ok(Done { report, text, failure: started.err(), once })
    }
}

/// Makes the certificate, where none is configured, and the first account already, so that no log has its password.
fn first(settings: &Settings, state_dir: &Path) -> Result<First, Failure> {
    let of_state = |source| StartError::State { path: state_dir.to_owned(), source };
    let folder = StateFolder::open(state_dir).map_err(of_state)?;
    let access = Access::open(&folder, Duration::ZERO).map_err(of_state)?;
    let certificate = Certificate::load(&folder, settings).map_err(StartError::Certificate)?;
    let Certificate { fingerprint, path, .. } = certificate;
    let mut announcement = Announcement::new(settings.listen, Some(fingerprint.clone()));
    announcement.make_first_account(&access)?;
    let Announcement { user, password, url, .. } = announcement;
    let url = url.unwrap_or_default();
    Ok(First { url, fingerprint, certificate: path, user, password })
}

/// What is configured already.
///
/// # Errors
/// There is no place for our lines, or the service could not use what is there.
fn configured(sysroot: &Sysroot, old: Option<&str>) -> Result<Settings, Failure> {
    let (ours, vendors) = (SysPath::root(Sources::OWN), SysPath::root(Sources::VENDORS));
    let shown = sysroot.shown(&ours).display().to_string();
    let Some(text) = old else {
        if sysroot.has(&vendors)? {
            let vendors = sysroot.shown(&vendors).display().to_string();
            return Err(Failure::usage(format!(
                "the boards' settings are in {vendors}, and with a {shown} they would not be read any more: \
                 move them there first (clusterhat.toml(5))"
            )));
        }
        return Ok(Settings::default());
    };
    let (settings, _) = Settings::parse(Path::new(&shown), text).map_err(StartError::Settings)?;
    let table: toml::Table = text.parse().unwrap_or_default();
    if table.contains_key("daemon") && !has_ours(text) {
        let text = format!(
            "{shown} has a [daemon] table already: set listen there, and run \
            systemctl enable --now clusterhatd.service"
        );
        return Err(Failure::usage(text));
    }
    Ok(settings)
}

/// Whether our lines are there, as they are or as somebody has changed them.
fn has_ours(text: &str) -> bool {
    text.contains(&format!("# {BLOCK}: begin"))
}

/// Our lines.
fn lines(listen: SocketAddr) -> String {
    format!("[daemon]\nlisten = \"{listen}\"\n")
}

/// Whether our lines are to be written: not where they say the same already.
///
/// # Errors
/// Somebody has changed them, to name a certificate perhaps: they are not written over.
fn is_to_be_written(
    listen: SocketAddr,
    shown: &Path,
    old: Option<&str>,
    settings: &Settings,
) -> Result<bool, Failure> {
    let Some(text) = old.filter(|text| has_ours(text)) else { return Ok(true) };
    let is_as_written = |served| text.contains(&format!("{}# {BLOCK}: end", lines(served)));
    match settings.listen {
        Some(served) if served == listen => Ok(false),
        Some(served) if is_as_written(served) => Ok(true),
        _ => Err(Failure::usage(format!(
            "the lines that setup wrote in {} were changed since: set listen = \"{listen}\" in its [daemon] table, then run this again",
            shown.display()
        ))),
    }
}

fn take_back(
    sysroot: &Sysroot,
    state_dir: &Path,
    dry_run: bool,
    running: Option<&dyn Tools>,
) -> Result<Done<SetupReport>, Failure> {
    let plan = plan_undo(sysroot, Changed::Leave)?;
    let mut notes = if dry_run { plan.notes().to_vec() } else { Vec::new() };
    let ours = sysroot.shown(&SysPath::root(Sources::OWN));
    if !plan.notes().is_empty() && !plan.changes().iter().any(|change| change.path == ours) {
        let next = "to switch HTTPS off, remove its [daemon] table and the comments around it by hand, then restart the service";
        notes.push(next.to_owned());
    }
    if state_dir.exists() {
        let stay = format!("accounts, tokens and the certificate stay in {}", state_dir.display());
        notes.push(stay);
    }
    let changed = plan.paths();
    let report = SetupReport { undo: true, dry_run, changed, notes, first: None };
    let notes: String = report.notes.iter().map(|note| format!("{note}\n")).collect();
    if dry_run {
        let is_set_up = !plan.changes().is_empty() || !plan.notes().is_empty();
        let end = if is_set_up { DRY_RUN } else { NOTHING };
        return Ok(Done::new(report, format!("{}{notes}{end}", plan.diff())));
    }
    let done = undo(sysroot, Changed::Leave)?;
    let left = (!done.edited.is_empty()).then(|| ChangeError::ChangedSince(done.edited.clone()));
    let mut text = undone(&done);
    text.push_str(&notes);
    let mut system = Snapshot::new(sysroot);
    units::add(&mut system, service_unit::NAME)?;
    // One that is not there any more needs not be told.
    let running = running.filter(|_| units::is_usable(&system, service_unit::NAME));
    let reloaded = running.map_or(Ok(()), service_unit::reload);
    let failure = left.map(Failure::from).or(reloaded.err());
    Ok(Done { failure, ..Done::new(report, text) })
}

/// A line for each file, link and folder.
fn undone(undone: &Undone) -> String {
    if undone == &Undone::default() {
        return format!("{NOTHING}\n");
    }
    let lines = |word: &str, paths: &[PathBuf]| {
        paths.iter().map(|path| format!("{word} {}\n", path.display())).collect::<String>()
    };
    lines("restored", &undone.restored) + &lines("removed", &undone.removed)
}

fn text(report: &SetupReport, first: &First, is_own: bool, is_served: bool) -> String {
    let mut lines: Vec<_> =
        report.changed.iter().map(|path| format!("changed {}", path.display())).collect();
    if is_served {
        lines.push(format!("HTTPS is served at {}", first.url));
    }
    let (certificate, fingerprint) = (first.certificate.display(), &first.fingerprint);
    lines.push(format!("certificate {certificate}, SHA-256 {fingerprint}"));
    if is_own {
        lines.push(format!(
            "to replace it, set certificate and key in [daemon] of /{}",
            Sources::OWN
        ));
    }
    if let (Some(user), Some(password)) = (first.user, &first.password) {
        lines.push(format!("user {user}, password {password} (shown only once)"));
    }
    lines.extend_from_slice(&report.notes);
    lines.join("\n")
}

#[cfg(test)]
mod tests;
