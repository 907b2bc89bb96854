//! The program `clusterhatd` on simulated boards, asked as its clients ask.

mod by_hand;
mod client;
mod readme;
mod rig;

mod access;
mod activation;
mod address;
mod api;
mod coalescing;
mod commands;
mod first_line;
mod life;
mod limits;
mod malformed;
mod nonsense;
mod power;
mod redfish;
mod roles;
mod shipped;
