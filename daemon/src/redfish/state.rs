//! What Redfish keeps for itself.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::chassis::is_uuid;
use super::subscriptions::Subscriptions;
use crate::access::password::{hex, random};
use crate::state_folder::StateFolder;

/// The file of the service's identifier.
const FILE: &str = "uuid";

/// What Redfish keeps for itself; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// The service's identifier.
    pub(super) uuid: Arc<str>,
    /// The controller's host name.
    pub(super) host: Arc<str>,
    /// What the controller is, where it says so.
    pub(super) model: Option<Arc<str>>,
    /// Who is told of events.
    pub(super) subscriptions: Arc<Subscriptions>,
    /// Between the look at an entity tag and the change that it allows, nobody else changes an account or a
    /// subscription.
    pub(super) turn: Arc<Mutex<()>>,
}

impl State {
    /// Reads it, and makes up an identifier at the first start.
    ///
    /// # Errors
    /// Files that cannot be read or written, or are damaged.
    pub fn open(folder: &StateFolder) -> io::Result<Self> {
        let known = folder.read(FILE)?.and_then(|bytes| String::from_utf8(bytes).ok());
        let uuid = match known.map(|text| text.trim().to_owned()).filter(|text| is_uuid(text)) {
            Some(uuid) => uuid,
            None => {
                let uuid = random_uuid();
                folder.write(FILE, format!("{uuid}\n").as_bytes())?;
                uuid
            }
        };
        let subscriptions = Arc::new(Subscriptions::open(folder)?);
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let model = clusterhat::doctor::model(Path::new("/")).map(Into::into);
        let (uuid, host) = (uuid.into(), host.trim().into());
        Ok(Self { uuid, host, model, subscriptions, turn: Arc::default() })
    }
}

/// Version 4 of RFC 9562.
fn random_uuid() -> String {
    let mut bytes = random::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let all = hex(&bytes);
    let parts = [&all[..8], &all[8..12], &all[12..16], &all[16..20], &all[20..]];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identifier_stays() {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = StateFolder::open(parent.path()).expect("a folder");
        let uuid = State::open(&folder).expect("it begins").uuid;
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert_eq!(State::open(&folder).expect("it goes on").uuid, uuid);
        // What is none is made anew.
        folder.write(FILE, "x".repeat(36).as_bytes()).expect("it can be written");
        assert_eq!(&State::open(&folder).expect("it begins").uuid[14..15], "4");
    }
}
