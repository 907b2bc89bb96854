//! Who may do what: accounts, roles, sessions, tokens, and who is at the unix socket.

pub mod accounts;
pub mod audit;
pub mod network;
pub mod password;
pub mod peer;
pub mod role;
pub mod sessions;
pub mod slow_down;
pub mod tokens;

mod guard;
mod stored;
mod verified;

pub use accounts::{Account, AccountChange, AccountError, Accounts};
pub use audit::Audit;
pub use guard::{Access, Credentials};
pub use role::{By, Caller, Need, Role};
pub use sessions::{Session, Sessions};
pub use slow_down::SlowDown;
pub use tokens::{Token, Tokens};
