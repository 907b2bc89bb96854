//! `clusterhatd token`: API tokens, in the state folder. A running daemon sees the change at once.

use std::io;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use clap::Subcommand;
use clusterhat::{parse_duration, rfc3339};
use serde::Serialize;

use super::printed::is_output_lost;
use super::{Done, Failure};
use crate::access::tokens::unix_now;
use crate::access::{Audit, By, Caller, Role, Token, Tokens};
use crate::error::Problem;
use crate::service::StartError;
use crate::state_folder::StateFolder;

/// The words after `token`.
#[derive(Clone, Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print its secret, which is shown only once
    Add {
        /// Its name: 1 to 32 letters, digits, dots, hyphens and underscores, and no dot at the start
        name: String,
        /// What its holder may do: read-only, operator or administrator
        #[arg(long, default_value = "read-only", value_parser = role)]
        role: Role,
        /// When it expires: after 30d, 24h, 90min or a number of seconds, for example (default: never)
        #[arg(long, value_name = "TIME", value_parser = parse_duration)]
        expires_in: Option<Duration>,
    },
    /// Show the tokens that have not expired, without their secrets
    List,
    /// Remove a token, which is refused from then on
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
    Role::of_name(word).ok_or_else(|| "expected read-only, operator or administrator".to_owned())
}

impl TokenCommand {
    /// Carries it out.
    ///
    /// # Errors
    /// A state folder that cannot be used, a name that is taken, or one that is not there; a secret that nobody would see.
    pub fn run(&self, state_dir: &Path) -> Result<Done<TokenReport>, Failure> {
        match self {
            Self::Add { name, role, expires_in } => {
                if is_output_lost() {
                    return Err(Failure::usage(format!(
                        "standard output is closed or leads to /dev/null, and the secret of {name} is shown only once: \
                         no token was created"
                    )));
                }
                let opened = StateFolder::open(state_dir).and_then(open);
                let (folder, tokens) = opened.map_err(|error| refused(state_dir, error))?;
                let (token, secret) = tokens.create(name, *role, *expires_in)?;
                note(&folder, "create token", name);
                let text = secret.clone();
                let once = format!(
                    "the secret of {name}, which is shown only once, is lost: `clusterhatd token remove {name}`, then make it again"
                );
                let report = TokenReport { tokens: vec![token], secret: Some(secret) };
                Ok(Done { once: Some(once), ..Done::new(report, text) })
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
        None => "never expires".to_owned(),
        Some(expires) => {
            let at = rfc3339(UNIX_EPOCH + Duration::from_secs(expires)).replace(".000Z", "Z");
            format!("expires {at} (in {})", span(expires.saturating_sub(unix_now())))
        }
    };
    format!("{}  {}  {end}", token.name, token.role.name())
}

/// A number of seconds in its two largest units.
fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (1.., ..) => format!("{days} d {} h", hours % 24),
        (0, 1.., _) => format!("{hours} h {} min", minutes % 60),
        (0, 0, 1..) => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen: "ends in 0 h 0 min", and no date.
    #[test]
    fn a_line_says_when_its_token_ends() {
        for (seconds, text) in [
            (59, "59 s"),
            (60, "1 min 0 s"),
            (3_600, "1 h 0 min"),
            (86_399, "23 h 59 min"),
            (2_592_000, "30 d 0 h"),
        ] {
            assert_eq!(span(seconds), text);
        }
        let (name, role) = ("backup".to_owned(), Role::Operator);
        let mut token = Token { name, role, created: 0, expires: None };
        assert_eq!(line(&token), "backup  operator  never expires");
        token.expires = Some(4_102_444_799);
        assert!(line(&token).starts_with("backup  operator  expires 2099-12-31T23:59:59Z (in "));
    }
}
