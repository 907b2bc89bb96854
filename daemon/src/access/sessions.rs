//! Sessions: who has logged in, until they log out or do nothing for a while. They end with the daemon.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::password::{fingerprint, hex, random, secret};
use super::role::Role;
use crate::error::{Problem, ProblemKind};

/// More sessions at once are not kept.
const MOST: usize = 256;

/// Nor more of one account: a program that never logs out keeps nobody else out.
const MOST_OF_ONE: usize = 64;

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    /// What it is called in lists; no secret.
    pub id: String,
    /// The account.
    pub user: String,
    /// The account's role at its log-in.
    pub role: Role,
    /// When the user logged in.
    pub created: SystemTime,
    /// Where from.
    pub address: String,
    used: Instant,
}

/// All sessions, by the hash of their secret.
pub struct Sessions {
    limit: Mutex<Duration>,
    live: Mutex<HashMap<String, Session>>,
}

impl Sessions {
    /// None yet; each ends when it was not used for so long.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self { limit: Mutex::new(limit), live: Mutex::default() }
    }

    /// Sets how long a session may be unused.
    pub fn set_limit(&self, limit: Duration) {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner) = limit;
    }

    /// How long a session may be unused.
    #[must_use]
    pub fn limit(&self) -> Duration {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session, in the place of the account's one that has been quiet for longest where it has too many. The second
    /// value is its secret, told this once.
    ///
    /// # Errors
    /// Too many sessions.
    pub fn create(
        &self,
        user: &str,
        role: Role,
        address: &str,
    ) -> Result<(Session, String), Problem> {
        let mut live = self.live();
        let own = live.iter().filter(|(_, session)| session.user == user);
        if own.clone().count() >= MOST_OF_ONE {
            let quiet = own.min_by_key(|(_, session)| session.used).map(|(key, _)| key.clone());
            quiet.map(|key| live.remove(&key));
        }
        if live.len() >= MOST {
            let text = format!("{MOST} sessions are open, and no more can be kept; end one");
            return Err(Problem::new(ProblemKind::TooMany, text));
        }
        let session = Session {
            id: hex(&random::<8>()),
            user: user.to_owned(),
            role,
            created: SystemTime::now(),
            address: address.to_owned(),
            used: Instant::now(),
        };
        let secret = secret();
        live.insert(fingerprint(&secret), session.clone());
        Ok((session, secret))
    }

    /// The session of a secret; it counts as used.
    #[must_use]
    pub fn find(&self, secret: &str) -> Option<Session> {
        let mut live = self.live();
        let session = live.get_mut(&fingerprint(secret))?;
        session.used = Instant::now();
        Some(session.clone())
    }

    /// Whether the session of a secret with this hash goes on. To ask is no use of it.
    #[must_use]
    pub(super) fn goes_on(&self, hash: &str) -> bool {
        self.live().contains_key(hash)
    }

    /// Counts the session of a secret with this hash as used.
    pub(super) fn touch(&self, hash: &str) {
        if let Some(session) = self.live().get_mut(hash) {
            session.used = Instant::now();
        }
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Session> {
        let mut sessions: Vec<_> = self.live().values().cloned().collect();
        sessions.sort_by_key(|session| session.created);
        sessions
    }

    /// Ends a session by its ID. Returns whether there was one.
    pub fn end(&self, id: &str) -> bool {
        let mut live = self.live();
        let before = live.len();
        live.retain(|_, session| session.id != id);
        live.len() < before
    }

    /// Ends all sessions of an account, whose password or role is another now.
    pub fn end_of(&self, user: &str) {
        self.live().retain(|_, session| session.user != user);
    }

    fn live(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        let limit = self.limit();
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|_, session| session.used.elapsed() < limit);
        live
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lasts_as_long_as_it_is_used() {
        let sessions = Sessions::new(Duration::from_secs(3600));
        let (session, secret) = sessions.create("admin", Role::Operator, "::1").unwrap();
        assert_eq!(sessions.find(&secret).unwrap().user, "admin");
        assert!(sessions.find(&session.id).is_none());
        assert!(sessions.end(&session.id) && !sessions.end(&session.id));
        assert!(sessions.find(&secret).is_none());
        let (_, secret) = sessions.create("admin", Role::Operator, "::1").unwrap();
        sessions.end_of("admin");
        assert!(sessions.find(&secret).is_none());
        let (_, secret) = sessions.create("admin", Role::Operator, "::1").unwrap();
        sessions.set_limit(Duration::ZERO);
        assert!(sessions.find(&secret).is_none() && sessions.list().is_empty());
    }

    #[test]
    fn sessions_are_bounded() {
        let sessions = Sessions::new(Duration::from_secs(3600));
        for number in 0..MOST {
            let user = format!("user-{}", number / MOST_OF_ONE);
            sessions.create(&user, Role::Operator, "::1").unwrap();
        }
        let refused = sessions.create("admin", Role::Operator, "::1").unwrap_err();
        assert_eq!(refused.kind, ProblemKind::TooMany);
    }

    /// Seen: who logged in for each request and never out kept everybody else from logging in.
    #[test]
    fn one_account_takes_no_more_than_its_share() {
        let sessions = Sessions::new(Duration::from_secs(3600));
        let (_, first) = sessions.create("script", Role::ReadOnly, "::1").unwrap();
        let (_, second) = sessions.create("script", Role::ReadOnly, "::1").unwrap();
        for _ in 0..2 * MOST {
            assert!(sessions.find(&first).is_some());
            sessions.create("script", Role::ReadOnly, "::1").unwrap();
        }
        assert_eq!(sessions.list().len(), MOST_OF_ONE);
        // The one that is used stays.
        assert!(sessions.find(&first).is_some() && sessions.find(&second).is_none());
        sessions.create("admin", Role::Administrator, "::1").unwrap();
    }
}
