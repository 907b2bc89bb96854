//! Answers that are sent again to clients that let them be older (`Cache-Control: max-age=N`): all that were made of the
//! latest reading, so that whoever asks many times a second takes no time for what is still the same.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::{ACCEPT, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method};

use crate::access::{Caller, Role};

/// How long an answer is sent again at most: tasks, counters and accounts, which are in no reading, are no older than that.
const LIFE: Duration = Duration::from_secs(1);

/// How much all answers together may take.
const BYTES: usize = 1024 * 1024;

/// That many are kept: who asks for something else each time fills no memory with names.
const MOST: usize = 64;

/// What an answer tells was so at this time, or later. A handler whose answers may be sent again puts it into the extensions
/// of its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taken(pub Instant);

/// All that an answer depends on.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    uri: String,
    accept: Option<HeaderValue>,
    caller: String,
    role: Role,
}

impl Question {
    /// What a request asks; none where its answer depends on more.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let headers = request.headers();
        let is_conditional = headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MATCH);
        let is_plain = request.method() == Method::GET && !is_conditional;
        let caller = request.extensions().get::<Caller>().filter(|_| is_plain)?;
        let mut accepted = headers.get_all(ACCEPT).iter();
        let accept = accepted.next().cloned();
        let (caller, role) = (caller.name.clone(), caller.role);
        let is_one = accepted.next().is_none();
        is_one.then(|| Self { uri: request.uri().to_string(), accept, caller, role })
    }
}

/// An answer with status 200.
#[derive(Clone)]
pub(crate) struct Answer(pub(crate) HeaderMap, pub(crate) Bytes);

#[derive(Default)]
struct Kept {
    taken: Option<Taken>,
    answers: HashMap<Question, (Instant, Answer)>,
    bytes: usize,
}

/// The answers that were made of the latest reading.
#[derive(Default)]
pub struct Answers(Mutex<Kept>);

impl Answers {
    pub(crate) fn find(&self, question: &Question, max_age: Duration) -> Option<Answer> {
        let kept = self.kept();
        let Taken(taken) = kept.taken?;
        let (made, answer) = kept.answers.get(question)?;
        (taken.elapsed() <= max_age && made.elapsed() < LIFE).then(|| answer.clone())
    }

    pub(crate) fn keep(&self, question: Question, taken: Taken, answer: Answer) {
        let mut kept = self.kept();
        if kept.taken.is_none_or(|before| before < taken) {
            *kept = Kept { taken: Some(taken), ..Kept::default() };
        }
        // Others are late.
        if kept.taken != Some(taken) {
            return;
        }
        if let Some((_, old)) = kept.answers.remove(&question) {
            kept.bytes -= old.1.len();
        }
        let bytes = kept.bytes + answer.1.len();
        if kept.answers.len() < MOST && bytes <= BYTES {
            kept.answers.insert(question, (Instant::now(), answer));
            kept.bytes = bytes;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(uri: &str) -> Question {
        let (uri, caller) = (uri.to_owned(), "admin".to_owned());
        Question { uri, accept: None, caller, role: Role::Administrator }
    }

    fn answer(length: usize) -> Answer {
        Answer(HeaderMap::new(), vec![b'x'; length].into())
    }

    #[test]
    fn an_answer_is_found_while_its_reading_is_the_latest_and_young_enough() {
        let answers = Answers::default();
        let (old, new) = (Instant::now(), Instant::now() + Duration::from_nanos(1));
        let long = Duration::from_secs(3600);
        answers.keep(question("/a"), Taken(old), answer(1));
        assert!(answers.find(&question("/a"), long).is_some());
        assert!(answers.find(&question("/b"), long).is_none());
        std::thread::sleep(Duration::from_millis(2));
        assert!(answers.find(&question("/a"), Duration::from_millis(1)).is_none());
        answers.keep(question("/b"), Taken(new), answer(1));
        assert!(answers.find(&question("/a"), long).is_none());
        // Made of the reading before, and late.
        answers.keep(question("/a"), Taken(old), answer(1));
        assert!(answers.find(&question("/a"), long).is_none());
        assert!(answers.find(&question("/b"), long).is_some());
    }

    #[test]
    fn memory_is_bounded() {
        let answers = Answers::default();
        let taken = Taken(Instant::now());
        answers.keep(question("/large"), taken, answer(BYTES + 1));
        for number in (0..2 * MOST).chain(0..MOST) {
            answers.keep(question(&number.to_string()), taken, answer(1));
        }
        let kept = answers.kept();
        assert_eq!((kept.answers.len(), kept.bytes), (MOST, MOST));
    }
}
