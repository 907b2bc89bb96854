//! `clusterhat-node agent` as a process: on a terminal that comes and goes, and on standard input and output.

#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use node_link::agent::{Call, Goodbye, Identity, LINE_LIMIT, LineReader, Message, Reply, Request};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tempfile::TempDir;

/// Nothing here takes that long, unless it hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A node's files, a systemctl that writes down how it is called, and the agent.
struct Node {
    root: TempDir,
}

impl Node {
    fn new() -> Self {
        let node = Self { root: tempfile::tempdir().unwrap() };
        for folder in ["bin", "dev", "etc/clusterhat", "proc/sys/kernel"] {
            fs::create_dir_all(node.path(folder)).unwrap();
        }
        fs::write(node.path("etc/clusterhat/node.toml"), "id = 3\n").unwrap();
        fs::write(node.path("proc/sys/kernel/hostname"), "p3\n").unwrap();
        node.systemctl("");
        node
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// What systemctl does after it has written down how it was called.
    fn systemctl(&self, script: &str) {
        let path = self.path("bin/systemctl");
        let calls = self.path("calls");
        fs::write(&path, format!("#!/bin/sh\necho \"$*\" >>{}\n{script}\n", calls.display()))
            .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap_or_default()
    }

    fn agent(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clusterhat-node"));
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        command.arg("agent").args(words).arg("--root").arg(self.root.path()).env("PATH", path);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }

    /// Makes /dev/ttyGS1 anew, as a gadget that comes does, and gives the controller's end.
    fn plug(&self) -> Line {
        let host = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&host).unwrap();
        unlockpt(&host).unwrap();
        let name = ptsname(&host, Vec::new()).unwrap().into_string().unwrap();
        let made = self.path("dev/new");
        symlink(name, &made).unwrap();
        fs::rename(made, self.path("dev/ttyGS1")).unwrap();
        // The host's end has a line discipline here, which a serial port's other end has not.
        let mut settings = tcgetattr(&host).unwrap();
        settings.make_raw();
        tcsetattr(&host, OptionalActions::Now, &settings).unwrap();
        Line::new(host.try_clone().unwrap(), host)
    }
}

/// The controller's end.
struct Line {
    input: File,
    output: File,
    reader: LineReader,
    replies: VecDeque<Reply>,
}

impl Line {
    fn new(input: impl Into<OwnedFd>, output: impl Into<OwnedFd>) -> Self {
        let (input, output) = (input.into().into(), output.into().into());
        Self { input, output, reader: LineReader::default(), replies: VecDeque::new() }
    }

    /// The next reply; `None` at the end.
    fn next(&mut self) -> Option<Reply> {
        while self.replies.is_empty() {
            let limit = LIMIT.try_into().unwrap();
            let ready = poll(&mut [PollFd::new(&self.input, PollFlags::IN)], Some(&limit));
            assert_eq!(ready, Ok(1), "a reply");
            let mut bytes = [0; 4096];
            // A terminal that hangs up is an error.
            let count = self.input.read(&mut bytes).unwrap_or(0);
            if count == 0 {
                return None;
            }
            let replies = &mut self.replies;
            self.reader.push(&bytes[..count], |line| {
                replies.push_back(Reply::from_line(line).unwrap_or_else(|error| {
                    panic!("{:?}: {error}", String::from_utf8_lossy(line))
                }));
            });
        }
        self.replies.pop_front()
    }

    fn send(&mut self, bytes: &[u8]) {
        self.output.write_all(bytes).unwrap();
    }

    fn call(&mut self, id: u32, request: Request) {
        self.send(Call { version: 1, id, request }.to_line().as_bytes());
    }

    #[track_caller]
    fn reply(&mut self) -> Reply {
        self.next().expect("a reply")
    }

    #[track_caller]
    fn ask(&mut self, id: u32, request: Request) -> Message {
        self.call(id, request);
        let reply = self.reply();
        assert_eq!(reply.id, Some(id), "{reply:?}");
        reply.message
    }

    #[track_caller]
    fn hello(&mut self, id: u32) -> Identity {
        match self.ask(id, Request::Hello) {
            Message::Hello(identity) => identity,
            message => panic!("{message:?}"),
        }
    }
}

/// An agent that is ended with its test.
struct Agent(Child);

impl Agent {
    fn terminate(&self) {
        kill_process(Pid::from_child(&self.0), Signal::TERM).unwrap();
    }

    #[track_caller]
    fn ends_well(&mut self) {
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn on_port(node: &Node) -> Agent {
    Agent(node.agent(&[]).spawn().unwrap())
}

fn on_stdio(node: &Node) -> (Agent, Line) {
    let mut child = node.agent(&["--stdio"]).spawn().unwrap();
    let line = Line::new(child.stdout.take().unwrap(), child.stdin.take().unwrap());
    (Agent(child), line)
}

#[test]
fn it_answers_on_its_port_after_whatever_came_before() {
    let node = Node::new();
    let mut line = node.plug();
    let _agent = on_port(&node);
    let identity = line.hello(1);
    assert_eq!(identity.node.map(|id| id.get()), Some(3));
    assert_eq!(identity.host.as_ref().map(|host| host.as_str()), Some("p3"));

    for noise in
        [&b"\xff\xfe login: \r\n"[..], b"{\"v\":1,\"id\":9,\"do\":\"hel\n", b"\n\n", b"[[[[\n"]
    {
        line.send(noise);
        line.hello(2);
    }
    line.send(&vec![b'x'; 3 * LINE_LIMIT]);
    line.send(b"\n");
    line.hello(3);
    line.send(b"{\"v\":1,\"id\":4,\"do\":\"fly\"}\n");
    assert!(matches!(line.reply(), Reply { id: Some(4), message: Message::Refused { .. }, .. }));
    line.send(b"{\"v\":7,\"id\":5,\"do\":\"poweroff\"}\n");
    let reply = line.reply();
    let Message::Refused { error } = reply.message else { panic!("{reply:?}") };
    assert!(error.as_str().contains("protocol version 7 is not one of 1 to 1"), "{error}");
    assert_eq!(node.calls(), "");
}

#[test]
fn the_port_may_come_later_and_go_and_come_again() {
    let node = Node::new();
    let _agent = on_port(&node);
    let mut line = node.plug();
    line.hello(1);
    for id in 2..4 {
        drop(line);
        fs::remove_file(node.path("dev/ttyGS1")).unwrap();
        line = node.plug();
        line.hello(id);
    }
}

#[test]
fn power_off_and_reboot_are_systemd_s_and_a_refusal_is_told() {
    let node = Node::new();
    let (_agent, mut line) = on_stdio(&node);
    assert_eq!(line.ask(1, Request::Reboot), Message::Done);
    assert_eq!(line.ask(2, Request::Poweroff), Message::Done);
    assert_eq!(
        node.calls(),
        "--no-ask-password --no-wall reboot\n--no-ask-password --no-wall poweroff\n"
    );
    node.systemctl("echo 'Operation inhibited by \"apt\"' >&2; exit 1");
    let message = line.ask(3, Request::Poweroff);
    let Message::Refused { error } = message else { panic!("{message:?}") };
    assert!(error.as_str().ends_with("Operation inhibited by \"apt\""), "{error}");
}

#[test]
fn status_tells_the_failed_units() {
    let node = Node::new();
    node.systemctl("echo 'x.service loaded failed failed X'");
    let (_agent, mut line) = on_stdio(&node);
    let message = line.ask(1, Request::Status);
    let Message::Status(telemetry) = message else { panic!("{message:?}") };
    assert_eq!(telemetry.failed_units, Some(vec!["x.service".into()]));
}

#[test]
fn who_has_a_subscription_is_told_at_once_and_hears_the_goodbye() {
    let node = Node::new();
    node.systemctl("test \"$1\" != list-jobs || echo '1 poweroff.target start waiting'");
    let mut line = node.plug();
    let mut agent = on_port(&node);
    assert_eq!(line.ask(1, Request::Subscribe { on: true }), Message::Done);
    assert!(matches!(line.reply(), Reply { id: None, message: Message::Status(_), .. }));
    agent.terminate();
    let goodbye = Message::Goodbye { reason: Goodbye::Poweroff };
    assert_eq!(line.reply(), Reply { version: 1, id: None, message: goodbye });
    agent.ends_well();
}

/// What is said to nobody would wait in the port until the next controller reads it, and its closing with it.
#[test]
fn nobody_is_told_anything_without_having_asked() {
    let node = Node::new();
    let mut line = node.plug();
    let mut agent = on_port(&node);
    line.hello(1);
    agent.terminate();
    agent.ends_well();
    assert_eq!(line.next(), None);
    assert_eq!(node.calls(), "");
}

#[test]
fn on_standard_input_it_ends_with_its_input() {
    let node = Node::new();
    let (mut agent, mut line) = on_stdio(&node);
    line.hello(1);
    drop(line.output);
    agent.ends_well();
}

#[test]
fn a_hundred_megabytes_without_a_newline_do_not_make_it_grow() {
    let node = Node::new();
    let (agent, mut line) = on_stdio(&node);
    line.hello(1);
    let part = vec![b'{'; 1 << 20];
    for _ in 0..100 {
        line.send(&part);
    }
    line.send(b"\n");
    line.hello(2);
    let peak = peak_kib(&agent);
    assert!(peak < 16 * 1024, "{peak} KiB");
}

/// The limit of the node's memory; of a release build, since others carry more code.
#[test]
#[cfg_attr(debug_assertions, ignore = "for a release build")]
fn it_takes_less_than_three_megabytes() {
    let node = Node::new();
    let (agent, mut line) = on_stdio(&node);
    line.hello(1);
    line.ask(2, Request::Status);
    let peak = peak_kib(&agent);
    assert!(peak < 3 * 1024, "{peak} KiB");
}

fn peak_kib(agent: &Agent) -> u64 {
    let status =
        fs::read_to_string(Path::new("/proc").join(agent.0.id().to_string()).join("status"));
    let status = status.unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}
