//! A person at a terminal.

use std::fs::File;
use std::io::Write as _;
use std::process::{Child, Stdio};

use clusterhat_tests::command::{World, status};
use clusterhat_tests::running::until;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::command::{Run as _, heeding_signals};
use crate::pty::{Pty, read_until};
use crate::simulated;

/// The command on a terminal, with what it prints.
struct Session {
    terminal: Pty,
    child: Child,
    stdout: File,
    stderr: File,
}

impl Session {
    fn start(world: &World, arguments: &[&str]) -> Self {
        let terminal = Pty::new();
        let mut command = heeding_signals(&world.command(arguments));
        command.stdin(terminal.terminal()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = File::from(std::os::fd::OwnedFd::from(child.stdout.take().unwrap()));
        let stderr = File::from(std::os::fd::OwnedFd::from(child.stderr.take().unwrap()));
        Self { terminal, child, stdout, stderr }
    }

    fn type_in(&mut self, keys: &str) {
        self.terminal.master.write_all(keys.as_bytes()).unwrap();
    }

    /// The exit status; the terminal is as it was.
    fn end(mut self) -> i32 {
        let ended = status(self.child.wait().unwrap());
        assert!(self.terminal.echoes(), "the terminal is left raw");
        ended
    }
}

#[test]
fn keys_go_to_the_node_and_escapes_end_it() {
    let world = simulated();
    let mut session = Session::start(&world, &["console", "p1"]);
    read_until(&mut session.stderr, "p1: open; ~. ends it");
    read_until(&mut session.stdout, "p1 login: ");
    assert!(!session.terminal.echoes(), "raw");
    // Ctrl-C is the node's.
    session.type_in("who\x03\r");
    read_until(&mut session.stdout, "who^C\r\np1 login: ");
    session.type_in("~?");
    read_until(&mut session.stderr, "~B  send a break\r\n");
    // A socket has no break; a device has.
    session.type_in("~B");
    read_until(&mut session.stderr, "cannot send a break");
    session.type_in("~~x\r");
    read_until(&mut session.stdout, "~x\r\n");
    session.type_in("~.");
    // Seen: the shell's prompt on the node's line.
    read_until(&mut session.stderr, "\r\nclusterhat: p1: closed\r\n");
    assert_eq!(session.end(), 0);
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let world = simulated();
    for (signal, expected) in
        [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129), (Signal::QUIT, 131)]
    {
        let mut session = Session::start(&world, &["console", "p1"]);
        read_until(&mut session.stdout, "p1 login: ");
        let child = Pid::from_child(&session.child);
        kill_process(child, signal).unwrap();
        assert_eq!(session.end(), expected);
    }
}

/// As with `kill -STOP` and `fg` in a shell, which sets the terminal for itself in between.
#[test]
fn a_console_that_goes_on_after_a_stop_makes_the_terminal_raw_again() {
    let world = simulated();
    let mut session = Session::start(&world, &["console", "p1"]);
    read_until(&mut session.stdout, "p1 login: ");
    let shell_s = {
        let mut settings = tcgetattr(&session.terminal.master).unwrap();
        settings.local_modes |= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        settings
    };
    let child = Pid::from_child(&session.child);
    for _ in 0..2 {
        kill_process(child, Signal::STOP).unwrap();
        until("the stop", || is_stopped(&session.child));
        tcsetattr(&session.terminal.master, OptionalActions::Now, &shell_s).unwrap();
        assert!(session.terminal.echoes());
        kill_process(child, Signal::CONT).unwrap();
        until("the raw terminal", || !session.terminal.echoes());
    }
    session.type_in("who\r");
    read_until(&mut session.stdout, "who\r\n");
    kill_process(child, Signal::TERM).unwrap();
    assert_eq!(session.end(), 143, "what was before the console counts");
}

fn is_stopped(child: &Child) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    stat.rsplit(") ").next().unwrap().starts_with('T')
}

#[test]
fn a_console_comes_back_with_its_node_s_power_and_is_logged() {
    let world = simulated();
    let log = world.folder().join("console.log");
    let mut session = Session::start(&world, &["console", "p3", "--log", log.to_str().unwrap()]);
    let told = read_until(&mut session.stderr, "~. ends it");
    assert!(told.contains("p3: waiting for its console"), "{told}");
    assert!(told.contains("(if it is off: `clusterhat on p3`)"), "{told}");
    assert_eq!(world.run(&["on", "p3"]).status, 0);
    read_until(&mut session.stderr, "p3: open");
    read_until(&mut session.stdout, "p3 login: ");
    assert_eq!(world.run(&["cycle", "p3"]).status, 0);
    let told = read_until(&mut session.stderr, "p3: open");
    assert!(told.contains("p3: waiting"), "{told}");
    session.type_in("again\r");
    read_until(&mut session.stdout, "again\r\np3 login: ");
    session.type_in("~.");
    assert_eq!(session.end(), 0);
    let text = std::fs::read_to_string(log).unwrap();
    let lines: Vec<_> = text.lines().map(|line| line.split_once("Z ").unwrap()).collect();
    assert!(lines.iter().all(|(time, _)| time.len() == 23 && &time[10..11] == "T"), "{text}");
    assert!(lines.iter().any(|(_, line)| *line == "p3 login: again"), "{text}");
    assert_eq!(lines.iter().filter(|(_, line)| line.contains("echoes what is typed")).count(), 2);
}

#[test]
fn a_console_is_one_process_s() {
    let world = simulated();
    let mut session = Session::start(&world, &["console", "p1"]);
    read_until(&mut session.stdout, "p1 login: ");
    let output = world.run(&["console", "p1", "--send", "x"]);
    assert_eq!(output.status, 1, "{output:?}");
    let text = format!("/dev/ttypi1 is in use by process {} (", session.child.id());
    assert!(output.stderr.contains(&text), "{output:?}");
    session.type_in("\r~.");
    assert_eq!(session.end(), 0);
    until("it is free again", || world.run(&["console", "p1", "--send", "x"]).status == 0);
}
