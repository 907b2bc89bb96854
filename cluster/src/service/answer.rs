//! The beginning of an answer of the service.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

/// How long the service may take to answer.
const LIMIT: Duration = Duration::from_secs(5);
/// The longest head of an answer.
const LONGEST_HEAD: usize = 16 * 1024;
/// The longest error document.
const LONGEST_ERROR: usize = 16 * 1024;

/// An answer whose head has been read.
pub(crate) struct Answer {
    /// The connection.
    pub(crate) stream: UnixStream,
    head: String,
    /// What came behind the head.
    pub(crate) rest: Vec<u8>,
}

impl Answer {
    /// Connects to the service's socket, sends a request's head, and reads the answer's.
    ///
    /// # Errors
    /// Where nobody listens or this user may not connect; where no answer comes in time.
    pub(crate) fn to(socket: &Path, request: &str) -> io::Result<Self> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = answer.split_off(end + 4);
                let head = String::from_utf8_lossy(&answer).into_owned();
                return Ok(Self { stream, head, rest });
            }
            match stream.read(&mut buffer)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                _ if answer.len() > LONGEST_HEAD => {
                    return Err(io::Error::other("the answer's head does not end"));
                }
                length => answer.extend(&buffer[..length]),
            }
        }
    }

    /// Whether it has this status.
    pub(crate) fn has_status(&self, status: u16) -> bool {
        self.head.split(' ').nth(1) == Some(&*status.to_string())
    }

    /// The message of the service's error document, or else its status line.
    pub(crate) fn error(mut self) -> String {
        self.receive_body();
        let document: Option<Value> = serde_json::from_slice(&self.rest).ok();
        let message = document.as_ref().and_then(|document| document["error"]["message"].as_str());
        let line = self.head.lines().next().unwrap_or_default();
        message.unwrap_or(line).chars().filter(|c| !c.is_control()).take(500).collect()
    }

    /// Reads to the body's end, or as far as it comes: the status is known without it.
    fn receive_body(&mut self) {
        // Without a length it ends with the connection.
        let length = self.header("content-length").and_then(|length| length.parse().ok());
        let wanted = length.unwrap_or(LONGEST_ERROR).min(LONGEST_ERROR);
        let missing = wanted.saturating_sub(self.rest.len());
        // What came before an error is kept.
        let _ = (&mut self.stream).take(missing as u64).read_to_end(&mut self.rest);
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error of an answer of which this has come with the head, and this comes later.
    fn error(head: &str, rest: &str, later: &[u8], is_closed: bool) -> String {
        let (stream, mut service) = UnixStream::pair().unwrap();
        service.write_all(later).unwrap();
        let service = (!is_closed).then_some(service);
        let error = Answer { stream, head: head.to_owned(), rest: rest.into() }.error();
        drop(service);
        error
    }

    #[test]
    fn a_document_that_comes_after_the_head_is_waited_for() {
        let later = br#"{"error":{"message":"join the group"}}"#;
        let rest = br#"r":{"message":"join the group"}}"#;
        let closes = "HTTP/1.0 403 Forbidden\r\n\r\n";
        assert_eq!(error(closes, "", later, true), "join the group");
        assert_eq!(error(closes, r#"{"erro"#, rest, true), "join the group");
        let stays = "HTTP/1.1 403 Forbidden\r\nContent-Length: 38\r\n\r\n";
        assert_eq!(error(stays, "", later, false), "join the group");
    }

    #[test]
    fn without_a_document_the_status_line_is_the_reason() {
        assert_eq!(error("HTTP/1.0 502 Bad\r\n\r\n", "", b"{\"er", true), "HTTP/1.0 502 Bad");
        assert_eq!(
            error("HTTP/1.0 502 Bad\r\n\r\n", "", &[b'a'; 20_000], true),
            "HTTP/1.0 502 Bad"
        );
    }
}
