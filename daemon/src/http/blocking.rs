//! Work that keeps a thread for a while, beside the few threads that requests share.

use crate::error::{Problem, ProblemKind};

/// Deriving a key from a password, and writing a file, keep a thread for a while. All that belongs to the change is done
/// there: a client that goes away ends its handler, but not the work.
pub(crate) async fn blocking<T: Send + 'static, E: From<Problem> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    let broken = |error: tokio::task::JoinError| {
        Problem::new(ProblemKind::Internal, format!("the work ended early: {error}"))
    };
    tokio::task::spawn_blocking(work).await.map_err(broken)?
}
