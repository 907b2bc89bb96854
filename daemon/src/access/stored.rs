//! A document of the state folder that several processes may change: the daemon and its own commands.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Problem, ProblemKind};
use crate::log::{self, Level};
use crate::state_folder::{LONGEST_WAIT, StateFolder, cannot};

/// The version of a document's format: what a later one says would be lost with the first change.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub(super) struct Version;

impl Version {
    const THIS: u32 = 1;
}

impl From<Version> for u32 {
    fn from(_: Version) -> Self {
        Version::THIS
    }
}

impl TryFrom<u32> for Version {
    type Error = String;

    fn try_from(found: u32) -> Result<Self, String> {
        let refuse =
            || format!("version {found}, of a newer clusterhatd: this one reads {}", Self::THIS);
        (found <= Self::THIS).then_some(Self).ok_or_else(refuse)
    }
}

/// Tells one content of the file from another: each is a file of its own.
type Stamp = (u64, i64, i64);

struct Cache<T> {
    stamp: Option<Stamp>,
    /// What was told of the file as it is, which cannot be used.
    told: Option<String>,
    value: T,
}

/// The document. What is changed is true once it is in the file; what others change there is seen at the next look.
pub(super) struct Stored<T> {
    folder: StateFolder,
    file: &'static str,
    cache: Mutex<Cache<T>>,
}

impl<T: Default + Serialize + DeserializeOwned> Stored<T> {
    /// Reads the document.
    ///
    /// # Errors
    /// A file that cannot be read or is damaged: nobody is let in by guessing what it said.
    pub(super) fn open(folder: &StateFolder, file: &'static str) -> io::Result<Self> {
        let cache = Mutex::new(Cache { stamp: None, told: None, value: T::default() });
        let stored = Self { folder: folder.clone(), file, cache };
        stored.refresh(&mut stored.lock(), stored.stamp()?)?;
        Ok(stored)
    }

    /// Looks at the document as it is now.
    pub(super) fn get<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        // Before the lock, which every request waits for.
        let stamp = self.stamp();
        let mut cache = self.lock();
        let refreshed = stamp.and_then(|stamp| self.refresh(&mut cache, stamp));
        let trouble = refreshed.err().map(|error| error.to_string());
        // Said once, and not at every request.
        if let Some(trouble) = trouble.as_ref().filter(|_| trouble != cache.told) {
            let text = format!("the content read before stays in force: {trouble}");
            log::tell(Level::Error, &text, &[]);
        }
        cache.told = trouble;
        look(&cache.value)
    }

    /// Changes what the file says, writes it, and only then goes by it. May wait [`LONGEST_WAIT`] for another change;
    /// whoever looks meanwhile goes by the content before and does not wait.
    ///
    /// # Errors
    /// What the change fails with; a file that cannot be read or written: all stays as it was.
    pub(super) fn change<R, E: From<Problem>>(
        &self,
        change: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        let failed = |error: io::Error| Problem::new(ProblemKind::Storage, error.to_string());
        let _turn = self.folder.lock(LONGEST_WAIT).map_err(failed)?;
        let mut value: T = self.folder.read_json(self.file).map_err(failed)?.unwrap_or_default();
        let result = change(&mut value)?;
        self.folder.write_json(self.file, &value).map_err(failed)?;
        let stamp = self.stamp().unwrap_or_default();
        *self.lock() = Cache { stamp, told: None, value };
        Ok(result)
    }

    fn refresh(&self, cache: &mut Cache<T>, stamp: Option<Stamp>) -> io::Result<()> {
        if stamp != cache.stamp {
            cache.value = self.folder.read_json(self.file)?.unwrap_or_default();
            cache.stamp = stamp;
        }
        Ok(())
    }

    /// `None` where there is no file. One that may not be looked at is no absent one.
    fn stamp(&self) -> io::Result<Option<Stamp>> {
        let path = self.folder.path(self.file);
        match fs::metadata(&path) {
            Ok(found) => Ok(Some((found.ino(), found.mtime(), found.mtime_nsec()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(cannot("read", &path, &error)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Cache<T>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen: of a file that could not be looked at, that was said the first time alone, and not when it happened again.
    #[test]
    fn what_cannot_be_used_is_told_each_time_that_it_begins() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let stored = Stored::<Vec<u32>>::open(&folder, "numbers.json").unwrap();
        let path = folder.path("numbers.json");
        for _ in 0..2 {
            // Not even root looks through a link to itself.
            std::os::unix::fs::symlink("numbers.json", &path).unwrap();
            assert!(stored.get(Vec::is_empty));
            let told = stored.lock().told.clone().unwrap();
            assert!(told.starts_with(&format!("cannot read {}: ", path.display())), "{told}");
            fs::remove_file(&path).unwrap();
            assert!(stored.get(Vec::is_empty));
            assert_eq!(stored.lock().told, None);
        }
    }

    /// A change waits for another process and for the card; every request with a token looks.
    #[test]
    fn who_looks_does_not_wait_for_a_change() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let stored = Stored::<Vec<u32>>::open(&folder, "numbers.json").unwrap();
        let changed = stored.change(|all| {
            all.push(1);
            // Another thread's look would wait for the lock that this one has.
            assert!(stored.cache.try_lock().is_ok());
            assert!(stored.get(Vec::is_empty));
            Ok::<_, Problem>(())
        });
        changed.unwrap();
        assert_eq!(stored.get(Clone::clone), [1]);
    }

    #[test]
    fn what_another_process_changes_is_seen_and_not_lost() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let open = || Stored::<Vec<u32>>::open(&folder, "numbers.json").unwrap();
        let (one, other) = (open(), open());
        let push = |to: &Stored<Vec<u32>>, number| -> Result<(), Problem> {
            to.change(|all| {
                all.push(number);
                Ok(())
            })
        };
        push(&one, 1).unwrap();
        push(&other, 2).unwrap();
        push(&one, 3).unwrap();
        assert_eq!(other.get(Clone::clone), [1, 2, 3]);
        // What fails changes nothing.
        let refused = one.change(|all| {
            all.clear();
            Err::<(), _>(Problem::bad_request("no"))
        });
        assert!(refused.is_err());
        assert_eq!(one.get(Clone::clone), [1, 2, 3]);
        fs::write(folder.path("numbers.json"), "[1, 2").unwrap();
        assert_eq!(one.get(Clone::clone), [1, 2, 3]);
        // However often it is tried: the owner's file is not written over.
        assert!(push(&other, 4).is_err() && push(&other, 4).is_err());
        assert!(push(&one, 4).is_err());
        assert_eq!(fs::read_to_string(folder.path("numbers.json")).unwrap(), "[1, 2");
    }
}
