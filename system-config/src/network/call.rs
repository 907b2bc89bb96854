//! Calls programs of the system.

use super::NetworkError;
use crate::Tools;

/// Runs a program for what it changes.
///
/// # Errors
/// [`NetworkError::NoTool`] or [`NetworkError::ToolFailed`], with what it printed.
pub(super) fn run(tools: &dyn Tools, program: &str, words: &[&str]) -> Result<(), NetworkError> {
    let call = || format!("{program} {}", words.join(" "));
    let printed = tools
        .run(program, words)
        .map_err(|source| NetworkError::NoTool { call: call(), source })?;
    if printed.success {
        return Ok(());
    }
    let said = if printed.stderr.trim().is_empty() { printed.stdout } else { printed.stderr };
    Err(NetworkError::ToolFailed { call: call(), said: said.trim().to_owned() })
}
