//! Calls of the command on a Pi.

use clusterhat_tests::{pi::Pi, vm::Output};

/// Runs the command.
pub(crate) fn clusterhat(pi: &mut Pi, words: &str) -> Output {
    pi.sh(&format!("clusterhat {words}")).unwrap()
}

/// Runs the command, which must succeed without a word on standard error.
#[track_caller]
pub(crate) fn succeeds(pi: &mut Pi, words: &str) -> String {
    let output = clusterhat(pi, words);
    assert!(output.status == 0 && output.stderr.is_empty(), "clusterhat {words}: {output:?}");
    output.stdout
}

/// Runs the command, which must fail with this exit status; gives the error's line, which comes last.
#[track_caller]
pub(crate) fn fails(pi: &mut Pi, words: &str, exit_status: i32) -> String {
    let output = clusterhat(pi, words);
    assert_eq!(output.status, exit_status, "clusterhat {words}: {output:?}");
    output.stderr.lines().last().unwrap_or_default().to_owned()
}
