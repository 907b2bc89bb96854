//! `clusterhat events`, with the daemon and without it.

use std::io::{BufRead as _, BufReader};
use std::process::ChildStdout;

use clusterhat_tests::running::{Running, until};
use serde_json::{Value, json};

use crate::rig::Site;

/// The command, and the lines that it prints.
struct Events {
    lines: BufReader<ChildStdout>,
    running: Running,
}

impl Events {
    fn of(site: &Site, arguments: &[&str]) -> Self {
        let mut child = site.command(arguments).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { lines, running: Running::of(child) }
    }

    /// The next line that meets this.
    fn until(&mut self, mut is_it: impl FnMut(&str) -> bool) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "no more events");
            if is_it(&line) {
                return line;
            }
        }
    }
}

/// How many clients hear the daemon's events.
fn listeners(site: &Site) -> usize {
    let (_, text) = site.get_text("/metrics", "");
    let line = text.lines().find(|line| line.starts_with("clusterhat_event_listeners"));
    let value: f64 = line.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    value as usize
}

#[test]
fn events_come_from_the_daemon_and_go_on_after_its_restart_and_without_it() {
    let site = Site::simulated();
    let mut daemon = site.daemon();
    let own = listeners(&site);
    let mut all = Events::of(&site, &["events"]);
    let mut json = Events::of(&site, &["--json", "events", "p3"]);
    until("both listen", || listeners(&site) == own + 2);
    assert_eq!(site.run(&["on", "p3", "p4", "--delay", "0"]).status, 0);
    all.until(|line| line.ends_with("Z p4: power on\n"));
    let first: Value = serde_json::from_str(&json.until(|_| true)).unwrap();
    let expected = (&json!(1), &json!("events"), &json!("p3"));
    assert_eq!((&first["schema"], &first["command"], &first["node"]), expected, "{first}");
    assert!(first["at"].is_u64() && first["simulated"].is_string(), "{first}");
    daemon.kill();
    drop(daemon);
    let mut daemon = site.daemon();
    until("both listen again", || listeners(&site) == own + 2);
    assert_eq!(site.run(&["off", "p3"]).status, 0);
    all.until(|line| line.ends_with("Z p3: power off\n"));
    let only = json.until(|line| line.contains("\"power\"") && line.contains("\"on\":false"));
    assert!(only.contains("\"node\":\"p3\""), "{only}");
    daemon.kill();
    drop(daemon);
    // It follows the nodes itself as soon as it has given the daemon up.
    let mut is_on = false;
    let waits = std::thread::spawn(move || all.until(|line| line.ends_with("Z p3: powered\n")));
    until("an event without the daemon", || {
        is_on = !is_on;
        assert_eq!(site.run(&[if is_on { "on" } else { "off" }, "p3"]).status, 0);
        waits.is_finished()
    });
    waits.join().unwrap();
    assert!(json.running.is_running());
}

/// Who may not connect is told so, instead of being shown less.
#[test]
fn a_service_that_refuses_is_an_error() {
    let site = Site::simulated();
    let listener = std::os::unix::net::UnixListener::bind(site.path("socket")).unwrap();
    let refuses = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let body = r#"{"error":{"message":"too many clients listen to events"}}"#;
        stream.write_all(format!("HTTP/1.0 429 Too Many\r\n\r\n{body}").as_bytes()).unwrap();
    });
    let output = site.run(&["events"]);
    refuses.join().unwrap();
    assert_eq!(output.status, 1, "{output:?}");
    let expected =
        "clusterhat: clusterhatd refused the request: too many clients listen to events\n";
    assert!(output.stderr.ends_with(expected), "{output:?}");
}
