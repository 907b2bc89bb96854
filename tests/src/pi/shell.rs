//! The host's end of the Pi's serial port: scripts go in, and how they ended comes out.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

use super::base64;
use crate::vm::Output;

/// How long the Pi may take to boot or over one script: well above what any needs.
const ANSWER_LIMIT: Duration = Duration::from_secs(180);

/// A shell on the Pi.
#[derive(Debug)]
pub(super) struct Shell {
    stream: BufReader<TcpStream>,
    number: u32,
}

impl Shell {
    /// Waits until the Pi has booted.
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        stream.set_nodelay(true)?;
        let mut shell = Self { stream: BufReader::new(stream), number: 0 };
        while shell.line()? != "ready" {}
        Ok(shell)
    }

    /// Runs a script to its end. A status other than 0 is no error.
    pub(super) fn run(&mut self, script: &str) -> io::Result<Output> {
        self.number += 1;
        let start = std::time::Instant::now();
        let request = format!("{} :{}:\n", self.number, base64::encode(script.as_bytes()));
        self.stream.get_mut().write_all(request.as_bytes())?;
        let line = self.line()?;
        let wall_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let answer = answer(&line, self.number, wall_us);
        answer.ok_or_else(|| io::Error::other(format!("not the answer to {script:?}: {line:?}")))
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the Pi has gone"));
        }
        Ok(line.trim().to_owned())
    }
}

fn answer(line: &str, expected: u32, wall_us: u64) -> Option<Output> {
    let words: Vec<&str> = line.split(' ').collect();
    let [number, status, stdout, stderr] = words[..] else { return None };
    if number.parse() != Ok(expected) {
        return None;
    }
    let text = |word: &str| {
        let encoded = word.strip_prefix(':')?.strip_suffix(':')?;
        Some(String::from_utf8_lossy(&base64::decode(encoded)?).into_owned())
    };
    Some(Output {
        status: status.parse().ok()?,
        stdout: text(stdout)?,
        stderr: text(stderr)?,
        wall_us,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_that_of_its_number_and_may_be_empty() {
        let output = answer("7 3 :aGk=: ::", 7, 1).unwrap();
        assert_eq!((output.status, &*output.stdout, &*output.stderr), (3, "hi", ""));
        assert_eq!(answer("7 3 :aGk=: ::", 8, 1), None);
        assert_eq!(answer("7 3 :aGk=:", 7, 1), None);
    }
}
