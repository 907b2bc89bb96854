//! Debian's packages of any release and architecture: apt with a state of its own beside the
//! host's, which stays as it is. Of the host's apt only the mirror is used.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{
    packages, renewal,
    tools::{self, APT_CACHE, APT_GET, context},
};

/// The Debian that all guests are made of, whatever the host's is.
pub(crate) const RELEASE: &str = "trixie";

/// Of Debian's archive, for all its releases.
pub(crate) const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Where Debian is to be had if the host's apt names no place.
const PUBLIC_MIRROR: &str = "http://deb.debian.org/debian";

/// apt's view of some suites for one architecture. What it keeps goes when it is dropped.
pub(crate) struct Suite {
    state: TempDir,
    architecture: String,
}

impl Suite {
    /// Reads the suites' lists of packages from the mirror that the host itself uses.
    ///
    /// # Errors
    /// If the mirror has no such suite; [`renewal::is_under_way`] if its index stays incomplete.
    pub(crate) fn open(scratch: &Path, architecture: &str, suites: &[&str]) -> io::Result<Self> {
        let suite = Self { state: TempDir::new_in(scratch)?, architecture: architecture.into() };
        let below = |name: &str| suite.state.path().join(name);
        for dir in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(below(dir))?;
        }
        fs::write(below("status"), "")?;
        let mirror = mirror();
        let source = |name: &&str| format!("deb [signed-by={KEYS}] {mirror} {name} main\n");
        fs::write(below("sources.list"), suites.iter().map(source).collect::<String>())?;
        let what = format!("{} for {architecture} on {mirror}", suites.join(" and "));
        renewal::waited_out(&what, || {
            tools::stdout(suite.apt(APT_GET.command()?).args(["-qq", "update"])).map(drop)
        })
        .map_err(|e| match renewal::is_under_way(&e) {
            // It is told as what it is.
            true => e,
            false => context(e, "is the Debian package debian-archive-keyring up to date?"),
        })?;
        Ok(suite)
    }

    /// The package that a package without content of its own stands for: its first dependency.
    ///
    /// # Errors
    /// If apt does not know it.
    pub(crate) fn stands_for(&self, name: &str) -> io::Result<String> {
        let listed = tools::stdout(self.apt(APT_CACHE.command()?).args(["depends", name]))?;
        let listed = String::from_utf8_lossy(&listed);
        let first = listed.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
        first
            .map(str::to_owned)
            .ok_or_else(|| io::Error::other(format!("{name} depends on nothing")))
    }

    /// Unpacks packages below a folder, without what they depend on.
    ///
    /// # Errors
    /// If one cannot be had.
    pub(crate) fn unpack(&self, names: &[&str], to: &Path) -> io::Result<()> {
        let download = TempDir::new_in(self.state.path())?;
        let mut apt = self.apt(APT_GET.command()?);
        tools::stdout(apt.args(["-q", "download"]).args(names).current_dir(&download))?;
        unpack_all(download.path(), to)
    }

    /// Unpacks packages with all that they depend on, from the last of the suites where it has them.
    ///
    /// # Errors
    /// If one cannot be had.
    pub(crate) fn unpack_with_dependencies(
        &self,
        names: &[&str],
        preferred: &str,
        to: &Path,
    ) -> io::Result<()> {
        let mut apt = self.apt(APT_GET.command()?);
        apt.args(["-q", "-y", "--no-install-recommends", "--download-only", "-t", preferred]);
        tools::stdout(apt.arg("install").args(names))?;
        unpack_all(&self.state.path().join("cache/archives"), to)
    }

    /// The command with this state in place of the host's.
    fn apt(&self, mut command: Command) -> Command {
        let state = self.state.path().display();
        for option in [
            format!("Dir::State={state}/state"),
            format!("Dir::State::status={state}/status"),
            format!("Dir::Cache={state}/cache"),
            format!("Dir::Etc::SourceList={state}/sources.list"),
            "Dir::Etc::SourceParts=/dev/null".to_owned(),
            "Dir::Etc::Preferences=/dev/null".to_owned(),
            "Dir::Etc::PreferencesParts=/dev/null".to_owned(),
            format!("APT::Architecture={}", self.architecture),
            format!("APT::Architectures={}", self.architecture),
            // The folder is nobody else's to read, and so not the user's of apt's downloads.
            "APT::Sandbox::User=root".to_owned(),
        ] {
            command.arg("-o").arg(option);
        }
        command
    }
}

/// The architecture of the host.
pub(crate) fn host_architecture() -> io::Result<String> {
    let printed = tools::stdout(tools::DPKG.command()?.arg("--print-architecture"))?;
    Ok(String::from_utf8_lossy(&printed).trim().to_owned())
}

/// Where the host gets Debian from, or else Debian's own address.
pub(crate) fn mirror() -> String {
    let listed = APT_GET.command().and_then(|mut apt| {
        apt.args(["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]);
        tools::stdout(apt.args(["Origin: Debian", "Label: Debian"]))
    });
    let listed = listed.unwrap_or_default();
    String::from_utf8_lossy(&listed).lines().next().unwrap_or(PUBLIC_MIRROR).to_owned()
}

fn unpack_all(packages: &Path, to: &Path) -> io::Result<()> {
    let is_package = |(_, path): &(String, PathBuf)| path.extension().is_some_and(|e| e == "deb");
    let found = packages::with_prefix(packages, "")?;
    found
        .iter()
        .filter(|found| is_package(found))
        .try_for_each(|(_, path)| packages::unpack(path, to))
}
