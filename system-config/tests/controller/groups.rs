//! Who is in which group, and who becomes a member.

use std::cell::RefCell;
use std::io;

use system_config::controller::{self, ControllerRequest, Membership};
use system_config::{Printed, Tools};

use crate::tree::assert_same;
use crate::{plan, stock, sysroot};

/// Remembers what was run; fails where it is told to.
struct Gpasswd {
    calls: RefCell<Vec<String>>,
    says: &'static str,
}

impl Tools for Gpasswd {
    fn run(&self, program: &str, words: &[&str]) -> io::Result<Printed> {
        self.calls.borrow_mut().push(format!("{program} {}", words.join(" ")));
        let stderr = self.says.to_owned();
        Ok(Printed { success: stderr.is_empty(), stdout: String::new(), stderr })
    }
}

fn member(user: &str, group: &str) -> Membership {
    Membership { user: user.to_owned(), group: group.to_owned() }
}

#[test]
fn only_what_is_missing_is_added_and_kept_in_mind() {
    let card = stock("trixie");
    card.write("root/etc/group", "root:x:0:\ni2c:x:994:pi,lab\ngpio:x:997:lab2\n");
    let system = controller::read(&sysroot(&card)).unwrap();
    let (missing, absent) = controller::missing(&system, &["lab".to_owned()]);
    assert_eq!(missing, [member("lab", "gpio")]);
    assert_eq!(absent, ["clusterhat"]);
    assert_eq!(controller::made(&system), []);
    plan(&card, &ControllerRequest { members: missing.clone(), ..ControllerRequest::default() })
        .apply(&sysroot(&card))
        .unwrap();
    assert_eq!(controller::made(&controller::read(&sysroot(&card)).unwrap()), missing);
}

#[test]
fn gpasswd_does_it_on_the_running_system() {
    let tools = Gpasswd { calls: RefCell::default(), says: "" };
    controller::change(&member("lab", "i2c"), true, &tools).unwrap();
    controller::change(&member("lab", "i2c"), false, &tools).unwrap();
    assert_eq!(*tools.calls.borrow(), ["gpasswd --add lab i2c", "gpasswd --delete lab i2c"]);
    let tools =
        Gpasswd { calls: RefCell::default(), says: "gpasswd: user 'guest' does not exist\n" };
    let error = controller::change(&member("guest", "i2c"), true, &tools);
    let text = error.unwrap_err().to_string();
    assert!(text.contains("--add guest i2c") && text.contains("does not exist"), "{text}");
}

/// No program runs on a card, since that would load what the card says.
#[test]
fn a_mounted_system_is_edited_by_ourselves() {
    let card = stock("trixie");
    card.write("root/etc/group", "i2c:x:994:pi\ngpio:x:997:\n");
    card.write("root/etc/gshadow", "i2c:!::pi\ngpio:!::\n");
    card.write("root/etc/passwd", "pi:x:1000:1000::/home/pi:/bin/bash\nlab:x:1001:1001:::\n");
    card.mode("root/etc/gshadow", 0o640);
    assert!(controller::has_user(&sysroot(&card), "lab").unwrap());
    for nobody in ["", "an", "lab:x", "root"] {
        assert!(!controller::has_user(&sysroot(&card), nobody).unwrap(), "{nobody}");
    }
    let before = card.tree();
    controller::change_mounted(&member("lab", "i2c"), true, &sysroot(&card)).unwrap();
    assert_eq!(card.read("root/etc/group"), "i2c:x:994:pi,lab\ngpio:x:997:\n");
    assert_eq!(card.read("root/etc/gshadow"), "i2c:!::pi,lab\ngpio:!::\n");
    controller::change_mounted(&member("lab", "i2c"), false, &sysroot(&card)).unwrap();
    assert_same(&card.tree(), &before);
}

#[test]
fn what_a_change_that_was_cut_left_behind_is_removed() {
    let card = stock("trixie");
    let before = card.tree();
    card.write("root/etc/.gshadow.clusterhat-new", "i2c:!::pi\n");
    controller::remove_drafts(&sysroot(&card)).unwrap();
    assert_same(&card.tree(), &before);
    controller::remove_drafts(&sysroot(&card)).unwrap();
}
