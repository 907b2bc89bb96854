//! Who is in which group, and who becomes a member.

use std::cell::RefCell;
use std::io;
use std::path::Path;

use gadget_config::controller::{self, Membership, Request};
use gadget_config::{Printed, Tools};

use crate::{places, plan, stock};

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
    card.write("root/etc/group", "root:x:0:\ni2c:x:994:pi,ann\ngpio:x:997:annabel\n");
    let system = controller::read(&places(&card)).unwrap();
    let (missing, absent) = controller::missing(&system, &["ann".to_owned()]);
    assert_eq!(missing, [member("ann", "gpio")]);
    assert_eq!(absent, ["clusterhat"]);
    assert_eq!(controller::made(&system), []);
    plan(&card, &Request { members: missing.clone(), ..Request::default() })
        .apply(&places(&card))
        .unwrap();
    assert_eq!(controller::made(&controller::read(&places(&card)).unwrap()), missing);
}

#[test]
fn gpasswd_does_it_here_and_elsewhere() {
    let tools = Gpasswd { calls: RefCell::default(), says: "" };
    controller::change(&member("ann", "i2c"), true, Path::new("/"), &tools).unwrap();
    controller::change(&member("ann", "i2c"), false, Path::new("/mnt"), &tools).unwrap();
    assert_eq!(
        *tools.calls.borrow(),
        ["gpasswd --add ann i2c", "gpasswd --root /mnt --delete ann i2c"]
    );
    let tools = Gpasswd { calls: RefCell::default(), says: "gpasswd: user 'bob' does not exist\n" };
    let error = controller::change(&member("bob", "i2c"), true, Path::new("/"), &tools);
    let text = error.unwrap_err().to_string();
    assert!(text.contains("--add bob i2c") && text.contains("does not exist"), "{text}");
}
