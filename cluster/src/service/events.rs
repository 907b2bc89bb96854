//! Follows the service's events.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::{Answer, Event, ServiceError};

/// The service sends a comment every 15 s while nothing happens: without any, it is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// The longest line of a stream.
const LONGEST_LINE: usize = 256 * 1024;

/// The service's events, as they happen (`GET /api/v1/events`: server-sent events, WHATWG HTML).
pub struct ServiceEvents {
    stream: UnixStream,
    /// What has been received of lines that have not been read yet.
    received: Vec<u8>,
    /// The data of the event that is being received.
    data: String,
    is_missed: bool,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// An event.
    Event(Event),
    /// Some events were lost, since there were more than the service keeps.
    Missed,
    /// An event that this version does not know.
    Unknown,
}

impl ServiceEvents {
    /// Asks for events from now on, or for those after the one with this ID.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub fn connect(socket: &Path, after: Option<u64>) -> Result<Self, ServiceError> {
        let last = after.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        // An answer of HTTP/1.0 is not chunked.
        let request = format!("GET /api/v1/events HTTP/1.0\r\nHost: clusterhatd\r\n{last}\r\n");
        let unreachable = |source| ServiceError::Unreachable { path: socket.to_owned(), source };
        let answer = Answer::to(socket, &request).map_err(unreachable)?;
        if !answer.has_status(200) {
            return Err(ServiceError::Refused(answer.error()));
        }
        let Answer { stream, rest: received, .. } = answer;
        stream.set_read_timeout(Some(SILENCE)).map_err(unreachable)?;
        Ok(Self { stream, received, data: String::new(), is_missed: false })
    }

    /// Waits for what comes next; `None` where the service has ended the connection.
    ///
    /// # Errors
    /// Where the service no longer answers, or sends lines without an end.
    pub fn receive(&mut self) -> io::Result<Option<Next>> {
        while let Some(line) = self.line()? {
            if let Some(next) = self.take(&line) {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(end) = self.received.iter().position(|&byte| byte == b'\n') {
                let rest = self.received.split_off(end + 1);
                let line = std::mem::replace(&mut self.received, rest);
                return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            if self.received.len() > LONGEST_LINE {
                return Err(io::Error::other("the line of an event does not end"));
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(None),
                Ok(length) => self.received.extend(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self, line: &str) -> Option<Next> {
        let value =
            |name: &str| line.strip_prefix(name).map(|rest| rest.strip_prefix(' ').unwrap_or(rest));
        if let Some(data) = value("data:") {
            self.data.push_str(data);
        } else if let Some(event) = value("event:") {
            self.is_missed = event == "missed";
        } else if line.is_empty() && !self.data.is_empty() {
            let data = std::mem::take(&mut self.data);
            return Some(match serde_json::from_str(&data) {
                _ if std::mem::take(&mut self.is_missed) => Next::Missed,
                Ok(event) => Next::Event(event),
                Err(_) => Next::Unknown,
            });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixListener;
    use std::thread;

    use super::*;
    use crate::life::State;
    use crate::service::EventKind;

    /// What a client finds whose service answers with this.
    fn events(answer: &'static str) -> Result<Vec<Next>, ServiceError> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let service = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            // In two pieces, as a network may do it.
            let (first, second) = answer.split_at(answer.len() / 2);
            stream.write_all(first.as_bytes()).unwrap();
            stream.write_all(second.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        let found = ServiceEvents::connect(&socket, Some(7))
            .map(|mut events| std::iter::from_fn(|| events.receive().unwrap()).collect::<Vec<_>>());
        assert!(service.join().unwrap().contains("\r\nLast-Event-ID: 7\r\n"));
        found
    }

    #[test]
    fn events_comments_and_later_kinds_are_told_apart() {
        let found = events(
            "HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: clusterhatd\nretry: 2000\n\n\
             id: 8\nevent: state\ndata: {\"id\":8,\"at\":5,\"event\":\"state\",\"node\":\"p1\",\"state\":\"powered\"}\n\n\
             : \n\nevent: missed\ndata: {}\n\n\
             id: 9\nevent: later\ndata: {\"id\":9,\"at\":6,\"event\":\"later\"}\n\nid: 10\nevent: state\nda",
        );
        let kind = EventKind::State { node: "p1".to_owned(), state: State::Powered, since: None };
        let event = Event { id: 8, at: 5, kind };
        assert_eq!(found.unwrap(), [Next::Event(event), Next::Missed, Next::Unknown]);
    }

    #[test]
    fn a_refusal_has_the_reason_of_the_service() {
        let refused = events(
            "HTTP/1.0 403 Forbidden\r\n\r\n{\"error\":{\"message\":\"join the group\\u001b clusterhat\"}}",
        );
        let error = refused.unwrap_err().to_string();
        assert_eq!(error, "clusterhatd refused the request: join the group clusterhat");
    }
}
