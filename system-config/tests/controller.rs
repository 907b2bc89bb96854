//! `clusterhat setup` as a library, on systems in temporary folders.

#![allow(clippy::unwrap_used)]

#[path = "controller/cases.rs"]
mod cases;
#[path = "controller/groups.rs"]
mod groups;
#[path = "controller/moved.rs"]
mod moved;
#[path = "controller/take_over.rs"]
mod take_over;

#[allow(dead_code, reason = "shared with the tests of the setup of cards")]
#[path = "card/tree.rs"]
mod tree;

use system_config::changes::Sysroot;
use system_config::controller::{self, ControllerRequest};

use tree::Card;

const INIT: &str = "root/usr/lib/systemd/system/clusterhat-init.service";

/// A stock card with our package on it.
fn stock(name: &str) -> Card {
    let card = Card::stock(name);
    card.write(INIT, "[Install]\nWantedBy=multi-user.target\n");
    card
}

fn sysroot(card: &Card) -> Sysroot {
    controller::sysroot(&card.path("root"), Some(&card.path("boot"))).unwrap()
}

fn plan(card: &Card, request: &ControllerRequest) -> system_config::changes::ChangePlan {
    controller::plan(request, &controller::read(&sysroot(card)).unwrap())
}
