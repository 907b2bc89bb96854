//! Who may switch nodes without being root.

use hat_driver::linux::{Obstacle, chain};

use super::check::Check;
use super::facts::{BoardFacts, Facts};
use super::finding::{Checked, Fix, Found, NotMade};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "groups",
        looks_for: "a user who is not a member of the groups i2c, gpio and clusterhat, or one of these groups missing",
        why: "only root and these groups may open the boards' devices and the nodes' serial ports",
        make: groups,
    },
    Check {
        name: "permission",
        looks_for: "a board whose device this user may not open",
        why: "its nodes can be switched by root only",
        make: permission,
    },
    Check {
        name: "record",
        looks_for: "a shared record of power switching that cannot be used",
        why: "other calls do not honour the delay after nodes switched on here, and `off` may not stop an `on`",
        make: record,
    },
    Check {
        name: "desired-state",
        looks_for: "a record of the nodes' desired state that cannot be read",
        why: "after a loss of power nodes are not restored, and what is switched is not saved",
        make: desired,
    },
];

fn groups(facts: &Facts) -> Checked {
    let system = facts.system.as_ref().map_err(NotMade::because)?;
    let rights = system.rights.as_ref().map_err(NotMade::because)?;
    let absent = rights.absent.iter().map(|group| {
        let fix = Fix::Text(format!("install the package, or groupadd --system {group}"));
        Found::warning(format!("there is no group {group}"), fix)
    });
    let mut found: Vec<_> = absent.collect();
    for user in &rights.users {
        let groups = rights.missing.iter().filter(|one| one.user == *user);
        let groups: Vec<_> = groups.map(|one| &*one.group).collect();
        if !groups.is_empty() {
            let what = format!("{user} is not in the group {}", groups.join(", "));
            let fix = Fix::SetUp { users: vec![user.clone()], reboot: false };
            found.push(Found::warning(what, fix));
        }
    }
    match (rights.users.is_empty(), found.is_empty()) {
        (true, true) => Err(NotMade::because(
            "root needs no group, and no other user is known here: ask as the user who is to switch nodes",
        )),
        _ => Ok(found),
    }
}

fn permission(facts: &Facts) -> Checked {
    let boards = facts.boards.as_ref().map_err(|none| NotMade::because(&none.what))?;
    let is_refused = |board: &&BoardFacts| {
        let trouble = board.reading.as_ref().err();
        trouble.is_some_and(|trouble| trouble.obstacle == Some(Obstacle::Permission))
    };
    let found = boards.iter().filter(is_refused).filter_map(|board| {
        let trouble = board.reading.as_ref().err()?;
        let advice = trouble.advice.clone().unwrap_or_else(|| "use sudo".to_owned());
        let fix = format!("{advice}; a new membership counts from the next login on");
        Some(Found::error(&trouble.what, Fix::Text(fix)))
    });
    Ok(found.collect())
}

fn record(facts: &Facts) -> Checked {
    facts.boards.as_ref().map_err(|none| NotMade::because(&none.what))?;
    let fix = || Fix::Text("remove that file, or make it writable".to_owned());
    Ok(facts.unrecorded.iter().map(|what| Found::warning(what, fix())).collect())
}

fn desired(facts: &Facts) -> Checked {
    facts.boards.as_ref().map_err(|none| NotMade::because(&none.what))?;
    let none = || NotMade::because("this simulation may only be read: nothing is saved for it");
    match facts.desired.as_ref().ok_or_else(none)? {
        Ok(()) => Ok(Vec::new()),
        Err(error) if error.is_denied() => Err(NotMade::because(chain(error))),
        Err(error) => {
            let fix = Fix::Text("correct or remove that file".to_owned());
            Ok(vec![Found::warning(chain(error), fix)])
        }
    }
}

#[cfg(test)]
mod tests {
    use clusterhat_tests::command::World;

    use super::super::facts::Trouble;
    use super::super::subject::Subject;
    use super::*;
    use crate::controller::Options;
    use crate::nodes::NodeSet;

    /// As a user who is not root gets it: no test that root may run can bring it about.
    #[test]
    fn a_device_that_may_not_be_opened() {
        let board = World::builtin("v2.5");
        let simulation = board.path().to_str().map(str::to_owned);
        let options = Options { simulation, ..Options::default() };
        let all = NodeSet::parse::<&str>(&[]).expect("a set");
        let mut facts = Facts::gather(&Subject::new(&options, &all)).expect("a board");
        assert_eq!(permission(&facts).expect("it can be told").len(), 0);
        for board in facts.boards.as_mut().ok().into_iter().flatten() {
            board.reading = Err(Trouble {
                what: "cannot open /dev/i2c-1: Permission denied".to_owned(),
                advice: Some("join the group i2c, or use sudo".to_owned()),
                obstacle: Some(Obstacle::Permission),
            });
        }
        let found = permission(&facts).expect("it can be told");
        assert_eq!(found[0].what, "cannot open /dev/i2c-1: Permission denied");
        assert!(found[0].fix.to_string().starts_with("join the group i2c"), "{found:?}");
    }
}
