//! All subscriptions: those whose events are sent are kept in `subscriptions.json` of the state folder, and those of open
//! streams as long as the stream is open.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::failure::Failure;
use super::message;
use super::subscription::{Destination, Filter, Subscription};
use crate::access::password::{hex, random};
use crate::state_folder::StateFolder;

/// The file.
const FILE: &str = "subscriptions.json";

/// That many receivers at once; streams are counted with all listeners.
const MOST: usize = 16;

/// How often an event is sent to a receiver that does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// That many times.
    pub attempts: u64,
    /// So many seconds apart.
    pub interval_s: u64,
}

impl Default for Delivery {
    fn default() -> Self {
        Self { attempts: 3, interval_s: 30 }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    version: u32,
    delivery: Delivery,
    subscriptions: Vec<Subscription>,
}

/// All subscriptions.
pub(crate) struct Subscriptions {
    folder: StateFolder,
    kept: Mutex<Kept>,
    open: Mutex<Vec<(Subscription, Arc<Notify>)>>,
    changed: Notify,
}

/// A stream's subscription, which ends with it.
pub(crate) struct Stream {
    all: Arc<Subscriptions>,
    id: String,
    ended: Arc<Notify>,
}

impl Subscriptions {
    /// Reads those that are kept.
    ///
    /// # Errors
    /// A file that cannot be read or is damaged.
    pub(crate) fn open(folder: &StateFolder) -> io::Result<Self> {
        let kept = folder.read_json(FILE)?.unwrap_or_default();
        Ok(Self {
            folder: folder.clone(),
            kept: Mutex::new(kept),
            open: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// All of them.
    pub(crate) fn list(&self) -> Vec<Subscription> {
        let mut all = self.kept().subscriptions.clone();
        all.extend(self.streams().iter().map(|(subscription, _)| subscription.clone()));
        all
    }

    /// Those whose events are sent.
    pub(crate) fn receivers(&self) -> Vec<Subscription> {
        self.kept().subscriptions.clone()
    }

    /// One of them, as it is now.
    pub(crate) fn receiver(&self, id: &str) -> Option<Subscription> {
        self.kept().subscriptions.iter().find(|known| known.id == id).cloned()
    }

    /// How often an event is sent.
    pub(crate) fn delivery(&self) -> Delivery {
        self.kept().delivery
    }

    /// Waits until receivers came or went.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Sets how often an event is sent.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(crate) fn set_delivery(&self, delivery: Delivery) -> Result<(), Failure> {
        self.change(|kept| {
            kept.delivery = delivery;
            Ok(())
        })
    }

    /// Adds a receiver.
    ///
    /// # Errors
    /// Too many of them, or a file that cannot be written.
    pub(crate) fn add(
        &self,
        destination: Destination,
        context: Option<String>,
        filter: Filter,
    ) -> Result<Subscription, Failure> {
        let (id, destination) = (new_id(), Some(destination));
        let subscription = Subscription { id, destination, context, filter, is_suspended: false };
        self.change(|kept| {
            if kept.subscriptions.len() >= MOST {
                let limit = &message::SUBSCRIPTION_LIMIT_EXCEEDED;
                return Err(Failure::plain(StatusCode::SERVICE_UNAVAILABLE, limit));
            }
            kept.subscriptions.push(subscription.clone());
            Ok(())
        })?;
        Ok(subscription)
    }

    /// Changes what a client calls a subscription, and what becomes of it.
    ///
    /// # Errors
    /// No such subscription, or a file that cannot be written.
    pub(crate) fn edit(
        &self,
        id: &str,
        edit: impl FnOnce(&mut Subscription),
    ) -> Result<(), Failure> {
        let mut streams = self.streams();
        if let Some((stream, _)) = streams.iter_mut().find(|(stream, _)| stream.id == id) {
            edit(stream);
            return Ok(());
        }
        drop(streams);
        self.change(|kept| {
            let found = kept.subscriptions.iter_mut().find(|known| known.id == id);
            edit(found.ok_or_else(|| missing(id))?);
            Ok(())
        })
    }

    /// Ends a subscription; a stream is closed.
    ///
    /// # Errors
    /// No such subscription, or a file that cannot be written.
    pub(crate) fn remove(&self, id: &str) -> Result<(), Failure> {
        let mut streams = self.streams();
        if let Some(place) = streams.iter().position(|(stream, _)| stream.id == id) {
            // It is gone from now on, whenever its client takes notice.
            streams.remove(place).1.notify_one();
            return Ok(());
        }
        drop(streams);
        self.change(|kept| {
            let before = kept.subscriptions.len();
            kept.subscriptions.retain(|known| known.id != id);
            if kept.subscriptions.len() == before { Err(missing(id)) } else { Ok(()) }
        })
    }

    /// Notes a stream that a client holds open.
    pub(crate) fn stream(self: &Arc<Self>) -> Stream {
        let (id, ended) = (new_id(), Arc::new(Notify::new()));
        let context = Some(id.clone());
        let subscription = Subscription {
            id: id.clone(),
            destination: None,
            context,
            filter: Filter::default(),
            is_suspended: false,
        };
        self.streams().push((subscription, Arc::clone(&ended)));
        Stream { all: Arc::clone(self), id, ended }
    }

    /// Changes a copy, writes it, and only then goes by it.
    fn change(&self, change: impl FnOnce(&mut Kept) -> Result<(), Failure>) -> Result<(), Failure> {
        let mut kept = self.kept();
        let mut next = Kept { version: 1, ..kept.clone() };
        change(&mut next)?;
        let written = self.folder.write_json(FILE, &next);
        written.map_err(|error| Failure::internal(error.to_string()))?;
        *kept = next;
        self.changed.notify_one();
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn streams(&self) -> MutexGuard<'_, Vec<(Subscription, Arc<Notify>)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream {
    /// What the client is told that the stream is called.
    pub(crate) fn context(&self) -> &str {
        &self.id
    }

    /// Waits until somebody ends the subscription.
    pub(crate) async fn ended(&self) {
        self.ended.notified().await;
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.all.streams().retain(|(subscription, _)| subscription.id != self.id);
    }
}

fn new_id() -> String {
    hex(&random::<8>())
}

fn missing(id: &str) -> Failure {
    Failure::missing(&super::uri::member(super::uri::SUBSCRIPTIONS, id))
}

#[cfg(test)]
mod tests {
    use super::super::subscription::Retry;
    use super::*;

    fn destination() -> Destination {
        Destination {
            uri: "https://127.0.0.1:1/".to_owned(),
            headers: Vec::new(),
            verify: false,
            retry: Retry::Forever,
        }
    }

    #[test]
    fn receivers_outlive_a_restart_and_are_bounded() {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = StateFolder::open(parent.path()).expect("a folder");
        let all = Subscriptions::open(&folder).expect("none yet");
        for _ in 0..MOST {
            all.add(destination(), None, Filter::default()).expect("there is room");
        }
        let refused = all.add(destination(), None, Filter::default()).expect_err("too many");
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        let first = all.list()[0].id.clone();
        all.remove(&first).expect("it is there");
        assert_eq!(all.remove(&first).expect_err("gone").status, StatusCode::NOT_FOUND);
        all.set_delivery(Delivery { attempts: 1, interval_s: 5 }).expect("it can be written");
        let again = Subscriptions::open(&folder).expect("those of before");
        assert_eq!(again.list(), all.list());
        assert_eq!(again.delivery().interval_s, 5);
    }

    #[test]
    fn a_stream_is_a_subscription_while_it_is_open() {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = StateFolder::open(parent.path()).expect("a folder");
        let all = Arc::new(Subscriptions::open(&folder).expect("none yet"));
        let stream = all.stream();
        assert_eq!(all.list().len(), 1);
        assert!(all.receivers().is_empty());
        all.edit(stream.context(), |known| known.context = Some("mine".to_owned())).expect("there");
        assert_eq!(all.list()[0].context.as_deref(), Some("mine"));
        drop(stream);
        assert!(all.list().is_empty());
        // One that is ended is gone before its client, who may read nothing, takes notice.
        let stream = all.stream();
        all.remove(stream.context()).expect("there");
        assert!(all.list().is_empty());
        assert_eq!(all.remove(stream.context()).expect_err("gone").status, StatusCode::NOT_FOUND);
    }
}
