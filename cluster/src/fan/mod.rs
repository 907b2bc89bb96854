//! The fan that follows the hottest of the controller and the nodes, with hysteresis.

mod control;
mod curve;

pub use control::FanControl;
pub use curve::FanCurve;
