//! Other programs, each with a limit to its time.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long a program may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What is read of its output.
const OUTPUT_LIMIT: usize = 16 * 1024;

/// What a program prints, where it succeeds; else its errors.
pub(super) fn output(program: &str, arguments: &[&str]) -> io::Result<String> {
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let deadline = Instant::now() + LIMIT;
    let output = read(child.stdout.take(), deadline);
    let errors = read(child.stderr.take(), deadline);
    let status = end(&mut child, output.is_ok() && errors.is_ok())?;
    let (output, errors) = (output?, errors?);
    if status.success() {
        return Ok(output);
    }
    let name = format!("{program} {}", arguments.join(" "));
    let said = errors.trim();
    Err(io::Error::other(match said.is_empty() {
        true => format!("{name}: {status}"),
        false => format!("{name}: {said}"),
    }))
}

/// What comes until the end of the pipe, as text.
fn read(pipe: Option<impl Read + AsFd>, deadline: Instant) -> io::Result<String> {
    let mut text = Vec::new();
    let Some(mut pipe) = pipe else { return Ok(String::new()) };
    loop {
        let limit = deadline.saturating_duration_since(Instant::now());
        let limit = Timespec::try_from(limit).map_err(io::Error::other)?;
        if poll(&mut [PollFd::new(&pipe, PollFlags::IN)], Some(&limit))? == 0 {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "it does not end"));
        }
        let mut bytes = [0; 1024];
        match pipe.read(&mut bytes)? {
            0 => return Ok(String::from_utf8_lossy(&text).into_owned()),
            count => text.extend_from_slice(&bytes[..count.min(OUTPUT_LIMIT - text.len())]),
        }
    }
}

fn end(child: &mut Child, has_ended: bool) -> io::Result<ExitStatus> {
    if !has_ended {
        child.kill()?;
    }
    child.wait()
}
