//! The boards: readings that all clients share, and operations as tasks.

mod broken;
mod operation;
mod reader;
mod reading;
mod task;
mod tasks;

pub use operation::Operation;
pub use reader::{Boards, Counters};
pub use reading::Reading;
pub use task::{DONE_AT_ONCE, Task, TaskState};
pub use tasks::Tasks;
