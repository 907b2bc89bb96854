//! `clusterhatd setup`: switches HTTPS on, in a way that can be undone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use system_config::changes::{
    Changed, Draft, LONGEST_WAIT, Snapshot, SysPath, Sysroot, plan_undo, undo,
};
use system_config::{LinuxTools, Tools as _};

use super::Failure;
use crate::access::Access;
use crate::certificate::Certificate;
use crate::first_start::Announcement;
use crate::service::StartError;
use crate::settings::Settings;
use crate::state_folder::StateFolder;

/// The record of what is changed: `/var/lib/clusterhat/daemon-setup`.
const RECORD: &str = "daemon-setup";
/// The name of our lines in the file.
const BLOCK: &str = "clusterhatd";
const OURS: &str = "etc/clusterhat/clusterhat.toml";
const VENDORS: &str = "etc/default/clusterctrl";
/// What `systemctl enable` makes, so that the service runs without anybody knocking at its socket.
const ENABLED: &str = "etc/systemd/system/multi-user.target.wants/clusterhatd.service";
const UNIT: &str = "/usr/lib/systemd/system/clusterhatd.service";

/// `clusterhatd setup`.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Setup {
    /// Where HTTPS is served.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8443",
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
    /// Carries it out. The second value is the report for people.
    ///
    /// # Errors
    /// Who is not root; a configuration that leaves no place for it; files that cannot be used.
    pub fn run(&self, root: &Path, state_dir: &Path) -> Result<(SetupReport, String), Failure> {
        let is_running = root == Path::new("/");
        let dry_run = match &self.undo {
            Some(Undo::Undo { dry_run }) => *dry_run,
            None => self.dry_run,
        };
        if is_running && !dry_run && !rustix::process::geteuid().is_root() {
            return Err(Failure::usage("setup changes the system's files: run it as root"));
        }
        let sysroot = Sysroot::new(RECORD, root)?;
        let sysroot = if dry_run { sysroot } else { sysroot.locked(LONGEST_WAIT)? };
        if self.undo.is_some() {
            return take_back(&sysroot, dry_run, is_running);
        }
        self.set_up(&sysroot, state_dir, is_running)
    }

    fn set_up(
        &self,
        sysroot: &Sysroot,
        state_dir: &Path,
        is_running: bool,
    ) -> Result<(SetupReport, String), Failure> {
        let (ours, link) = (SysPath::root(OURS), SysPath::root(ENABLED));
        let mut system = Snapshot::new(sysroot);
        system.add_file(ours.clone())?;
        system.add_link(link.clone())?;
        let old =
            system.file(&ours).map(|state| String::from_utf8_lossy(&state.bytes).into_owned());
        check(sysroot, old.as_deref())?;
        let mut draft = Draft::new(&system);
        let lines = format!("[daemon]\nlisten = \"{}\"\n", self.listen);
        draft.block(ours, BLOCK, &lines, 0o644);
        // One that is enabled already, by its package perhaps, is not ours.
        if system.content(&link).is_none() {
            draft.link(link, PathBuf::from(UNIT));
        }
        let plan = draft.finish();
        let changed = plan.changes().iter().map(|change| change.path.clone()).collect();
        let mut report = SetupReport {
            undo: false,
            dry_run: self.dry_run,
            changed,
            notes: Vec::new(),
            first: None,
        };
        if self.dry_run {
            return Ok((report, plan.diff()));
        }
        plan.apply(sysroot)?;
        let first = self.first(state_dir)?;
        if is_running {
            report.notes.extend(systemctl(&["reload-or-restart", "clusterhatd.service"]));
        }
        if !self.listen.ip().is_loopback() {
            report.notes.push("other machines can reach it: mind the firewall".to_owned());
        }
        let text = text(&first, &report.notes);
        report.first = Some(first);
        Ok((report, text))
    }

    /// Makes the certificate and the first account already, so that no log has its password.
    fn first(&self, state_dir: &Path) -> Result<First, Failure> {
        let of_state = |source| StartError::State { path: state_dir.to_owned(), source };
        let folder = StateFolder::open(state_dir).map_err(of_state)?;
        let access = Access::open(&folder, Duration::ZERO).map_err(of_state)?;
        let settings = Settings { listen: Some(self.listen), ..Settings::default() };
        let certificate = Certificate::load(&folder, &settings).map_err(StartError::Certificate)?;
        let Certificate { fingerprint, path, .. } = certificate;
        let mut announcement = Announcement::new(Some(self.listen), Some(fingerprint.clone()));
        announcement.make_first_account(&access)?;
        let Announcement { user, password, url, .. } = announcement;
        let url = url.unwrap_or_default();
        Ok(First { url, fingerprint, certificate: path, user, password })
    }
}

/// Whether there is a place for our lines.
fn check(sysroot: &Sysroot, old: Option<&str>) -> Result<(), Failure> {
    let (ours, vendors) = (SysPath::root(OURS), SysPath::root(VENDORS));
    let shown = sysroot.shown(&ours).display().to_string();
    let Some(text) = old else {
        if sysroot.has(&vendors)? {
            let vendors = sysroot.shown(&vendors).display().to_string();
            return Err(Failure::usage(format!(
                "the boards' settings are in {vendors}, and with a {shown} they would not be read any more: \
                 move them there first (clusterhat.toml(5))"
            )));
        }
        return Ok(());
    };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        Failure::usage(format!("{shown}: {}", error.message()))
    })?;
    if table.contains_key("daemon") && !text.contains(&format!("# {BLOCK}: begin")) {
        let text = format!(
            "{shown} has a [daemon] table already: set listen there, and run \
            systemctl enable --now clusterhatd.service"
        );
        return Err(Failure::usage(text));
    }
    Ok(())
}

fn take_back(
    sysroot: &Sysroot,
    dry_run: bool,
    is_running: bool,
) -> Result<(SetupReport, String), Failure> {
    let plan = plan_undo(sysroot, Changed::Leave)?;
    let mut notes = plan.notes().to_vec();
    let changed = plan.changes().iter().map(|change| change.path.clone()).collect();
    if !dry_run {
        let _ = undo(sysroot, Changed::Leave)?;
        if is_running {
            notes.extend(systemctl(&["try-reload-or-restart", "clusterhatd.service"]));
        }
    }
    let text = if dry_run { plan.diff() } else { notes.join("\n") };
    Ok((SetupReport { undo: true, dry_run, changed, notes, first: None }, text))
}

/// What is to be said of it: nothing where it worked.
fn systemctl(words: &[&str]) -> Option<String> {
    let command = || format!("systemctl {}", words.join(" "));
    match LinuxTools
        .run("systemctl", &["daemon-reload"])
        .and_then(|_| LinuxTools.run("systemctl", words))
    {
        Ok(printed) if printed.success => None,
        Ok(printed) => Some(format!("{}: {}", command(), printed.stderr.trim())),
        Err(error) => Some(format!("{} cannot be run: {error}", command())),
    }
}

fn text(first: &First, notes: &[String]) -> String {
    let mut lines = vec![
        format!("HTTPS is served at {}", first.url),
        format!("certificate {}, SHA-256 {}", first.certificate.display(), first.fingerprint),
        "to replace it, set certificate and key in [daemon] of /etc/clusterhat/clusterhat.toml"
            .to_owned(),
    ];
    if let (Some(user), Some(password)) = (first.user, &first.password) {
        lines.push(format!("user {user}, password {password} (told this once)"));
    }
    lines.extend_from_slice(notes);
    lines.join("\n")
}
