//! The command line.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clusterhat::Options;
use clusterhat::service::SOCKET;
use system_config::changes::check_inside;

use crate::commands::Failure;
use crate::commands::setup::Setup;
use crate::commands::token::TokenCommand;
use crate::service::Start;
use crate::settings::{DEFAULT_LISTEN, parse_address};

/// Where accounts, tokens and the certificate are, below the root.
const STATE: &str = "var/lib/clusterhatd";

/// Where the consoles' logs are, below the root.
const CONSOLES: &str = "var/log/clusterhat";

/// For `--help` and the manual page.
const AFTER_HELP: &str = "\
Without --listen and without listen in [daemon] of /etc/clusterhat/clusterhat.toml only the unix socket is served.
With --sim v2.5 a simulated board is served, at https://127.0.0.1:8443, which needs neither root nor hardware.
The first line on standard output is a JSON document with socket, url and fingerprint; at the very first start also user and password, and for a simulation simulated.
SIGHUP reads the configuration and the certificate again, but ends a daemon whose terminal was closed, unless nohup(1) started it.
Exit status: 0 done, 1 failed, 2 usage or configuration; SIGTERM and SIGINT end the service with 0.";

/// Serve the nodes of Cluster HATs and ClusterCTRL boards to other programs: Redfish, a small API, metrics, events, consoles.
#[derive(Debug, Parser)]
#[command(name = "clusterhatd", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub struct Cli {
    /// How to serve.
    #[command(flatten)]
    pub serve: Serve,
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make, show and remove API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Serve HTTPS from now on: set it in the configuration, make the first account and start the service
    Setup(Setup),
}

/// How to serve.
#[derive(Debug, Args)]
pub struct Serve {
    /// Serve HTTPS at this address, such as 127.0.0.1:8443; port 0 = any free one [default: none; 127.0.0.1:8443 with --sim but no --socket]
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    pub listen: Option<SocketAddr>,
    /// Serve this unix socket [default: /run/clusterhat/clusterhatd.sock; none with --sim]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Keep accounts, tokens and the certificate in this folder [default: /var/lib/clusterhatd; with --sim a temporary one, removed at the end]
    #[arg(long, global = true, value_name = "DIR", env = "STATE_DIRECTORY", hide_env = true)]
    pub state_dir: Option<PathBuf>,
    /// Keep the consoles' logs in this folder [default: /var/log/clusterhat; with --sim a folder in the state folder]
    #[arg(long, value_name = "DIR", env = "LOGS_DIRECTORY", hide_env = true)]
    pub consoles_dir: Option<PathBuf>,
    /// Read this configuration instead of /etc/clusterhat/clusterhat.toml
    #[arg(long, value_name = "FILE", env = "CLUSTERHAT_CONFIG", hide_env = true)]
    pub config: Option<PathBuf>,
    /// Use the files and devices below this directory
    #[arg(long, global = true, value_name = "DIR", env = "CLUSTERHAT_ROOT", hide_env = true)]
    pub root: Option<PathBuf>,
    /// Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file
    #[arg(long, value_name = "SIMULATION", env = "CLUSTERHAT_SIM", hide_env = true, value_parser = NonEmptyStringValueParser::new())]
    pub sim: Option<String>,
    /// Make no first account: clusterhatd setup makes it
    #[arg(long)]
    pub without_first_account: bool,
    /// Print one JSON document, for errors too
    #[arg(long, global = true)]
    pub json: bool,
}

impl Cli {
    /// What the command line may be. An empty variable counts as none, as for `clusterhat`.
    #[must_use]
    pub fn grammar() -> clap::Command {
        Self::command().mut_args(|arg| {
            let value = arg.get_env().and_then(std::env::var_os);
            if value.is_some_and(|value| value.is_empty()) {
                arg.env(None::<&'static str>)
            } else {
                arg
            }
        })
    }
}

impl Serve {
    /// What the daemon starts with, which has this state folder; `is_passed` says whether systemd passed it a socket.
    ///
    /// # Errors
    /// What is kept below a root would not be kept there.
    pub fn start(&self, state_dir: &Path, is_passed: bool) -> Result<Start, Failure> {
        let options = Options {
            root: self.root.clone(),
            simulation: self.sim.clone(),
            config: self.config.clone(),
            ..Options::default()
        };
        // Without it nobody could reach the daemon.
        let serves_nothing_else = !is_passed && self.socket()?.is_none();
        Ok(Start {
            options,
            listen: self.listen,
            default_listen: serves_nothing_else.then_some(DEFAULT_LISTEN),
            state_dir: state_dir.to_owned(),
            consoles_dir: self.consoles_dir(state_dir)?,
        })
    }

    /// Whether these options mean something beside a command, which does not serve.
    ///
    /// # Errors
    /// One would have no effect, and the command another one than was meant.
    pub fn check_beside(&self, command: &str) -> Result<(), Failure> {
        let refused = |text: String| Err(Failure::usage(text));
        if let Some(address) = self.listen {
            let instead = match command {
                "setup" => format!("write it behind: clusterhatd setup --listen {address}"),
                _ => "leave it out".to_owned(),
            };
            return refused(format!(
                "--listen before {command} says how to serve now, and {command} does not serve: {instead}"
            ));
        }
        let serving = [
            ("--socket", self.socket.is_some()),
            ("--without-first-account", self.without_first_account),
        ];
        if let Some((option, _)) = serving.iter().find(|(_, is_there)| *is_there) {
            return refused(format!(
                "{option} says how to serve now, and {command} does not serve: leave it out"
            ));
        }
        if command == "setup" && self.sim.is_some() {
            return refused(
                "setup is about a system, which a simulation has none of: leave out --sim (CLUSTERHAT_SIM)"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// Where the machine's accounts, tokens and certificate are.
    ///
    /// # Errors
    /// A simulation's are in a temporary folder, which is not known here; what is kept below a root would not be kept there.
    pub fn state_dir(&self) -> Result<PathBuf, Failure> {
        match (&self.state_dir, &self.sim) {
            (Some(path), _) => Ok(path.clone()),
            (None, None) => self.below_root(STATE),
            (None, Some(_)) => Err(Failure::usage(
                "which folder a simulation keeps its tokens and accounts in is not known: name it with --state-dir, or leave out \
                 --sim (CLUSTERHAT_SIM)",
            )),
        }
    }

    /// Where the system is that is served or set up.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.as_deref().unwrap_or(Path::new("/"))
    }

    /// Checks that no other configuration is named than the one that `setup` writes.
    ///
    /// # Errors
    /// Another one is.
    pub fn check_config(&self) -> Result<(), Failure> {
        match &self.config {
            None => Ok(()),
            Some(path) => Err(Failure::usage(format!(
                "setup writes /etc/clusterhat/clusterhat.toml, which the service reads, not {}: leave out --config (CLUSTERHAT_CONFIG)",
                path.display()
            ))),
        }
    }

    /// A folder below the root. A link may lead out of one that is given, as on a card that is mounted: its absolute links start
    /// at its own root.
    fn below_root(&self, path: &str) -> Result<PathBuf, Failure> {
        let placed = self.root().join(path);
        let Some(root) = &self.root else { return Ok(placed) };
        check_inside(root, Path::new(path)).map_err(|error| match error.kind() {
            ErrorKind::Other => Failure::usage(error.to_string()),
            _ => Failure { kind: "storage", message: error.to_string(), exit_status: 1 },
        })?;
        Ok(placed)
    }

    fn consoles_dir(&self, state_dir: &Path) -> Result<PathBuf, Failure> {
        match (&self.consoles_dir, &self.sim) {
            (Some(path), _) => Ok(path.clone()),
            (None, Some(_)) => Ok(state_dir.join("consoles")),
            (None, None) => self.below_root(CONSOLES),
        }
    }

    /// Where the unix socket is to be. Who plays with a simulation does not serve the machine's.
    ///
    /// # Errors
    /// What is made below a root would not be made there.
    pub fn socket(&self) -> Result<Option<PathBuf>, Failure> {
        Ok(match (&self.socket, &self.sim) {
            (Some(path), _) => Some(path.clone()),
            (None, Some(_)) => None,
            (None, None) => Some(self.below_root(SOCKET)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen: the setup of a card below --root made the first account of the machine that it was mounted on.
    #[test]
    fn what_is_kept_is_below_the_root() {
        let serve = Cli::parse_from(["clusterhatd", "--root", "/mnt"]).serve;
        let state_dir = serve.state_dir().unwrap();
        assert_eq!(state_dir, Path::new("/mnt/var/lib/clusterhatd"));
        let start = serve.start(&state_dir, false).unwrap();
        assert_eq!(start.consoles_dir, Path::new("/mnt/var/log/clusterhat"));
        assert_eq!(
            serve.socket().unwrap(),
            Some(PathBuf::from("/mnt/run/clusterhat/clusterhatd.sock"))
        );
        let own = Cli::parse_from(["clusterhatd"]).serve;
        assert_eq!(own.state_dir().unwrap(), Path::new("/var/lib/clusterhatd"));
    }

    #[test]
    fn pages_and_completions_are_current() {
        clusterhat_tests::pages::check_service(Cli::command(), include_str!("manual.roff"));
    }
}
