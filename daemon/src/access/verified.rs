//! Passwords that were right lately: their hash needs not be computed with each request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ring::hmac::{HMAC_SHA256, Key, sign};
use tokio::sync::Semaphore;

use super::password;

/// How long a password that was right is known again without computing its hash: programs send it with each request.
const KNOWN_FOR: Duration = Duration::from_secs(300);

/// That many are known at once.
const MOST: usize = 256;

/// Passwords that were right lately, by a keyed hash with a key that nobody knows.
pub(super) struct Verified {
    key: Key,
    known: Mutex<HashMap<Vec<u8>, Instant>>,
    /// A hash takes 9 MiB and a processor.
    pub(super) turns: Semaphore,
}

impl Verified {
    pub(super) fn new() -> Self {
        let key = Key::new(HMAC_SHA256, &password::random::<32>());
        Self { key, known: Mutex::default(), turns: Semaphore::new(2) }
    }

    /// What such a password is known by.
    pub(super) fn tag(&self, password: &str, hash: &str, address: &str) -> Vec<u8> {
        // A new password has another hash, and what was known is so no more. Who guesses from elsewhere learns nothing of it.
        sign(&self.key, format!("{hash}\0{address}\0{password}").as_bytes()).as_ref().to_vec()
    }

    /// Whether it was right lately.
    pub(super) fn knows(&self, tag: &[u8]) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(tag).is_some_and(|since| since.elapsed() < KNOWN_FOR)
    }

    /// It was right just now.
    pub(super) fn learn(&self, tag: Vec<u8>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, since| since.elapsed() < KNOWN_FOR);
        if known.len() < MOST {
            known.insert(tag, Instant::now());
        }
    }
}
