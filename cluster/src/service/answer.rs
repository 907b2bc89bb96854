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
    pub(crate) fn error(&self) -> String {
        let document: Option<Value> = serde_json::from_slice(&self.rest).ok();
        let message = document.as_ref().and_then(|document| document["error"]["message"].as_str());
        let line = self.head.lines().next().unwrap_or_default();
        message.unwrap_or(line).chars().filter(|c| !c.is_control()).take(500).collect()
    }
}
