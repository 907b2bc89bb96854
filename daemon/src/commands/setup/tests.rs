//! Setup beside a systemd that runs, fails or is not there.

use std::{fs, io};

use system_config::Printed;

use super::*;

/// Of loopback, and nobody else's.
const LISTEN: &str = "127.0.0.77:8443";

/// A manager in this state, which starts the service or not.
struct Manager(&'static str, bool);

impl Tools for Manager {
    fn run(&self, program: &str, words: &[&str]) -> io::Result<Printed> {
        assert_eq!(program, "systemctl");
        let (success, stdout) = match words {
            ["is-system-running"] => (false, self.0.to_owned()),
            ["daemon-reload"] => (true, String::new()),
            _ => (self.1, String::new()),
        };
        let stderr = if success { "" } else { "Job failed.\n" };
        Ok(Printed { success, stdout, stderr: stderr.to_owned() })
    }
}

/// No systemd here.
struct NoSystemd;

impl Tools for NoSystemd {
    fn run(&self, _: &str, _: &[&str]) -> io::Result<Printed> {
        Err(io::ErrorKind::NotFound.into())
    }
}

struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        let units = machine.root().join("usr/lib/systemd/system");
        fs::create_dir_all(&units).unwrap();
        fs::create_dir(machine.root().join("etc")).unwrap();
        let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/share/systemd/clusterhatd.service");
        fs::copy(unit, units.join("clusterhatd.service")).unwrap();
        machine
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("root")
    }

    fn run(
        &self,
        undo: bool,
        dry_run: bool,
        tools: &dyn Tools,
    ) -> Result<Done<SetupReport>, Failure> {
        let undo = undo.then_some(Undo::Undo { dry_run });
        self.serve(Setup { listen: LISTEN.parse().unwrap(), dry_run, undo }, tools)
    }

    fn serve(&self, setup: Setup, tools: &dyn Tools) -> Result<Done<SetupReport>, Failure> {
        setup.run_with(&self.root(), &self.0.path().join("state"), Some(tools))
    }

    fn is_changed(&self) -> bool {
        fs::read_dir(self.root().join("etc")).unwrap().next().is_some()
            || self.0.path().join("state").exists()
    }
}

/// Seen: HTTPS was said to be served, and a link led to a unit that is not there.
#[test]
fn what_no_service_can_serve_is_refused_before_anything_is_changed() {
    for dry_run in [true, false] {
        let machine = Machine::new();
        for (tools, what) in
            [(&NoSystemd as &dyn Tools, "cannot be run"), (&Manager("offline", true), "offline")]
        {
            // Seen: a dry run was refused, though it would change nothing.
            if dry_run {
                let planned = machine.run(false, dry_run, tools).unwrap();
                assert!(planned.report.changed.len() == 2 && planned.text.contains(DRY_RUN));
                assert!(planned.report.notes[0].contains(what), "{:?}", planned.report.notes);
                continue;
            }
            let refused = machine.run(false, dry_run, tools).unwrap_err();
            assert!(refused.message.contains(what), "{}", refused.message);
            assert_eq!(refused.exit_status, 1);
        }
        fs::remove_dir_all(machine.root().join("usr/lib/systemd/system")).unwrap();
        let refused = machine.run(false, dry_run, &Manager("running", true)).unwrap_err();
        let text = &refused.message;
        assert!(text.contains("clusterhatd.service is not installed"), "{text}");
        assert!(text.contains("install"), "{text}");
        assert!(!machine.is_changed());
    }
}

/// Seen: HTTPS was said to be served, since systemd does not learn that a reload could not have the address.
#[test]
fn an_address_that_the_service_cannot_have_is_refused_before_anything_is_changed() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap();
    for (listen, why) in [
        (taken, "Address already in use"),
        ("192.0.2.1:8443".parse().unwrap(), "Cannot assign requested address"),
        ("127.0.0.1:1".parse().unwrap(), "its user may use ports from"),
    ] {
        let machine = Machine::new();
        let setup = Setup { listen, dry_run: false, undo: None };
        let refused = machine.serve(setup, &Manager("running", true)).unwrap_err();
        assert!(refused.message.contains(why), "{}", refused.message);
        assert!(!machine.is_changed());
    }
    // A port that the service has may be had at another address.
    let machine = Machine::new();
    let etc = machine.root().join("etc/clusterhat");
    fs::create_dir(&etc).unwrap();
    let lines =
        format!("# clusterhatd: begin\n[daemon]\nlisten = \"{taken}\"\n# clusterhatd: end\n");
    fs::write(etc.join("clusterhat.toml"), lines).unwrap();
    let listen = SocketAddr::new("0.0.0.0".parse().unwrap(), taken.port());
    let setup = Setup { listen, dry_run: true, undo: None };
    assert!(machine.serve(setup, &Manager("running", true)).is_ok());
}

#[test]
fn a_service_that_does_not_start_fails_with_what_was_done() {
    let machine = Machine::new();
    let done = machine.run(false, false, &Manager("degraded", false)).unwrap();
    let failure = done.failure.unwrap();
    assert_eq!(failure.exit_status, 1);
    assert!(failure.message.contains("Job failed."), "{}", failure.message);
    assert!(!done.text.contains("HTTPS is served"), "{}", done.text);
    assert!(done.text.contains("password") && done.report.changed.len() == 2, "{}", done.text);
    let machine = Machine::new();
    let done = machine.run(false, false, &Manager("degraded", true)).unwrap();
    assert!(done.failure.is_none());
    assert!(done.text.contains("HTTPS is served at https://127.0.0.77:8443"), "{}", done.text);
}

#[test]
fn undo_says_what_it_removed_and_what_stays() {
    let machine = Machine::new();
    let manager = Manager("running", true);
    let planned = machine.run(false, true, &manager).unwrap().text;
    assert!(planned.ends_with("\nnothing was changed: this was a dry run"), "{planned}");
    machine.run(false, false, &manager).unwrap();
    let planned = machine.run(true, true, &manager).unwrap().text;
    assert!(planned.ends_with("\nnothing was changed: this was a dry run"), "{planned}");
    let text = machine.run(true, false, &manager).unwrap().text;
    let link = "etc/systemd/system/multi-user.target.wants/clusterhatd.service";
    assert!(text.contains(&format!("removed {}", machine.root().join(link).display())), "{text}");
    let state = machine.0.path().join("state");
    let stay = format!("accounts, tokens and the certificate stay in {}", state.display());
    assert!(text.contains(&stay) && state.join("accounts.json").exists(), "{text}");
    assert!(machine.run(true, false, &manager).unwrap().text.starts_with("nothing to undo"));
    assert!(machine.run(true, true, &manager).unwrap().text.ends_with("nothing to undo"));
}

/// Seen: a second setup took the certificate out of [daemon], told the fingerprint of another one, and served that.
#[test]
fn what_was_added_to_our_lines_stays() {
    let machine = Machine::new();
    let manager = Manager("running", true);
    let config = machine.root().join("etc/clusterhat/clusterhat.toml");
    let set_up = |listen: &str, dry_run| {
        let setup = Setup { listen: listen.parse().unwrap(), dry_run, undo: None };
        machine.serve(setup, &manager)
    };
    let first = set_up(LISTEN, false).unwrap();
    assert!(first.text.contains("to replace it, set certificate and key"), "{}", first.text);
    let own = first.report.first.unwrap().fingerprint;
    let written = fs::read_to_string(&config).unwrap();
    // One that is as setup wrote it is changed.
    let moved = set_up("127.0.0.78:8443", true).unwrap();
    assert_eq!(moved.report.changed, std::slice::from_ref(&config));

    let other = StateFolder::open(&machine.0.path().join("other")).unwrap();
    let pair = Certificate::load(&other, &Settings::default()).unwrap();
    let (certificate, key) = (pair.path.display(), other.path("key.pem"));
    let added =
        format!("certificate = \"{certificate}\"\nkey = \"{}\"\n# clusterhatd: end", key.display());
    let edited = written.replace("# clusterhatd: end", &added);
    fs::write(&config, &edited).unwrap();
    let again = set_up(LISTEN, false).unwrap();
    assert_eq!(again.report.changed, [""; 0].map(PathBuf::from));
    let told = again.report.first.unwrap();
    assert!(told.fingerprint == pair.fingerprint && told.fingerprint != own);
    assert!(!again.text.contains("to replace it"), "{}", again.text);
    for dry_run in [true, false] {
        let refused = set_up("127.0.0.78:8443", dry_run).unwrap_err();
        assert!(
            refused.message.contains("set listen = \"127.0.0.78:8443\""),
            "{}",
            refused.message
        );
        assert_eq!(refused.exit_status, 2);
    }
    // Seen: it was undone, and HTTPS was served on.
    let undone = machine.run(true, false, &manager).unwrap();
    let failure = undone.failure.unwrap();
    assert!(failure.message.contains("changed since the setup: "), "{}", failure.message);
    assert_eq!(failure.exit_status, 1);
    assert!(undone.text.contains("to switch HTTPS off, remove"), "{}", undone.text);
    assert_eq!(fs::read_to_string(&config).unwrap(), edited);
}

/// Seen: the block stayed, and it was said to be undone.
#[test]
fn lines_without_their_marks_are_named() {
    let machine = Machine::new();
    let manager = Manager("running", true);
    machine.run(false, false, &manager).unwrap();
    let config = machine.root().join("etc/clusterhat/clusterhat.toml");
    let text = fs::read_to_string(&config).unwrap();
    let bare: String = text.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect();
    fs::write(&config, &bare).unwrap();
    let undone = machine.run(true, false, &manager).unwrap();
    let failure = undone.failure.unwrap();
    assert!(failure.message.contains("clusterhat.toml lines 1 2"), "{}", failure.message);
    assert_eq!(fs::read_to_string(&config).unwrap(), bare);
}

/// Seen: an error of the configuration without its line, or none before the service failed to start with it.
#[test]
fn a_configuration_that_the_service_cannot_use_is_refused_with_its_line() {
    for (text, error) in [
        ("first = 1\n[nodes\n", "clusterhat.toml:2: "),
        (
            "first = 1\n# clusterhatd: begin\n[daemon]\nsession-timeout = 0\n# clusterhatd: end\n",
            "clusterhat.toml:4: daemon.session-timeout = 0: expected",
        ),
    ] {
        let machine = Machine::new();
        let folder = machine.root().join("etc/clusterhat");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("clusterhat.toml"), text).unwrap();
        let refused = machine.run(false, false, &Manager("running", true)).unwrap_err();
        assert!(refused.message.contains(error), "{}", refused.message);
        assert_eq!(refused.exit_status, 2);
    }
}
