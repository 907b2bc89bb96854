//! Simulated nodes that live: their ports, as a program that has the library opens them.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use clusterhat::ports::{self, Port, PortError};
use clusterhat::{Action, Cluster, Controller, NodeSet, Options};
use hat_driver::sim::builtin;
use node_link::agent::{Call, Goodbye, LineReader, Message, Reply, Request};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Value, json};

/// Nothing here takes this long on any machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A simulation of four nodes that are off and behave so.
fn simulation(folder: &Path, nodes: &Value) -> Options {
    let world = builtin::simulation("v2.5").expect("a built-in simulation");
    let mut world: Value = serde_json::from_str(&world.to_text()).expect("JSON");
    world["nodes"] = nodes.clone();
    let file = folder.join("simulation.json");
    fs::write(&file, world.to_string()).expect("it can be written");
    let simulation = Some(file.to_str().expect("UTF-8").to_owned());
    Options { simulation, without_waits: true, ..Options::default() }
}

fn open(options: &Options) -> Cluster {
    Controller::new(options).and_then(Controller::open).expect("the boards are there")
}

fn switch(options: &Options, action: Action) {
    let nodes = NodeSet::parse(&["p1"]).expect("a set");
    let done = open(options).switch(&nodes, action, &mut |_| {}).expect("p1 is here");
    assert!(done.error.is_none(), "{done:?}");
}

fn port(cluster: &Cluster, port: Port) -> Result<File, PortError> {
    ports::open(cluster, cluster.driver().node(1).expect("p1"), port).map(File::from)
}

/// Reads until the text has come, or to the end.
fn read_until(port: &mut File, text: Option<&str>) -> String {
    let (mut read, end) = (Vec::new(), Instant::now() + LIMIT);
    loop {
        let so_far = String::from_utf8_lossy(&read);
        if text.is_some_and(|text| so_far.contains(text)) {
            return so_far.into_owned();
        }
        let left = Timespec::try_from(end.saturating_duration_since(Instant::now()));
        let ready = poll(&mut [PollFd::new(port, PollFlags::IN)], left.ok().as_ref());
        assert_ne!(ready.expect("it can be waited for"), 0, "only {so_far:?} came");
        let mut buffer = [0; 1024];
        match port.read(&mut buffer) {
            Ok(0) if text.is_none() => return so_far.into_owned(),
            Ok(0) => panic!("ended after {so_far:?}"),
            Ok(length) => read.extend(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error} after {so_far:?}"),
        }
    }
}

#[test]
fn the_console_greets_echoes_and_goes_with_the_power() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = simulation(folder.path(), &json!({}));
    let cluster = open(&options);
    let error = port(&cluster, Port::Console).expect_err("it is off");
    assert!(matches!(error, PortError::Absent { .. }), "{error}");
    switch(&options, Action::On);
    let mut console = port(&cluster, Port::Console).expect("it is up");
    read_until(&mut console, Some("p1 login: "));
    console.write_all(b"uname -a\x03\r").expect("it is taken");
    read_until(&mut console, Some("uname -a^C\r\np1 login: "));
    // Another process switches it off: the port is closed.
    switch(&options, Action::Off);
    read_until(&mut console, None);
    assert!(matches!(port(&cluster, Port::Console), Err(PortError::Absent { .. })));
}

#[test]
fn a_port_is_one_caller_s() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = simulation(folder.path(), &json!({}));
    switch(&options, Action::On);
    let (one, two) = (open(&options), open(&options));
    let first = port(&one, Port::Console).expect("it is up");
    let error = port(&two, Port::Console).expect_err("it is taken");
    let PortError::Busy { holder, .. } = &error else { panic!("{error}") };
    assert_eq!(holder.as_ref().expect("the kernel tells").pid, std::process::id());
    port(&two, Port::Agent).expect("another port is free");
    drop(first);
    // The node notices in its own time that nobody listens.
    let end = Instant::now() + LIMIT;
    while port(&two, Port::Console).is_err() {
        assert!(Instant::now() < end, "the port stays taken");
        std::thread::yield_now();
    }
}

fn ask(agent: &mut File, id: u32, request: Request) -> Vec<Reply> {
    let line = Call { version: 1, id, request }.to_line();
    agent.write_all(line.as_bytes()).expect("it is taken");
    let text = read_until(agent, Some(&format!("\"id\":{id},")));
    let mut replies = Vec::new();
    LineReader::default()
        .push(text.as_bytes(), |line| replies.push(Reply::from_line(line).expect("a reply")));
    replies
}

#[test]
fn the_agent_says_that_it_is_simulated_and_powers_off_when_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = simulation(folder.path(), &json!({}));
    switch(&options, Action::On);
    let cluster = open(&options);
    let mut agent = port(&cluster, Port::Agent).expect("it is up");
    agent.write_all(b"\xff\x00 noise\n").expect("it is taken");
    let hello = ask(&mut agent, 1, Request::Hello);
    let Message::Hello(identity) = &hello[0].message else { panic!("{hello:?}") };
    assert!(identity.simulated && identity.node.map(u8::from) == Some(1), "{identity:?}");
    let status = ask(&mut agent, 2, Request::Status);
    let Message::Status(telemetry) = &status[0].message else { panic!("{status:?}") };
    assert!(telemetry.temperature_c.is_some_and(|c| (20.0..85.0).contains(&c)), "{telemetry:?}");
    let done = ask(&mut agent, 3, Request::Poweroff);
    assert_eq!(done[0].message, Message::Done);
    let last = read_until(&mut agent, None);
    let goodbye = Message::Goodbye { reason: Goodbye::Poweroff };
    let said = |line: &str| Reply::from_line(line.as_bytes()).is_ok_and(|r| r.message == goodbye);
    assert!(done.iter().any(|reply| reply.message == goodbye) || last.lines().any(said), "{last}");
    // It is halted for everybody, and comes back with its power.
    assert!(matches!(port(&open(&options), Port::Agent), Err(PortError::Absent { .. })));
    switch(&options, Action::Off);
    switch(&options, Action::On);
    port(&cluster, Port::Agent).expect("it is up again");
}

/// More than a socket holds: once it is written, what was written before it has been read.
fn flood(port: &mut File) {
    let mut left = 4 << 20;
    while left > 0 {
        let limit = Timespec::try_from(LIMIT).ok();
        let ready = poll(&mut [PollFd::new(port, PollFlags::OUT)], limit.as_ref());
        assert_ne!(ready.expect("it can be waited for"), 0, "nothing is read");
        match port.write(&[b'\n'; 4096]) {
            Ok(length) => left -= length.min(left),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
    }
}

#[test]
fn a_node_that_hangs_answers_nothing_on_either_port_and_does_not_go_down() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = simulation(folder.path(), &json!({"p1": {"hangs": true}}));
    switch(&options, Action::On);
    let cluster = open(&options);
    let mut ports = [Port::Agent, Port::Console].map(|of| port(&cluster, of).expect("it is up"));
    for port in &mut ports {
        for (id, request) in [(1, Request::Hello), (2, Request::Poweroff)] {
            let call = Call { version: 1, id, request };
            port.write_all(call.to_line().as_bytes()).expect("taken");
        }
        flood(port);
    }
    switch(&options, Action::Off);
    for mut port in ports {
        assert_eq!(read_until(&mut port, None), "");
    }
}

#[test]
fn a_node_that_is_to_stay_somewhere_has_no_ports_or_no_agent() {
    let folder = tempfile::tempdir().expect("a folder");
    for stage in ["powered", "boot-rom"] {
        let options = simulation(folder.path(), &json!({"p1": {"stays": stage}}));
        switch(&options, Action::On);
        let error = port(&open(&options), Port::Console).expect_err("it is not on the USB");
        assert!(matches!(error, PortError::Absent { .. }), "{error}");
    }
    let options = simulation(folder.path(), &json!({"p1": {"stays": "reachable"}}));
    switch(&options, Action::On);
    let cluster = open(&options);
    let mut agent = port(&cluster, Port::Agent).expect("it is up");
    let hello = Call { version: 1, id: 1, request: Request::Hello }.to_line();
    agent.write_all(hello.as_bytes()).expect("it is taken");
    switch(&options, Action::Off);
    assert_eq!(read_until(&mut agent, None), "", "nobody answers");
}

/// As a program that has the library talks to it.
#[test]
fn the_library_s_client_of_agents_reaches_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = simulation(folder.path(), &json!({}));
    switch(&options, Action::On);
    let cluster = open(&options);
    let p1 = cluster.driver().node(1).expect("p1");
    let mut agent = cluster.agent(p1, LIMIT).expect("it answers");
    assert!(agent.identity().simulated, "{:?}", agent.identity());
    assert_eq!(agent.ask(Request::Reboot, LIMIT).expect("it obeys"), Message::Done);
    drop(agent);
    // It comes back by itself.
    let end = Instant::now() + LIMIT;
    while cluster.agent(p1, LIMIT).is_err() {
        assert!(Instant::now() < end, "it stays down");
    }
}
