//! `clusterhatd token`: API tokens, in the state folder. A running daemon sees the change at once.

use std::io;
use std::path::Path;
use std::time::Duration;

use clap::Subcommand;
use clusterhat::parse_duration;
use serde::Serialize;

use super::{Done, Failure};
use crate::access::{Audit, By, Caller, Role, Token, Tokens};
use crate::error::Problem;
use crate::service::StartError;
use crate::state_folder::StateFolder;

/// The words after `token`.
#[derive(Clone, Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print its secret, which is told this once
    Add {
        /// What it is to be called: letters, digits, -, _ and .
        name: String,
        /// What who has it may do: read-only, operator or administrator
        #[arg(long, default_value = "read-only", value_parser = role)]
        role: Role,
        /// After how long it ends (seconds; default: never)
        #[arg(long, value_name = "TIME", value_parser = parse_duration)]
        expires_in: Option<Duration>,
    },
    /// Show the tokens that have not ended, without their secrets
    List,
    /// End a token
    Remove {
        /// Its name
        name: String,
    },
}

/// What a command came to.
#[derive(Debug, Serialize)]
pub struct TokenReport {
    /// All tokens, or the one that was made or ended.
    pub tokens: Vec<Token>,
    /// The new token's secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

fn role(word: &str) -> Result<Role, String> {
    Role::of_name(word).ok_or_else(|| "one of read-only, operator and administrator".to_owned())
}

impl TokenCommand {
    /// Carries it out.
    ///
    /// # Errors
    /// A state folder that cannot be used, a name that is taken, or one that is not there.
    pub fn run(&self, state_dir: &Path) -> Result<Done<TokenReport>, Failure> {
        match self {
            Self::Add { name, role, expires_in } => {
                let opened = StateFolder::open(state_dir).and_then(open);
                let (folder, tokens) = opened.map_err(|error| refused(state_dir, error))?;
                let (token, secret) = tokens.create(name, *role, *expires_in)?;
                note(&folder, "create token", name);
                let text = secret.clone();
                Ok(Done::new(TokenReport { tokens: vec![token], secret: Some(secret) }, text))
            }
            Self::List => list(state_dir),
            Self::Remove { name } => {
                let missing = || Problem::not_found(&format!("token {name:?}"));
                let (folder, tokens) = existing(state_dir)?.ok_or_else(missing)?;
                let mut all = tokens.list().into_iter();
                let token = all.find(|token| token.name == *name).ok_or_else(missing)?;
                tokens.remove(name)?;
                note(&folder, "remove token", name);
                let report = TokenReport { tokens: vec![token], secret: None };
                Ok(Done::new(report, String::new()))
            }
        }
    }
}

/// To look makes nothing.
fn list(state_dir: &Path) -> Result<Done<TokenReport>, Failure> {
    let found = existing(state_dir)?;
    let tokens = found.as_ref().map_or_else(Vec::new, |(_, tokens)| tokens.list());
    let text = match found {
        None => format!("no tokens: {} does not exist", state_dir.display()),
        Some(_) if tokens.is_empty() => format!("no tokens in {}", state_dir.display()),
        Some(_) => tokens.iter().map(line).collect::<Vec<_>>().join("\n"),
    };
    Ok(Done::new(TokenReport { tokens, secret: None }, text))
}

fn existing(state_dir: &Path) -> Result<Option<(StateFolder, Tokens)>, Failure> {
    let found = StateFolder::existing(state_dir);
    let opened = found.and_then(|folder| folder.map(open).transpose());
    opened.map_err(|error| refused(state_dir, error))
}

fn open(folder: StateFolder) -> io::Result<(StateFolder, Tokens)> {
    let tokens = Tokens::open(&folder)?;
    Ok((folder, tokens))
}

fn refused(state_dir: &Path, source: io::Error) -> Failure {
    let is_denied = source.kind() == io::ErrorKind::PermissionDenied;
    let error = StartError::State { path: state_dir.to_owned(), source };
    let mut failure = Failure::from(error);
    if is_denied && !rustix::process::geteuid().is_root() {
        failure.message.push_str("; run this as root (sudo clusterhatd token ...)");
    }
    failure
}

fn note(folder: &StateFolder, what: &str, token: &str) {
    let name = format!("uid:{}", rustix::process::getuid().as_raw());
    let (role, by, address) = (Role::Administrator, By::Peer, "command".to_owned());
    let caller = Caller { name, role, by, address, known_by: None };
    Audit::of_command(folder).note(&caller, what, token, "done");
}

fn line(token: &Token) -> String {
    let end = match token.expires {
        None => "never ends".to_owned(),
        Some(expires) => {
            let left = expires.saturating_sub(crate::access::tokens::unix_now());
            format!("ends in {} h {} min", left / 3600, left / 60 % 60)
        }
    };
    format!("{}  {}  {end}", token.name, token.role.name())
}
