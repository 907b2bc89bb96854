//! HTTP: connections and their limits, who asks, and what a route is.

mod again;
pub mod authenticate;
pub(crate) mod blocking;
pub mod connection;
pub(crate) mod host;
pub mod limits;
pub mod listen;
pub(crate) mod password_change_required;
pub mod request;
pub mod route;
pub mod stall;
pub mod stream;
