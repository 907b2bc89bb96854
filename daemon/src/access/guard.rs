//! All that decides who may do what: from what a request brings to who sends it.

use std::io;
use std::time::Duration;

use super::accounts::Accounts;
use super::audit::Audit;
use super::password::{self, fingerprint};
use super::role::{By, Caller, Role};
use super::sessions::Sessions;
use super::slow_down::SlowDown;
use super::tokens::Tokens;
use super::verified::Verified;
use crate::error::{Problem, ProblemKind};
use crate::state_folder::StateFolder;

/// How soon it is noticed that a session, a token or an account has ended: its time may be over, or another process may end it.
const LOOK: Duration = Duration::from_secs(2);

/// A hash that no password has, so that an unknown name takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=9216,t=4,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What a request brings.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// `Authorization: Basic`.
    Basic {
        /// The account.
        user: String,
        /// Its password.
        password: String,
    },
    /// `Authorization: Bearer`: an API token, or a session's secret.
    Bearer(String),
    /// `X-Auth-Token` (Redfish): a session's secret, or an API token.
    SessionToken(String),
    /// A browser's cookie: a session's secret.
    Cookie(String),
}

impl Credentials {
    /// The hash of a secret; a password has none that a session or a token could be found by.
    fn hash(&self) -> Option<String> {
        match self {
            Self::Basic { .. } => None,
            Self::Bearer(secret) | Self::SessionToken(secret) | Self::Cookie(secret) => {
                Some(fingerprint(secret))
            }
        }
    }
}

/// All that decides who may do what.
pub struct Access {
    /// Names with passwords and roles.
    pub accounts: Accounts,
    /// Secrets of programs.
    pub tokens: Tokens,
    /// Who has logged in.
    pub sessions: Sessions,
    /// Who has failed to.
    pub slow_down: SlowDown,
    /// What was done.
    pub audit: Audit,
    verified: Verified,
}

impl Access {
    /// Reads accounts and tokens.
    ///
    /// # Errors
    /// Files that cannot be read or are damaged.
    pub fn open(folder: &StateFolder, session_limit: Duration) -> io::Result<Self> {
        Ok(Self {
            accounts: Accounts::open(folder)?,
            tokens: Tokens::open(folder)?,
            sessions: Sessions::new(session_limit),
            slow_down: SlowDown::default(),
            audit: Audit::new(folder),
            verified: Verified::new(),
        })
    }

    /// Who sends this, from an address.
    ///
    /// # Errors
    /// [`ProblemKind::Unauthorized`], or [`ProblemKind::TooMany`] where too many attempts from there failed.
    pub async fn caller(
        &self,
        credentials: &Credentials,
        address: &str,
    ) -> Result<Caller, Problem> {
        let caller = |name: String, role, by, known_by| {
            let address = address.to_owned();
            Caller { name, role, by, address, known_by }
        };
        let found = match credentials {
            Credentials::Basic { user, password } => {
                let (role, hash) = self.check(user, password, address).await?;
                return Ok(caller(user.clone(), role, By::Basic, Some(fingerprint(&hash))));
            }
            Credentials::Bearer(secret) | Credentials::SessionToken(secret) => {
                let of = |by| move |(name, role)| (name, role, by);
                let token = self.of_token(secret).map(of(By::Token));
                token.or_else(|| self.of_session(secret).map(of(By::Session)))
            }
            Credentials::Cookie(secret) => {
                self.of_session(secret).map(|(name, role)| (name, role, By::Cookie))
            }
        };
        // A session that has ended is no attempt to guess one.
        let is_guess = !matches!(credentials, Credentials::Cookie(_));
        found.map(|(name, role, by)| caller(name, role, by, credentials.hash())).ok_or_else(|| {
            self.refused("token", address, is_guess, "the token or session is not valid")
        })
    }

    fn of_token(&self, secret: &str) -> Option<(String, Role)> {
        self.tokens.find(secret).map(|token| (format!("token:{}", token.name), token.role))
    }

    /// What a caller may do by now, who was let in before; nothing where the session, the token or the account has ended, or
    /// the password is another, or has to be. To ask is no use of a session.
    #[must_use]
    pub fn role_now(&self, caller: &Caller) -> Option<Role> {
        let known_by = caller.known_by.as_deref();
        match caller.by {
            By::Peer => Some(caller.role),
            By::Token => self.tokens.find_hash(known_by?).map(|token| token.role),
            By::Basic if self.password_of(&caller.name).as_deref() != known_by => None,
            By::Session | By::Cookie if !self.sessions.goes_on(known_by?) => None,
            By::Basic | By::Session | By::Cookie => {
                let account = self.accounts.get(&caller.name)?;
                (account.enabled && !account.password_change_required).then_some(account.role)
            }
        }
    }

    /// Whether a caller has to change the password before anything else.
    #[must_use]
    pub fn password_change_required(&self, caller: &Caller) -> bool {
        let account = || self.accounts.get(&caller.name);
        let has_password = matches!(caller.by, By::Basic | By::Session | By::Cookie);
        has_password && account().is_some_and(|account| account.password_change_required)
    }

    /// Waits until a caller who was let in may do nothing any more.
    pub async fn ended(&self, caller: &Caller) {
        while self.role_now(caller).is_some() {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What a caller does who was let in before is a use of their session.
    pub fn note_use(&self, caller: &Caller) {
        if let (By::Session | By::Cookie, Some(hash)) = (caller.by, &caller.known_by) {
            self.sessions.touch(hash);
        }
    }

    /// Another with each new password; of an account that may log in.
    fn password_of(&self, user: &str) -> Option<String> {
        self.accounts.hash_of(user).map(|(_, hash)| fingerprint(&hash))
    }

    /// The role is the account's now.
    fn of_session(&self, secret: &str) -> Option<(String, Role)> {
        let session = self.sessions.find(secret)?;
        let account = self.accounts.get(&session.user).filter(|account| account.enabled)?;
        Some((account.name, account.role))
    }

    /// The role of an account whose password this is.
    ///
    /// # Errors
    /// As [`Self::caller`].
    pub async fn log_in(&self, user: &str, word: &str, address: &str) -> Result<Role, Problem> {
        self.check(user, word, address).await.map(|(role, _)| role)
    }

    /// The role of an account whose password this is, and the password's hash.
    async fn check(
        &self,
        user: &str,
        word: &str,
        address: &str,
    ) -> Result<(Role, String), Problem> {
        let account = self.accounts.hash_of(user);
        if let Some((role, hash)) = &account {
            if self.verified.knows(&self.verified.tag(word, hash, address)) {
                return Ok((*role, hash.clone()));
            }
        }
        self.check_wait(address)?;
        let (role, hash) = account.map_or((None, NOBODY.to_owned()), |(role, h)| (Some(role), h));
        let tag = self.verified.tag(word, &hash, address);
        let word = word.to_owned();
        let _turn = self.verified.turns.acquire().await;
        // Others from there may have failed while this one waited.
        self.check_wait(address)?;
        let kept = hash.clone();
        let work = tokio::task::spawn_blocking(move || {
            word.len() <= password::LONGEST && password::verify(&word, &kept)
        });
        match (work.await.unwrap_or(false), role) {
            (true, Some(role)) => {
                self.verified.learn(tag);
                self.slow_down.succeeded(address);
                Ok((role, hash))
            }
            _ => Err(self.refused(user, address, true, "the user or the password is not valid")),
        }
    }

    fn check_wait(&self, address: &str) -> Result<(), Problem> {
        let Some(wait) = self.slow_down.wait(address) else { return Ok(()) };
        let seconds = wait.as_secs() + 1;
        let text = format!("too many failed attempts from {address}; try again in {seconds} s");
        let problem = Problem::new(ProblemKind::TooMany, text);
        Err(Problem { retry_after: Some(seconds), ..problem })
    }

    fn refused(&self, who: &str, address: &str, counts: bool, why: &str) -> Problem {
        if counts {
            // Who is made to wait already is told so, and not written down each time.
            if let Err(problem) = self.check_wait(address) {
                return problem;
            }
            self.slow_down.failed(address);
            self.audit.note_refusal(who, address, "refused");
        }
        Problem::new(ProblemKind::Unauthorized, why)
    }
}

#[cfg(test)]
mod tests {
    use super::super::slow_down::FREE;
    use super::*;

    const RIGHT: &str = "the right password";

    fn access(folder: &tempfile::TempDir) -> Access {
        let folder = StateFolder::open(folder.path()).unwrap();
        let access = Access::open(&folder, Duration::from_secs(60)).unwrap();
        access.accounts.create("admin", RIGHT, Role::Administrator).unwrap();
        access
    }

    /// Seen: as many guesses as connections were looked at, since none had failed when they began.
    #[tokio::test]
    async fn guesses_at_the_same_time_are_counted_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let access = std::sync::Arc::new(access(&folder));
        let guess = |number: usize| {
            let access = std::sync::Arc::clone(&access);
            tokio::spawn(async move { access.log_in("admin", &format!("{number}"), "::1").await })
        };
        let mut looked_at = 0;
        for guess in (0..40).map(guess).collect::<Vec<_>>() {
            let refused = guess.await.unwrap().unwrap_err();
            looked_at += u32::from(refused.kind == ProblemKind::Unauthorized);
        }
        // Two are looked at at once.
        assert!(looked_at <= FREE + 1, "{looked_at}");
    }

    /// Seen: while somebody used a password, everybody could try it as often as they liked.
    #[tokio::test]
    async fn a_password_in_use_is_as_hard_to_guess_from_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let access = access(&folder);
        access.log_in("admin", RIGHT, "::1").await.unwrap();
        for _ in 0..FREE {
            access.log_in("admin", "a wrong one", "::2").await.unwrap_err();
        }
        let refused = access.log_in("admin", RIGHT, "::2").await.unwrap_err();
        assert_eq!(refused.kind, ProblemKind::TooMany);
        access.log_in("admin", RIGHT, "::1").await.unwrap();
    }
}
