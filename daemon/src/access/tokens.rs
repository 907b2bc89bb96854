//! API tokens with a role and an expiry, in `tokens.json` of the state folder: only their hashes are kept.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accounts::check_name;
use super::password::{fingerprint, secret};
use super::role::Role;
use super::stored::{Stored, Version};
use crate::error::{Problem, ProblemKind};
use crate::state_folder::StateFolder;

/// The file.
const FILE: &str = "tokens.json";

/// More tokens are not kept.
const MOST: usize = 256;

/// A shorter life would be over before anybody uses it: it is kept in whole seconds.
const SHORTEST: Duration = Duration::from_secs(1);

/// What every token begins with, so that programs that look for leaked secrets know it.
const PREFIX: &str = "chat_";

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// What it is called.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// Seconds since 1970-01-01 UTC.
    pub created: u64,
    /// When it expires, in seconds since 1970-01-01 UTC; never where absent.
    pub expires: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    token: Token,
    /// SHA-256 of the whole token: it is random, so that nothing slower is needed.
    sha256: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(expecting = "an object")]
struct Document {
    version: Version,
    tokens: Vec<Kept>,
}

/// All tokens.
pub struct Tokens(Stored<Document>);

impl Tokens {
    /// Reads the tokens.
    ///
    /// # Errors
    /// A file that cannot be read or is damaged.
    pub fn open(folder: &StateFolder) -> io::Result<Self> {
        Stored::open(folder, FILE).map(Self)
    }

    /// Those that have not ended.
    #[must_use]
    pub fn list(&self) -> Vec<Token> {
        let now = unix_now();
        self.0.get(|document| {
            let live = document.tokens.iter().filter(|kept| is_live(&kept.token, now));
            live.map(|kept| kept.token.clone()).collect()
        })
    }

    /// Makes a token; its secret is told this once.
    ///
    /// # Errors
    /// A name that is taken or malformed, a lifetime below a second, too many tokens, or a file that cannot be written.
    pub fn create(
        &self,
        name: &str,
        role: Role,
        lifetime: Option<Duration>,
    ) -> Result<(Token, String), Problem> {
        check_name(name)?;
        if lifetime.is_some_and(|lifetime| lifetime < SHORTEST) {
            let text = "a token lasts at least 1 s; without a time it lasts until it is removed";
            return Err(Problem::bad_request(text));
        }
        let now = unix_now();
        let expires = lifetime.map(|lifetime| now.saturating_add(lifetime.as_secs()));
        let token = Token { name: name.to_owned(), role, created: now, expires };
        let text = format!("{PREFIX}{}", secret());
        let kept = Kept { token: token.clone(), sha256: fingerprint(&text) };
        self.0.change(|Document { tokens, .. }| {
            tokens.retain(|kept| is_live(&kept.token, now));
            if tokens.iter().any(|kept| kept.token.name == name) {
                let text = format!("there is a token {name} already");
                return Err(Problem::new(ProblemKind::Conflict, text));
            }
            if tokens.len() >= MOST {
                let text = format!("there are {MOST} tokens, and no more can be kept");
                return Err(Problem::new(ProblemKind::Conflict, text));
            }
            tokens.push(kept);
            Ok(())
        })?;
        Ok((token, text))
    }

    /// Ends a token.
    ///
    /// # Errors
    /// No such token, or a file that cannot be written.
    pub fn remove(&self, name: &str) -> Result<(), Problem> {
        self.0.change(|Document { tokens, .. }| {
            let place = tokens.iter().position(|kept| kept.token.name == name);
            tokens.remove(place.ok_or_else(|| Problem::not_found(&format!("token {name:?}")))?);
            Ok(())
        })
    }

    /// The token that a secret is of, where it has not ended.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Token> {
        self.find_hash(&fingerprint(text))
    }

    /// The token that a secret with this hash is of, where it has not ended.
    #[must_use]
    pub(super) fn find_hash(&self, sha256: &str) -> Option<Token> {
        self.0.get(|document| {
            // Hashes of random secrets tell nothing by the time that comparing them takes.
            let kept = document.tokens.iter().find(|kept| kept.sha256 == sha256)?;
            is_live(&kept.token, unix_now()).then(|| kept.token.clone())
        })
    }
}

fn is_live(token: &Token, now: u64) -> bool {
    token.expires.is_none_or(|expires| now < expires)
}

/// Seconds since 1970-01-01 UTC.
#[must_use]
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_secret_until_it_ends() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let tokens = Tokens::open(&folder).unwrap();
        let (token, secret) = tokens.create("maas", Role::Operator, None).unwrap();
        assert_eq!(tokens.find(&secret), Some(token.clone()));
        let short = Token { expires: Some(1000), ..token.clone() };
        assert!(is_live(&short, 999) && !is_live(&short, 1000));
        // Seen: it was made, and had ended.
        let none = tokens.create("old", Role::Operator, Some(Duration::from_millis(999)));
        assert_eq!(none.unwrap_err().kind, ProblemKind::BadRequest);
        assert_eq!(tokens.find("chat_guessed"), None);
        assert_eq!(tokens.list(), [token]);
        let file = std::fs::read_to_string(folder.path(FILE)).unwrap();
        assert!(!file.contains(&secret), "{file}");
        let read = Tokens::open(&folder).unwrap();
        assert!(read.find(&secret).is_some());
        read.remove("maas").unwrap();
        assert_eq!(read.remove("maas").unwrap_err().kind, ProblemKind::NotFound);
        // What another process ended has ended here, too.
        assert_eq!(tokens.find(&secret), None);
    }
}
