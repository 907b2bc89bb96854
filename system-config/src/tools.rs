//! The system's own programs, which are asked and told.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// Where the system's programs are. Users without root have no sbin in their path.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// Whether it says that it succeeded.
    pub success: bool,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

/// Runs programs.
pub trait Tools {
    /// Runs one to its end.
    ///
    /// # Errors
    /// It is not there, or cannot be run.
    fn run(&self, program: &str, words: &[&str]) -> io::Result<Printed>;

    /// Lets some time pass.
    fn pause(&self, time: Duration) {
        thread::sleep(time);
    }
}

/// Those of the running system.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinuxTools;

impl Tools for LinuxTools {
    fn run(&self, program: &str, words: &[&str]) -> io::Result<Printed> {
        let output = Command::new(program)
            .args(words)
            .env("PATH", path(env::var_os("PATH")))
            .env("LC_ALL", "C")
            // A hang-up of the terminal is for us, who put things back, and not for what we wait for.
            .process_group(0)
            .stdin(Stdio::null())
            .output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Printed {
            success: output.status.success(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        })
    }
}

/// The caller's path with the system's folders behind it. An empty or relative part would mean the current folder, where anybody may
/// have put a program of that name.
fn path(callers: Option<OsString>) -> OsString {
    let callers = callers.unwrap_or_default();
    let given = env::split_paths(&callers).filter(|folder| folder.is_absolute());
    let all = given.chain(FOLDERS.map(PathBuf::from));
    // Parts of a path have no colon.
    env::join_paths(all).unwrap_or_else(|_| FOLDERS.join(":").into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn no_program_is_taken_from_the_current_folder() {
        let ours = "/usr/sbin:/sbin:/usr/bin:/bin";
        for (callers, before) in [
            (None, ""),
            (Some(""), ""),
            (Some(":"), ""),
            (Some("."), ""),
            (Some("/opt/bin"), "/opt/bin:"),
            (Some("bin:/a::../b:/c:"), "/a:/c:"),
        ] {
            let path = path(callers.map(OsString::from));
            assert_eq!(path.to_str(), Some(&*format!("{before}{ours}")), "{callers:?}");
        }
        let path = path(Some(OsString::from_vec(b"/a\xff:b".to_vec())));
        assert_eq!(path.into_vec(), [b"/a\xff:".as_slice(), ours.as_bytes()].concat());
    }
}
