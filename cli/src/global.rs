//! The options that every command takes, and the environment variables beside them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use clusterhat::config::Overrides;
use clusterhat::{Options, parse_duration};

use crate::failure::Failure;

/// The heading of the options that every command takes.
const GLOBAL: &str = "Global options";

/// Options that every command takes.
#[derive(Debug, Default, Args)]
pub(crate) struct Global {
    /// Print one JSON document, for errors too
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) json: bool,
    /// Read this configuration instead of /etc/clusterhat/clusterhat.toml
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    pub(crate) config: Option<PathBuf>,
    /// Use the files and devices below this directory
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL)]
    pub(crate) root: Option<PathBuf>,
    /// Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine's
    /// configuration and hooks
    #[arg(long, global = true, value_name = "SIMULATION", value_parser = NonEmptyStringValueParser::new(), help_heading = GLOBAL)]
    pub(crate) sim: Option<String>,
    /// Wait at most this long for another process (seconds)
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_duration,
          allow_hyphen_values = true, help_heading = GLOBAL)]
    pub(crate) lock_limit: Option<Duration>,
}

impl Global {
    /// What these options and the environment ask for; the command line counts more. An empty variable
    /// counts as none.
    ///
    /// # Errors
    /// What is no name of a simulation: it must not lead to the machine's own boards.
    pub(crate) fn options(&self) -> Result<Options, Failure> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let path = |name| variable(name).map(PathBuf::from);
        let simulation = match (&self.sim, variable("CLUSTERHAT_SIM")) {
            (None, Some(name)) => Some(name.into_string().map_err(|name| {
                Failure::Simulation(format!("CLUSTERHAT_SIM={name:?} is not UTF-8"))
            })?),
            (given, _) => given.clone(),
        };
        let overrides = Overrides { lock_limit: self.lock_limit, ..Overrides::default() };
        Ok(Options {
            root: self.root.clone().or_else(|| path("CLUSTERHAT_ROOT")),
            simulation,
            without_waits: variable("CLUSTERHAT_SIM_NOWAIT").is_some_and(|value| value == "1"),
            config: self.config.clone().or_else(|| path("CLUSTERHAT_CONFIG")),
            overrides,
            ..Options::default()
        })
    }
}

/// The simulation that a command line that cannot be parsed, or else the environment, asks for.
pub(crate) fn simulated(words: &[OsString]) -> Option<String> {
    let behind = |word: &OsString| word.to_str()?.strip_prefix("--sim=").map(str::to_owned);
    let flag = words.iter().position(|word| word == "--sim").and_then(|at| words.get(at + 1));
    let given = words.iter().find_map(behind).or_else(|| flag?.to_str().map(str::to_owned));
    let name = given.or_else(|| std::env::var("CLUSTERHAT_SIM").ok());
    name.filter(|name| !name.is_empty())
}
