//! Hooks before and after power operations.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

#[path = "../command/mod.rs"]
mod command;
mod examples;
mod site;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixDatagram;
use std::process::Child;
use std::time::{Duration, Instant};

use clusterhat_tests::command::{Output, World};
use clusterhat_tests::running::{Running, until};
use command::{Run as _, clusterhat};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use site::Site;

const TELL: &str = "echo \"$*: $CLUSTERHAT_HOOK $CLUSTERHAT_ACTION $CLUSTERHAT_NODE $CLUSTERHAT_REASON \
                    ${CLUSTERHAT_RESULT-none} ${CLUSTERHAT_NAME-none}\" >>\"$log\"";

#[test]
fn hooks_hear_of_each_action_before_and_after_it() {
    let site = Site::new("at-boot = \"on\"\n[nodes.p2]\nname = \"db\"\n");
    site.hook("50-tell", TELL);
    for (args, words) in
        [(&["on", "p1", "db"][..], "on"), (&["cycle", "p1"], "cycle"), (&["off"], "off")]
    {
        assert_eq!(site.run(args).status, 0, "{args:?}");
        let logged = site.logged();
        let nodes: &[_] = match words {
            "on" => &[("p1", "none"), ("p2", "db")],
            "cycle" => &[("p1", "none")],
            _ => &[("p1", "none"), ("p2", "db"), ("p3", "none"), ("p4", "none")],
        };
        let line = |when: &str, node: &str, result: &str, name: &str| {
            let argument = if result == "none" { "" } else { " done" };
            format!(
                "{when} {words} {node} request{argument}: {when} {words} {node} request {result} {name}"
            )
        };
        let mut expected: Vec<_> = nodes
            .iter()
            .flat_map(|(node, name)| {
                [line("before", node, "none", name), line("after", node, "done", name)]
            })
            .collect();
        expected.sort();
        assert_eq!(logged, expected);
    }
    // What looks only, and what switches no node, runs none.
    for args in [&["status"][..], &["on", "--dry-run"], &["alert", "on"], &["restore", "--dry-run"]]
    {
        assert_eq!(site.run(args).status, 0, "{args:?}");
        assert_eq!(site.logged(), Vec::<String>::new(), "{args:?}");
    }
    assert_eq!(site.run(&["restore", "--all", "p1"]).status, 0);
    assert_eq!(site.logged()[1], "before on p1 restore: before on p1 restore none none");
}

/// The command, until its hooks for this action wait; their end lets it go on.
fn waiting(site: &Site, args: &[&str]) -> Child {
    let name = format!("40-wait-{}", args[0]);
    let (action, go) = (args[0], site.world.folder().join(format!("go-{}", args[0])));
    let wait = format!("while [ ! -e '{}' ]; do sleep 0.05; done", go.display());
    let script = format!(
        "[ \"$1 $2\" != 'before {action}' ] || {{ echo \"waits {action}\" >>\"$log\"; {wait}; }}"
    );
    site.hook(&name, &script);
    let child = site.start(args);
    site.until_logged(&format!("waits {action}"));
    child
}

/// Lets the hooks of such a command end, and the command.
fn end(site: &Site, action: &str, mut child: Child) -> Option<i32> {
    fs::write(site.world.folder().join(format!("go-{action}")), "").unwrap();
    child.wait().unwrap().code()
}

/// Seen: a node went on 3 s after `off` of it had said that it is off, and one was cut 1.5 s after `on` of it had started it; all
/// commands ended with 0.
#[test]
fn what_others_ask_while_hooks_run_comes_later_and_wins() {
    for (before, first, second, on) in [
        (0, &["on", "p1", "p2"][..], "off", 0),
        (0b11, &["cycle", "p1", "p2"], "off", 0b10),
        (0b11, &["off", "p1", "p2"], "on", 0b01),
    ] {
        let site = Site::new("");
        if before != 0 {
            assert_eq!(site.run(&["on", "p1", "p2"]).status, 0);
        }
        let one = waiting(&site, first);
        let two = site.run(&[second, "p1", "--no-hooks"]);
        assert_eq!(two.status, 0, "{two:?}");
        assert_eq!((end(&site, first[0], one), site.on()), (Some(1), on), "{first:?}");
    }
}

/// The later one has hooks, too, and has not switched anything yet.
#[test]
fn whoever_is_about_to_switch_a_node_off_does_not_have_it_switched_on_before() {
    let site = Site::new("");
    let on = waiting(&site, &["on", "p1", "p2"]);
    let off = waiting(&site, &["off", "p1"]);
    assert_eq!((end(&site, "on", on), site.on()), (Some(1), 0));
    assert_eq!((end(&site, "off", off), site.on()), (Some(0), 0));
    // And no longer than it is.
    site.hook("50-veto", "[ \"$1 $2\" != 'before off' ]");
    assert_eq!(site.run(&["off", "p1"]).status, 1);
    let on = waiting(&site, &["on", "p1", "p2"]);
    assert_eq!((end(&site, "on", on), site.on()), (Some(0), 0b11));
}

/// Seen: what another command had asked for in the meantime was told by nobody.
#[test]
fn an_off_says_which_nodes_keep_their_power() {
    let site = Site::new("");
    assert_eq!(site.run(&["on", "p1", "p2"]).status, 0);
    let off = waiting(&site, &["off", "p1", "p2", "--json"]);
    assert_eq!(site.run(&["on", "p1", "--no-hooks"]).status, 0);
    fs::write(site.world.folder().join("go-off"), "").unwrap();
    let output = off.wait_with_output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let error = &document["error"];
    let text = "p1 keeps its power, as another command has requested it since";
    assert_eq!((&error["kind"], &error["message"]), (&json!("undone"), &json!(text)));
    let powers = [&document["nodes"][0]["power"], &document["nodes"][1]["power"]];
    assert_eq!(powers, ["on", "off"], "{document}");
    // What is wanted after a loss of power is what was asked last.
    let desired = fs::read_to_string(site.world.folder().join(".world.json.desired")).unwrap();
    assert!(desired.contains("\"1\":{\"on\":true,"), "{desired}");
}

/// Seen: the row of the node that keeps its power, and why it does, were lost.
#[test]
fn an_off_says_it_also_where_the_board_fails() {
    let site = Site::new("");
    assert_eq!(site.run(&["on", "p1", "p2"]).status, 0);
    let off = waiting(&site, &["off", "p1", "p2", "--json"]);
    assert_eq!(site.run(&["on", "p1", "--no-hooks"]).status, 0);
    let mut world = site.world.read();
    world["faults"] = json!([{"transfer": 1, "kind": "io", "lasting": true}]);
    site.world.write(&world);
    fs::write(site.world.folder().join("go-off"), "").unwrap();
    let output = off.wait_with_output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["error"]["kind"], "board", "{document}");
    let message = document["error"]["message"].as_str().unwrap();
    let text = "; p1 keeps its power, as another command has requested it since";
    assert!(message.contains(text), "{message}");
    let rows = document["nodes"].as_array().unwrap().iter();
    let rows: Vec<_> = rows.map(|row| [&row["node"], &row["power"]]).collect();
    assert_eq!(rows, [["p1", "on"]], "{document}");
}

/// Seen: the hook that refused one node ended the wait for the others, which had just been cycled, and the refused one was told as
/// cycled.
#[test]
fn a_retry_that_is_refused_for_one_node_goes_on_for_the_others() {
    let site = Site::new("");
    let mut world = site.world.read();
    world["nodes"] = json!({"p1": {"stays": "powered"}, "p2": {"stays": "powered"}});
    site.world.write(&world);
    site.hook("50-veto", "[ \"$1 $2 $3\" != 'before cycle p2' ]");
    let words = ["on", "p1", "p2", "--wait", "--timeout", "0.05", "--retries", "2", "--json"];
    let document = site.run(&words).json();
    assert_eq!(document["error"]["kind"], "vetoed", "{document}");
    let nodes = document["wait"]["nodes"].as_array().unwrap().iter();
    let cycles: Vec<_> = nodes.map(|node| &node["cycles"]).collect();
    assert_eq!(cycles, [2, 0], "{document}");
}

/// And without `--root`, which a simulation needs to have a system: none.
#[test]
fn no_hooks_runs_none() {
    let site = Site::new("");
    site.hook("50-tell", TELL);
    assert_eq!(site.run(&["on", "--no-hooks"]).status, 0);
    assert_eq!(site.run(&["cycle", "p1", "--no-hooks"]).status, 0);
    assert_eq!(site.run(&["off", "--no-hooks"]).status, 0);
    assert_eq!(site.world.run(&["on"]).status, 0);
    assert_eq!(site.logged(), Vec::<String>::new());
}

#[test]
fn a_hook_that_fails_before_refuses_its_node_alone() {
    let site = Site::new("");
    site.run(&["on", "p1", "p2"]);
    site.hook("50-veto", "[ \"$1 $3\" != 'before p2' ] || { echo jobs are running; exit 3; }");
    site.hook("60-tell", TELL);
    let output = site.run(&["off"]);
    assert_eq!((output.status, site.on()), (1, 0b0010), "{output:?}");
    assert_eq!(
        output.stderr.lines().last().unwrap(),
        "clusterhat: not switched, since a hook refused: p2 (hook 50-veto: exit status 3: jobs are running); \
         --no-hooks switches without asking them"
    );
    assert_eq!(output.stdout.lines().count(), 4, "the others' rows: {output:?}");
    // The later hook of the node does not run, and hears nothing.
    assert!(site.logged().iter().all(|line| !line.contains("p2")));
    // The earlier one hears of it, to take back what it did.
    site.hook("40-tell", TELL);
    assert_eq!(site.run(&["off", "p2"]).status, 1);
    let logged = site.logged();
    assert!(logged[0].starts_with("after off p2 request refused:"), "{logged:?}");
    assert_eq!(logged.len(), 2, "{logged:?}");
    // What was refused is still wanted.
    let desired = fs::read_to_string(site.world.folder().join(".world.json.desired")).unwrap();
    assert!(desired.contains("\"2\":{\"on\":true,"), "{desired}");

    let document = site.run(&["off", "p2", "--json"]).json();
    let error = &document["error"];
    assert_eq!((&error["kind"], &error["exit_status"]), (&json!("vetoed"), &json!(1)));
    assert_eq!(error["switched"], json!([{"node": "p2", "power": "off", "stands": "old"}]));
    assert_eq!((document["nodes"].as_array().unwrap().len(), site.on()), (0, 0b0010));
    let output = site.run(&["off", "--no-hooks"]);
    assert_eq!((output.status, site.on()), (0, 0), "{output:?}");
}

/// Seen: "still-on", which nobody knows.
#[test]
fn a_node_that_a_hook_refuses_is_not_said_to_be_on_where_its_board_does_not_answer() {
    let site = Site::new("");
    let mut value = site.world.read();
    value["chips"] = json!({});
    site.world.write(&value);
    site.hook("50-veto", "[ $1 != before ]");
    let document = site.run(&["shutdown", "p1", "--json"]).json();
    assert_eq!(document["error"]["kind"], "vetoed", "{document}");
    assert_eq!(document["nodes"][0]["result"], "unknown", "{document}");
}

#[test]
fn the_vendor_s_command_asks_the_hooks_too() {
    let site = Site::new("");
    site.hook("50-veto", "echo \"$1 $3\" >>\"$log\"; [ \"$1 $3\" != 'before p2' ]");
    let link = site.world.folder().join("clusterctrl");
    symlink(clusterhat(), &link).unwrap();
    let run = |args: &[&str]| {
        let mut command = site.world.program(&link);
        command.env("CLUSTERHAT_SIM", site.world.path()).env("CLUSTERHAT_SIM_NOWAIT", "1");
        Output::of(command.env("CLUSTERHAT_ROOT", site.root()).args(args))
    };
    let output = run(&["on"]);
    assert_eq!((output.status, site.on()), (1, 0b1101), "{output:?}");
    assert!(output.stdout.starts_with("ERROR: not switched, since a hook refused: p2 ("));
    assert_eq!(site.logged().len(), 4 + 3);
    let output = run(&["on", "p1"]);
    assert_eq!((output.status, &*output.stdout), (0, ""), "{output:?}");
    let output = run(&["off", "p1", "p2"]);
    assert_eq!((output.status, site.on()), (1, 0b1100), "{output:?}");
}

#[test]
fn hooks_hear_of_what_failed_and_their_own_failures_are_warnings() {
    let mut value = World::builtin_value("v2.5");
    value["chips"]["1"]["stuck"] = json!([null, 0, null, null, null, null, null, null]);
    let site = Site::new("");
    site.world.write(&value);
    site.hook("50-tell", TELL);
    assert_eq!(site.run(&["on", "p1", "p2"]).status, 1);
    let logged = site.logged();
    assert!(logged.iter().any(|line| line.starts_with("after on p1 request done:")), "{logged:?}");
    assert!(
        logged.iter().any(|line| line.starts_with("after on p2 request failed:")),
        "{logged:?}"
    );

    site.hook("50-tell", "[ \"$1\" = before ] || exit 1");
    site.hook("60-more", "[ \"$1\" = before ] || echo \"more $3\" >>\"$log\"");
    let output = site.run(&["on", "p3"]);
    assert_eq!((output.status, site.logged()), (0, vec!["more p3".to_owned()]), "{output:?}");
    let told = "clusterhat: warning: a hook failed after the operation: p3 (hook 50-tell: exit status 1)\n";
    assert_eq!(output.stderr, told);
}

#[test]
fn what_is_no_hook_is_named_and_not_run() {
    let site = Site::new("");
    for name in ["50-slurm~", "50-slurm.sh", "60-mode", "70-writable"] {
        site.hook(name, "exit 1");
    }
    let chmod = |name, mode| {
        fs::set_permissions(site.folder().join(name), Permissions::from_mode(mode)).unwrap();
    };
    chmod("60-mode", 0o644);
    chmod("70-writable", 0o775);
    let output = site.run(&["on", "--json"]);
    assert_eq!((output.status, site.on()), (0, 0x0f), "{output:?}");
    let warnings = output.json()["warnings"].as_array().unwrap().clone();
    assert_eq!(warnings.len(), 4, "{warnings:?}");
    assert!(warnings.iter().all(|text| text.as_str().unwrap().contains("is not run: ")));
}

#[test]
fn a_hook_has_limited_time() {
    let site = Site::new("hook-limit = 0.3\n");
    site.hook("50-hang", "[ $3 != p1 ] || sleep 600");
    let start = Instant::now();
    let output = site.run(&["on", "p1", "p2"]);
    assert_eq!((output.status, site.on()), (1, 0b0010), "{output:?}");
    assert!(output.stderr.contains("p1 (hook 50-hang: not finished after 0.3 s: it was stopped)"));
    assert!(start.elapsed() < Duration::from_secs(60));
}

/// Each node's hook waits until all nodes' have begun.
#[test]
fn several_nodes_hooks_run_at_once_and_one_node_s_in_order() {
    let site = Site::new("");
    site.hook(
        "50-meet",
        "echo \"first $1 $3\" >>\"$log\"\n\
         until [ $(grep -c \"first $1\" \"$log\") = 4 ]; do sleep 0.01; done",
    );
    site.hook("60-next", "echo \"second $1 $3\" >>\"$log\"");
    assert_eq!(site.run(&["on"]).status, 0);
    let text = fs::read_to_string(site.log()).unwrap();
    let at = |line: &str| text.lines().position(|found| found == line).unwrap();
    assert!(at("first before p1") < at("second before p1"), "{text}");
    assert!(at("second before p4") < at("first after p1"), "{text}");
}

/// It can call the command itself: no lock is held, and no hooks run again.
#[test]
fn a_hook_has_none_of_the_board_s_locks_or_files() {
    let site = Site::new("");
    let call = format!(
        "ls -l /proc/$$/fd | grep -F '{}' | grep -v ' 255 ' >>\"$log\"\n\
         [ $3 = p4 ] || '{}' on p4 --lock-limit 0 || echo nested failed >>\"$log\"",
        site.world.folder().display(),
        clusterhat().display()
    );
    site.hook("50-nested", &call);
    let output = site.run(&["on", "p1"]);
    assert_eq!((output.status, site.on()), (0, 0b1001), "{output:?}");
    let logged = site.logged();
    // The shell's own: the script that it reads.
    assert!(logged.iter().all(|line| line.ends_with("/50-nested")), "{logged:?}");
}

#[test]
fn output_goes_to_the_journal_or_else_to_standard_error() {
    let site = Site::new("");
    site.hook("50-talk", "echo \"$1 it\"; echo '\u{1b}[31mred' >&2");
    let output = site.run(&["on", "p1"]);
    let told = "clusterhat: p1: hook 50-talk: before it\nclusterhat: p1: hook 50-talk: \u{fffd}[31mred\n\
                clusterhat: p1: hook 50-talk: after it\nclusterhat: p1: hook 50-talk: \u{fffd}[31mred\n";
    assert_eq!(output.stderr, told);
    let socket = site.root().join("run/systemd/journal/socket");
    fs::create_dir_all(socket.parent().unwrap()).unwrap();
    let journal = UnixDatagram::bind(&socket).unwrap();
    journal.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let output = site.run(&["off", "p1"]);
    assert_eq!((output.status, &*output.stderr), (0, ""));
    let mut entry = [0; 1024];
    let length = journal.recv(&mut entry).unwrap();
    let entry = String::from_utf8_lossy(&entry[..length]).into_owned();
    assert!(entry.ends_with("\nMESSAGE=p1: hook 50-talk: before it\n"), "{entry}");
}

/// Its document is whole, whatever hooks print.
#[test]
fn documents_stay_documents() {
    let site = Site::new("");
    site.hook("50-talk", "echo '{}'; echo \"$0\" >&2");
    let output = site.run(&["on", "--json"]);
    let document: Value = output.json();
    assert_eq!(document["command"], "on");
}

/// Else a node that was drained for an `off` that never came would stay so.
#[test]
fn hooks_hear_of_a_signal_in_the_middle_of_switching() {
    let site = Site::new("");
    site.hook("50-tell", "echo \"$1 $2 $3 ${5-}\" >>\"$log\"");
    site.hook("40-veto", "[ \"$1 $3\" != 'before p3' ]");
    site.hook("30-tell", "echo \"$1 $2 $3 ${5-}\" >>\"$log\"");
    // p1 goes on, and p2 waits for its turn.
    let mut child = site.start(&["on", "p1", "p2", "p3", "--delay", "300"]);
    until("p1's power", || site.on() == 0b001);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let mut after: Vec<_> =
        site.logged().into_iter().filter(|line| line.starts_with("after")).collect();
    after.sort();
    assert_eq!(
        after,
        [
            "after on p1 done",
            "after on p1 done",
            "after on p2 interrupted",
            "after on p2 interrupted",
            "after on p3 refused"
        ]
    );
    // Nobody wants what was not come to.
    let desired = fs::read_to_string(site.world.folder().join(".world.json.desired")).unwrap();
    assert!(desired.contains("\"1\":{\"on\":true,") && !desired.contains("\"2\":{\"on\":true,"));
}

#[test]
fn a_signal_while_hooks_run_stops_them_and_switches_nothing() {
    let site = Site::new("");
    site.run(&["on", "p1"]);
    site.hook("30-first", "echo \"first $1 ${5-}\" >>\"$log\"");
    site.hook("40-long", "echo \"long $1 ${5-}\" >>\"$log\"; [ \"$1\" = after ] || sleep 600");
    site.hook("50-never", "echo \"never $1 ${5-}\" >>\"$log\"");
    let child = site.start(&["off", "p1", "--json"]);
    site.until_logged("long before");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = Running::of(child).finish();
    assert_eq!((output.status, site.on()), (130, 0b001));
    let error = &output.json()["error"];
    assert_eq!(error["message"], "interrupted; nothing was switched");
    assert_eq!(error["switched"], json!([{"node": "p1", "power": "off", "stands": "old"}]));
    let logged = site.logged();
    let after: Vec<_> = logged.iter().filter(|line| line.contains("after")).collect();
    assert_eq!(after, ["first after interrupted", "long after interrupted"], "{logged:?}");
    assert!(logged.iter().all(|line| !line.starts_with("never")), "{logged:?}");
    let desired = fs::read_to_string(site.world.folder().join(".world.json.desired")).unwrap();
    assert!(desired.contains("\"1\":{\"on\":true,"), "{desired}");
}

/// Hooks after the operation run to their end, unless a second signal says that it is urgent.
#[test]
fn a_second_signal_ends_the_command_at_once() {
    let site = Site::new("");
    site.hook("40-long", "echo \"$1\" >>\"$log\"; [ \"$1\" = before ] || exec sleep 600");
    let mut child = site.start(&["on", "p1"]);
    site.until_logged("after");
    let mut status = None;
    until("the end", || {
        let _ = kill_process(Pid::from_child(&child), Signal::INT);
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.and_then(|status| status.code()), Some(130));
}
