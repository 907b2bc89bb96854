//! The host's end of the connection to the guest's agent.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

use super::protocol::{Request, Response};

/// How long the agent may take over one request: well above what any program under test needs.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// A connection to the agent.
#[derive(Debug)]
pub(super) struct Agent {
    stream: BufReader<TcpStream>,
}

impl Agent {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// If the agent could not do it (in its words), or does not answer.
    pub(super) fn ask(&mut self, request: &Request) -> io::Result<Response> {
        let mut line = serde_json::to_string(request)?;
        line.push('\n');
        self.stream.get_mut().write_all(line.as_bytes())?;
        let mut answer = String::new();
        if self.stream.read_line(&mut answer)? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the guest's agent has gone"));
        }
        match serde_json::from_str(&answer)? {
            Response::Failed(why) => Err(io::Error::other(why)),
            response => Ok(response),
        }
    }
}
