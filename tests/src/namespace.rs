//! Namespaces of a test's own: of the network, in which it makes links and lets the kernel tell of USB devices that are not
//! there; or of mounts, with another root.

use std::{
    env, io,
    io::Read as _,
    process::{Child, Command, Stdio},
};

use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, sendto, socket_with};

/// Names the test that runs in the namespace.
const INSIDE: &str = "CLUSTERHAT_TEST_INSIDE";

/// Runs a test's scenario in a namespace: the test program starts itself anew there, for this test alone.
///
/// # Panics
/// If the scenario fails, or the system gives this user no namespace: a test that did not run has not passed.
pub fn within(test: &str, scenario: impl FnOnce()) {
    if env::var(INSIDE).is_ok_and(|inside| inside == test) {
        return scenario();
    }
    check(unshare("--net"));
    again(unshare("--net"), test);
}

/// The same where whatever is mounted is the test's own, and so are the temporary files.
///
/// # Panics
/// As [`within`].
pub fn within_mounts(test: &str, scenario: impl FnOnce()) {
    if env::var(INSIDE).is_ok_and(|inside| inside == test) {
        return scenario();
    }
    check(unshare("--mount"));
    let place = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let mut command = unshare("--mount");
    command.args(["sh", "-c", "mount -t tmpfs tmpfs \"$0\" && exec \"$@\""]).arg(place.path());
    command.env("TMPDIR", place.path());
    again(command, test);
}

/// Runs a test's scenario where the root is an overlay whose changes go to a tmpfs, as an initramfs makes it for a root that is
/// only read. All that the machine's root has is there, but no `/boot` and no `/run`.
///
/// # Panics
/// If the scenario fails, or the system gives this user no overlay (a user's own takes Linux 5.11).
pub fn within_overlay_root(test: &str, scenario: impl FnOnce()) {
    if env::var(INSIDE).is_ok_and(|inside| inside == test) {
        return scenario();
    }
    let place = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let mut command = unshare("--mount");
    command.args(["sh", "-c", OVERLAY]).arg(place.path());
    again(command, test);
}

/// Runs a program with an overlay in a folder as its root. A user's own namespace may have other attributes than root's.
const OVERLAY: &str = r#"
set -e
mount -t tmpfs tmpfs-root "$0"
mkdir "$0/lower" "$0/upper" "$0/work" "$0/root"
options="lowerdir=$0/lower,upperdir=$0/upper,workdir=$0/work"
mount -t overlay overlayroot -o "$options" "$0/root" || mount -t overlay overlayroot -o "$options,userxattr" "$0/root"
for each in /*; do
    if [ -L "$each" ]; then
        cp -P "$each" "$0/root$each"
    elif [ -d "$each" ]; then
        mkdir "$0/root$each"
        [ "$each" = /boot ] || [ "$each" = /run ] || mount --rbind "$each" "$0/root$each"
    fi
done
exec chroot "$0/root" "$@"
"#;

/// Starts the test program anew by way of this command, for one test alone, which has to pass.
fn again(mut command: Command, test: &str) {
    let program = env::current_exe().unwrap_or_else(|error| panic!("{error}"));
    command.arg(program).args(["--exact", test, "--nocapture", "--test-threads=1"]);
    let output = command.env(INSIDE, test).output().unwrap_or_else(|error| panic!("{error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    // A name that is no test's would run none, and succeed.
    let passed = output.status.success() && said.contains("1 passed");
    assert!(passed, "{said}");
}

fn check(mut unshare: Command) {
    let output = unshare.arg("true").output().unwrap_or_else(|error| panic!("unshare(1): {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "no namespace can be made here ({}): run the tests as root, or on a system that lets users \
         make user namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)",
        said.trim()
    );
}

fn unshare(kind: &str) -> Command {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.arg(kind);
    command
}

/// Runs ip(8).
///
/// # Panics
/// If it fails.
pub fn ip(words: &str) {
    run_ip(Command::new("ip"), words);
}

fn run_ip(mut ip: Command, words: &str) {
    let output = ip.args(words.split(' ')).output();
    let output = output.unwrap_or_else(|error| panic!("ip(8), of iproute2: {error}"));
    assert!(output.status.success(), "ip {words}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A second namespace beside the test's own: the other end of a cable. It has no name, which root alone could give it, and is
/// there until it is dropped.
#[derive(Debug)]
pub struct Beside {
    process: Child,
}

impl Beside {
    /// Makes one.
    ///
    /// # Panics
    /// If the system gives none.
    #[must_use]
    pub fn new() -> Self {
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", "echo; exec cat"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("unshare(1): {error}"));
        let mut line = [0];
        // It is there once the shell runs.
        let said = process.stdout.as_mut().map(|stdout| stdout.read_exact(&mut line));
        assert!(matches!(said, Some(Ok(()))), "unshare(1) makes no second namespace");
        Self { process }
    }

    /// The process that ip(8) takes for its name.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Runs ip(8) there.
    ///
    /// # Panics
    /// If it fails.
    pub fn ip(&self, words: &str) {
        let mut command = Command::new("nsenter");
        command.args([&format!("--net=/proc/{}/ns/net", self.pid()), "ip"]);
        run_ip(command, words);
    }
}

impl Default for Beside {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Lets the kernel tell of a device, as it tells of its own: a process that owns the namespace may send it one
/// (`uevent_net_rcv`, Linux 4.18).
///
/// # Errors
/// If it does not take it.
pub fn uevent(action: &str, subsystem: &str, kind: &str, path: &str) -> io::Result<()> {
    let event = format!(
        "{action}@{path}\0ACTION={action}\0DEVPATH={path}\0SUBSYSTEM={subsystem}\0DEVTYPE={kind}\0"
    );
    // A header of `struct nlmsghdr`, of the first type that is not the kernel's own, as a request.
    let length = u32::try_from(16 + event.len()).unwrap_or(u32::MAX);
    let mut message = length.to_ne_bytes().to_vec();
    message.extend([0x10_u16, 1].map(u16::to_ne_bytes).concat());
    message.extend([0; 8]);
    message.extend(event.as_bytes());
    let flags = SocketFlags::CLOEXEC;
    let (family, protocol) = (AddressFamily::NETLINK, Some(KOBJECT_UEVENT));
    let socket = socket_with(family, SocketType::RAW, flags, protocol)?;
    sendto(&socket, &message, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "no namespace can be made here (not allowed)")]
    fn where_no_namespace_is_to_be_had_the_test_fails() {
        let mut unshare = Command::new("sh");
        unshare.args(["-c", "echo not allowed >&2; exit 1"]);
        check(unshare);
    }
}
