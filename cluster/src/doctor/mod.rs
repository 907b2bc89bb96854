//! The checks of `doctor`: what commonly keeps a cluster from working, why it matters, and its fix.
//!
//! Facts are read first: of the boards, of the system below a root, and of its USB. Each check is a
//! pure function of them ([`checks`]); none switches or writes anything. A check that cannot be made says why.

mod agent_facts;
mod agents;
mod boards;
mod check;
mod examine;
mod facts;
mod finding;
mod fix;
mod i2c;
mod network;
mod nodes;
mod rights;
mod services;
mod states;
mod subject;
mod supply;
mod system;
mod usb;
mod usb_checks;

pub use check::Check;
pub use examine::{checks, examine};
pub use facts::NO_SYSTEM;
pub use finding::{DoctorFinding, Fix, Severity};
pub use fix::fix;
pub use subject::Subject;
pub use system::model;
