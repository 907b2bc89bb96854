//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand};
use clusterhat::Options;

use crate::commands::setup::Setup;
use crate::commands::token::TokenCommand;
use crate::service::Start;
use crate::settings::parse_address;

/// Where the unix socket is.
pub const SOCKET: &str = "/run/clusterhat/clusterhatd.sock";

/// Where the consoles' logs are.
const CONSOLES: &str = "/var/log/clusterhat";

/// For `--help` and the manual page.
const AFTER_HELP: &str = "\
Without --listen and without listen in [daemon] of /etc/clusterhat/clusterhat.toml only the unix socket is served.
The first line on standard output is a JSON document with url and fingerprint, and at the very first start with user and password.
SIGHUP reads the configuration and the certificate again. Exit status: 0 ended by SIGTERM or SIGINT, 1 failed, 2 usage or configuration.";

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
    /// Make, show and end API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Serve HTTPS from now on: set it in the configuration, make the first account and start the service
    Setup(Setup),
}

/// How to serve.
#[derive(Debug, Args)]
pub struct Serve {
    /// Serve HTTPS at this address, 127.0.0.1:8443 for example; port 0 = any free one
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    pub listen: Option<SocketAddr>,
    /// Serve this unix socket [default: /run/clusterhat/clusterhatd.sock, but with --sim none]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Keep accounts, tokens and the certificate in this folder
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "STATE_DIRECTORY",
        hide_env = true,
        default_value = "/var/lib/clusterhatd"
    )]
    pub state_dir: PathBuf,
    /// Keep the consoles' logs in this folder [default: /var/log/clusterhat, but with --sim below the state folder]
    #[arg(long, value_name = "DIR", env = "LOGS_DIRECTORY", hide_env = true)]
    pub consoles_dir: Option<PathBuf>,
    /// Read this configuration instead of /etc/clusterhat/clusterhat.toml
    #[arg(long, global = true, value_name = "FILE", env = "CLUSTERHAT_CONFIG", hide_env = true)]
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

impl Serve {
    /// What the daemon starts with.
    #[must_use]
    pub fn start(&self) -> Start {
        let options = Options {
            root: self.root.clone(),
            simulation: self.sim.clone(),
            config: self.config.clone(),
            ..Options::default()
        };
        Start {
            options,
            listen: self.listen,
            state_dir: self.state_dir.clone(),
            consoles_dir: self.consoles_dir(),
        }
    }

    fn consoles_dir(&self) -> PathBuf {
        match (&self.consoles_dir, &self.sim) {
            (Some(path), _) => path.clone(),
            (None, Some(_)) => self.state_dir.join("consoles"),
            (None, None) => PathBuf::from(CONSOLES),
        }
    }

    /// Where the unix socket is to be. Who plays with a simulation does not serve the machine's.
    #[must_use]
    pub fn socket(&self) -> Option<PathBuf> {
        match (&self.socket, &self.sim) {
            (Some(path), _) => Some(path.clone()),
            (None, Some(_)) => None,
            (None, None) => Some(PathBuf::from(SOCKET)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn pages_and_completions_are_current() {
        clusterhat_tests::pages::check_service(Cli::command());
    }
}
