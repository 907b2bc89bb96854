//! The host's end of the connection to the guest's agent.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::protocol::{Numbered, Request, Response};

/// How long the agent may take over one request: well above what almost any program under test needs.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// A connection to the agent.
#[derive(Debug)]
pub(super) struct Agent {
    stream: BufReader<TcpStream>,
    /// How many requests were sent.
    sent: u64,
    /// What has come of the next line.
    line: Vec<u8>,
}

impl Agent {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream: BufReader::new(stream), sent: 0, line: Vec::new() }
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// If the agent could not do it (in its words), or does not answer within two minutes.
    pub(super) fn ask(&mut self, request: &Request) -> io::Result<Response> {
        self.ask_within(ANSWER_LIMIT, request)
    }

    /// Asks and waits for the answer for so long. An answer that comes later is dropped by the next
    /// call, whose request the agent carries out after this one.
    ///
    /// # Errors
    /// If the agent could not do it (in its words), or does not answer in time.
    pub(super) fn ask_within(
        &mut self,
        limit: Duration,
        request: &Request,
    ) -> io::Result<Response> {
        let end = Instant::now() + limit;
        self.sent += 1;
        let mut line = serde_json::to_string(&Numbered { number: self.sent, content: request })?;
        line.push('\n');
        self.stream.get_mut().write_all(line.as_bytes())?;
        loop {
            let answer: Numbered<Response> = self.receive(end).map_err(|e| {
                let late = matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
                if late { io::Error::other(format!("no answer within {limit:?}")) } else { e }
            })?;
            match answer.content {
                _ if answer.number != self.sent => {}
                Response::Failed(why) => return Err(io::Error::other(why)),
                response => return Ok(response),
            }
        }
    }

    /// The next answer. What has come of one when the time is over is kept for the next call.
    fn receive(&mut self, end: Instant) -> io::Result<Numbered<Response>> {
        let left = end.saturating_duration_since(Instant::now());
        // A socket takes 0 for "without a limit".
        self.stream.get_ref().set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        self.stream.read_until(b'\n', &mut self.line)?;
        if !self.line.ends_with(b"\n") {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the guest's agent has gone"));
        }
        let answer = serde_json::from_slice(&self.line);
        self.line.clear();
        Ok(answer?)
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    fn read(path: &str) -> Request {
        Request::Read { path: path.into() }
    }

    fn answer(to: &Numbered<Request>, text: &str) -> String {
        let content = Response::Text(text.into());
        serde_json::to_string(&Numbered { number: to.number, content }).unwrap() + "\n"
    }

    /// The agent has sent half of its answer when the host gives up, and goes on once it is asked again.
    #[test]
    fn an_answer_that_comes_too_late_is_not_taken_for_the_next_one() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut agent = Agent::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        let (mut guest, _) = listener.accept().unwrap();
        let mut requests = BufReader::new(guest.try_clone().unwrap()).lines();
        let mut next = move || serde_json::from_str(&requests.next().unwrap().unwrap()).unwrap();
        let serving = thread::spawn(move || {
            let first = next();
            let late = answer(&first, "late");
            let (half, rest) = late.split_at(late.len() / 2);
            guest.write_all(half.as_bytes()).unwrap();
            let second = next();
            guest.write_all((rest.to_owned() + &answer(&second, "own")).as_bytes()).unwrap();
        });
        let error = agent.ask_within(Duration::from_millis(20), &read("/slow")).unwrap_err();
        assert_eq!(error.to_string(), "no answer within 20ms");
        assert_eq!(agent.ask(&read("/next")).unwrap(), Response::Text("own".into()));
        serving.join().unwrap();
    }
}
