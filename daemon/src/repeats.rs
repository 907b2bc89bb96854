//! Requests that are sent again because their answer was lost: the same key is the same operation.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;

use crate::access::password::fingerprint;
use crate::boards::Task;
use crate::error::{Problem, ProblemKind};

/// That many keys are known, the newest.
const KEPT: usize = 512;

struct Known {
    caller: String,
    key: String,
    /// The fingerprint of what was asked: the whole of it may be large.
    content: String,
    task: Arc<Task>,
}

/// Keys with what they began.
#[derive(Default)]
pub struct Repeats(Mutex<VecDeque<Known>>);

/// The key of a request: 1 to 128 visible ASCII characters.
fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=128).contains(&key.len()));
    key.map(Some)
        .ok_or_else(|| Problem::bad_request("Idempotency-Key: 1 to 128 visible characters"))
}

impl Repeats {
    /// What a request begins, once where it has a key.
    ///
    /// # Errors
    /// A key that cannot be one, or was used for something else; or what `begin` fails with: then the key is free.
    pub fn begin(
        &self,
        caller: &str,
        headers: &HeaderMap,
        content: &str,
        begin: impl FnOnce() -> Result<Arc<Task>, Problem>,
    ) -> Result<Arc<Task>, Problem> {
        match key(headers)? {
            Some(key) => self.once(caller, key, content, begin),
            None => begin(),
        }
    }

    /// Whether this request has been sent before: what it began may have changed what it asks for.
    #[must_use]
    pub fn has(&self, caller: &str, headers: &HeaderMap) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |key: &str| known.iter().any(|k| k.caller == caller && k.key == key);
        key(headers).ok().flatten().is_some_and(is_same)
    }

    /// The task that this caller began with this key, or the one that `begin` begins now.
    ///
    /// # Errors
    /// The key was used for something else; or what `begin` fails with: then the key is free.
    fn once(
        &self,
        caller: &str,
        key: &str,
        content: &str,
        begin: impl FnOnce() -> Result<Arc<Task>, Problem>,
    ) -> Result<Arc<Task>, Problem> {
        let content = fingerprint(content);
        // Held while it begins: two at the same time are one.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|known| known.caller == caller && known.key == key);
        if let Some(found) = found {
            if found.content != content {
                let text = "this Idempotency-Key was used for another request";
                return Err(Problem::new(ProblemKind::Conflict, text));
            }
            return Ok(Arc::clone(&found.task));
        }
        let task = begin()?;
        if known.len() == KEPT {
            known.pop_front();
        }
        let (caller, key) = (caller.to_owned(), key.to_owned());
        known.push_back(Known { caller, key, content, task: Arc::clone(&task) });
        Ok(task)
    }
}
