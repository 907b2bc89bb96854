//! `clusterhatd token`: API tokens, in the state folder. A running daemon sees the change at once.

use std::time::Duration;

use clap::Subcommand;
use clusterhat::parse_duration;
use serde::Serialize;

use super::{Done, Failure};
use crate::access::{Access, By, Caller, Role, Token};
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
    pub fn run(&self, state_dir: &std::path::Path) -> Result<Done<TokenReport>, Failure> {
        let of_state = |source| StartError::State { path: state_dir.to_owned(), source };
        let folder = StateFolder::open(state_dir).map_err(of_state)?;
        let access = Access::open(&folder, Duration::ZERO).map_err(of_state)?;
        let note = |what: &str, name: &str| {
            let name_of_caller = format!("uid:{}", rustix::process::getuid().as_raw());
            let (role, by, address) = (Role::Administrator, By::Peer, "command".to_owned());
            let caller = Caller { name: name_of_caller, role, by, address, known_by: None };
            access.audit.note(&caller, what, name, "done");
        };
        match self {
            Self::Add { name, role, expires_in } => {
                let (token, secret) = access.tokens.create(name, *role, *expires_in)?;
                note("create token", name);
                let text = secret.clone();
                Ok(Done::new(TokenReport { tokens: vec![token], secret: Some(secret) }, text))
            }
            Self::List => {
                let tokens = access.tokens.list();
                let text = tokens.iter().map(line).collect::<Vec<_>>().join("\n");
                Ok(Done::new(TokenReport { tokens, secret: None }, text))
            }
            Self::Remove { name } => {
                let all = access.tokens.list();
                let missing = || Problem::not_found(&format!("token {name:?}"));
                let token =
                    all.into_iter().find(|token| token.name == *name).ok_or_else(missing)?;
                access.tokens.remove(name)?;
                note("remove token", name);
                let report = TokenReport { tokens: vec![token], secret: None };
                Ok(Done::new(report, String::new()))
            }
        }
    }
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
