//! How many instructions a program takes, counted by valgrind: the same on any machine, however busy it is.

use std::{io, path::Path};

use crate::vm::tools::{self, VALGRIND};

/// What a `status` may take. An empty Rust program takes 300 000.
pub const STATUS_LIMIT: u64 = 1_500_000;

/// What `clusterhat status` takes on a simulated board, all of its reading and printing included.
///
/// # Errors
/// If valgrind is missing, or the command fails under it.
pub fn of_a_status(program: &Path) -> io::Result<u64> {
    // A world of its own: what another call left would count, too.
    let runtime = tempfile::TempDir::new()?;
    let log = runtime.path().join("log");
    let mut valgrind = VALGRIND.command()?;
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(format!("--log-file={}", log.display())).arg(program);
    valgrind.args(["--sim", "v2.5", "status"]).env("XDG_RUNTIME_DIR", runtime.path());
    tools::stdout(&mut valgrind)?;
    let said = std::fs::read_to_string(log)?;
    counted(&said).ok_or_else(|| io::Error::other(format!("valgrind counted nothing: {said}")))
}

/// The number in `==1234== Collected : 1082612`.
fn counted(said: &str) -> Option<u64> {
    let (_, count) = said.lines().find_map(|line| line.split_once("Collected : "))?;
    count.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn the_count_stands_in_valgrind_s_log() {
        assert_eq!(
            counted("==1== Events    : Ir\n==1== Collected : 1082612\n==1==\n"),
            Some(1_082_612)
        );
        assert_eq!(counted("==1== Fatal error at startup\n"), None);
    }
}
