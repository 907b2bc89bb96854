//! The client against an agent at the other end of a socket pair, and against what is none.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use node_link::agent::{Goodbye, Telemetry};

use super::*;

/// Nothing here takes that long, unless it hangs.
const LONG: Duration = Duration::from_secs(60);

/// Enough for what does not come.
const SHORT: Duration = Duration::from_millis(100);

const HELLO: &str = r#"{"v":1,"id":1,"is":"hello","oldest":1,"newest":1,"node":3,"host":"p3"}"#;

/// The other end: lines that it reads, bytes that it writes.
struct Peer {
    reader: BufReader<UnixStream>,
}

impl Peer {
    /// The next line but for empty ones.
    fn hear(&mut self) -> Call {
        let mut line = String::new();
        while line.trim().is_empty() {
            line.clear();
            assert_ne!(self.reader.read_line(&mut line).unwrap(), 0, "the client has gone");
        }
        Call::from_line(line.trim_end().as_bytes()).unwrap()
    }

    fn say(&mut self, text: &str) {
        let bytes = text.as_bytes();
        // The client may have had enough.
        let _ = self.reader.get_mut().write_all(bytes);
    }

    fn reply(&mut self, id: u32, message: Message) {
        self.say(&Reply { version: 1, id: Some(id), message }.to_line());
    }

    fn greet(&mut self) {
        assert_eq!(self.hear(), Call { version: 1, id: 1, request: Request::Hello });
        self.say(&format!("{HELLO}\n"));
    }
}

/// A client, and a thread that plays the agent.
fn connect(
    limit: Duration,
    play: impl FnOnce(&mut Peer) + Send + 'static,
) -> (Result<Agent, AgentError>, JoinHandle<()>) {
    let (ours, its) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let peer = thread::spawn(move || play(&mut Peer { reader: BufReader::new(its) }));
    let line = Line::new(ours.into());
    (Agent::greet(Transport::Serial, line, None, Instant::now() + limit), peer)
}

#[track_caller]
fn connected(play: impl FnOnce(&mut Peer) + Send + 'static) -> (Agent, JoinHandle<()>) {
    let (agent, peer) = connect(LONG, |peer| {
        peer.greet();
        play(peer);
    });
    (agent.unwrap(), peer)
}

#[test]
fn requests_have_their_replies_and_what_comes_between_is_kept() {
    let telemetry = Message::Status(Telemetry::default());
    let pushed = telemetry.clone();
    let (mut agent, peer) = connected(move |peer| {
        let call = peer.hear();
        assert_eq!(call.request, Request::Subscribe { on: true });
        peer.reply(call.id, Message::Done);
        let call = peer.hear();
        peer.say(&Reply { version: 1, id: None, message: pushed }.to_line());
        peer.reply(call.id - 1, Message::Done);
        peer.reply(call.id, Message::Refused { error: "no\x1b[2J".into() });
        peer.say("{\"v\":1,\"is\":\"goodbye\",\"reason\":\"reboot\"}\n");
    });
    assert_eq!(agent.identity().node.map(|id| id.get()), Some(3));
    assert_eq!(agent.ask(Request::Subscribe { on: true }, LONG).unwrap(), Message::Done);
    let error = agent.ask(Request::Poweroff, LONG).unwrap_err();
    assert_eq!(error.to_string(), "refused: no\\u{1b}[2J");
    let deadline = || Some(Instant::now() + LONG);
    assert_eq!(agent.next(deadline()).unwrap(), Some(telemetry));
    let goodbye = Message::Goodbye { reason: Goodbye::Reboot };
    assert_eq!(agent.next(deadline()).unwrap(), Some(goodbye));
    assert!(matches!(agent.next(deadline()), Err(AgentError::Closed)));
    peer.join().unwrap();
}

#[test]
fn noise_echoes_and_half_lines_before_a_reply_are_passed_over() {
    let (agent, _peer) = connect(LONG, |peer| {
        let call = peer.hear();
        peer.say("\r\nRaspbian GNU/Linux 13 p3 ttyGS1\r\n\r\np3 login: ");
        peer.say(&call.to_line());
        peer.say("{\"v\":1,\"id\":1,\"is\":\"hel");
        peer.say("\n\u{1b}[0m[[[[\n{\"v\":1,\"id\":8,\"is\":\"done\"}\n");
        peer.say(&format!("{HELLO}\n"));
    });
    assert_eq!(agent.unwrap().identity().host.as_ref().map(|host| host.as_str()), Some("p3"));
}

#[test]
fn silence_ends_with_the_limit() {
    for (before, after) in
        [("", ""), ("{\"v\":1,\"id\":1,\"is\":\"hello\"", ""), ("", "half a line")]
    {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let (agent, peer) = connect(SHORT, move |peer| {
            peer.say(before);
            peer.hear();
            peer.say(after);
            // As long as the client waits.
            let _ = receiver.recv();
        });
        assert!(matches!(agent, Err(AgentError::Silent)), "{before:?} {after:?}");
        drop(sender);
        peer.join().unwrap();
    }
}

/// A node that talks all the time does not hold anybody up, and is not remembered.
#[test]
fn a_hundred_megabytes_without_newline_end_with_the_limit_and_take_no_memory() {
    let (agent, peer) = connect(2 * SHORT, |peer| {
        let part = vec![b'x'; 1 << 20];
        let mut sent = 0;
        while sent < 100 << 20 && peer.reader.get_mut().write_all(&part).is_ok() {
            sent += part.len();
        }
    });
    assert!(matches!(agent, Err(AgentError::Silent | AgentError::Closed)));
    peer.join().unwrap();
}

#[test]
fn what_nobody_takes_is_forgotten_and_not_kept_without_bound() {
    let (mut agent, peer) = connected(|peer| {
        let call = peer.hear();
        for uptime in 0..1000 {
            peer.say(&format!("{{\"v\":1,\"is\":\"status\",\"uptime_s\":{uptime}}}\n"));
        }
        peer.reply(call.id, Message::Done);
    });
    agent.ask(Request::Reboot, LONG).unwrap();
    assert_eq!(agent.untaken.len(), UNTAKEN_LIMIT);
    let Some(Message::Status(first)) = agent.next(None).unwrap() else { panic!("no status") };
    assert_eq!(first.uptime_s, Some(1000 - UNTAKEN_LIMIT as u64));
    peer.join().unwrap();
}

#[test]
fn an_agent_that_starts_again_in_the_middle_ends_the_connection_or_the_wait() {
    // Over ssh the connection ends; on a port the new agent has not heard the question.
    let (mut agent, _peer) = connected(|peer| assert_eq!(peer.hear().id, 2));
    assert!(matches!(agent.ask(Request::Poweroff, LONG), Err(AgentError::Closed)));

    let (mut agent, _peer) = connected(|peer| {
        peer.hear();
        peer.say("{\"v\":1,\"id\":2,\"is\":\"do");
        peer.say("\n");
        let call = peer.hear();
        peer.reply(call.id, Message::Done);
    });
    assert!(matches!(agent.ask(Request::Poweroff, SHORT), Err(AgentError::Silent)));
    assert_eq!(agent.ask(Request::Poweroff, LONG).unwrap(), Message::Done);
}

#[test]
fn another_version_is_told_and_the_one_before_is_spoken() {
    for (oldest, newest, talks) in [(1, 1, true), (1, 2, true), (2, 3, false), (0, 0, false)] {
        let (agent, _peer) = connect(LONG, move |peer| {
            peer.hear();
            let versions = format!("\"oldest\":{oldest},\"newest\":{newest}");
            peer.say(&format!("{{\"v\":{newest},\"id\":1,\"is\":\"hello\",{versions}}}\n"));
        });
        match agent {
            Ok(agent) => assert!(talks && agent.version == 1, "{oldest} {newest}"),
            Err(AgentError::Version { .. }) => assert!(!talks, "{oldest} {newest}"),
            Err(error) => panic!("{error}"),
        }
    }
}
