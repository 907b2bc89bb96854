//! `--fix`: what is safe is done, told, and can be undone; the rest is left.

use std::fs;
use std::ops::ControlFlow;

use clusterhat::doctor::fix;
use clusterhat::report::{DoctorReport, FixDone};
use clusterhat::{Event, SetupUndo, System};

use crate::controller::Healthy;

const CONFIG: &str = "boot/firmware/config.txt";
const CMDLINE: &str = "boot/firmware/cmdline.txt";

fn broken() -> Healthy {
    let broken = Healthy::new();
    broken.write(CONFIG, "dtparam=audio=on\n");
    broken.write("etc/group", "i2c:x:994:\ngpio:x:986:pi\nclusterhat:x:900:pi\n");
    broken.write("etc/gshadow", "i2c:!::\n");
    broken.plug("1-1.2.3", "0a5c:2764", None, &[("08", Some("usb-storage"))]);
    broken.enable("clusterctrl-init.service");
    broken
}

fn fixed(broken: &Healthy, dry_run: bool) -> (DoctorReport, FixDone) {
    let observer = &mut |_: Event<'_>| ControlFlow::Continue(());
    let mut report = broken
        .subject(|subject| fix(subject, dry_run, observer).expect("it can be looked at").report);
    let done = report.fixed.take().expect("fixes were asked for");
    (report, done)
}

fn kinds(report: &DoctorReport) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.kind).collect()
}

#[test]
fn what_is_safe_is_done_and_the_rest_is_left() {
    let broken = broken();
    let before = broken.every_file();
    let (report, done) = fixed(&broken, false);
    // The driver lets go at the next boot.
    assert_eq!(kinds(&report), ["usb-storage"]);
    assert!(done.reboot && done.failed.is_empty(), "{done:?}");
    let changed: Vec<_> = done.changed.iter().filter_map(|path| path.file_name()).collect();
    for name in ["config.txt", "cmdline.txt", "clusterctrl-init.service"] {
        assert!(changed.iter().any(|changed| *changed == name), "{name}: {done:?}");
    }
    assert_eq!((&*done.groups[0].user, &*done.groups[0].group), ("pi", "i2c"));
    let text = |path| fs::read_to_string(broken.path(path)).expect("a file");
    assert!(text(CONFIG).contains("dtparam=i2c_arm=on"));
    assert!(text(CMDLINE).starts_with("usb-storage.quirks=0a5c:2764:i "));
    // Every byte comes back.
    let system = System::new(&broken.options).expect("a system");
    let undo = SetupUndo::default();
    let undone = system.undo_setup(&undo, &mut |_| {}).expect("it can be undone");
    assert!(undone.error.is_none(), "{undone:?}");
    let after: std::collections::BTreeMap<_, _> =
        broken.every_file().into_iter().filter(|(path, _)| before.contains_key(path)).collect();
    assert_eq!(after, before);
}

#[test]
fn a_dry_run_changes_nothing() {
    let broken = broken();
    let before = broken.every_file();
    let (report, done) = fixed(&broken, true);
    assert_eq!(broken.every_file(), before);
    assert!(kinds(&report).contains(&"i2c-off"), "{report:?}");
    assert!(done.dry_run && done.diff.is_some_and(|diff| diff.contains("+dtparam=i2c_arm=on")));
}

#[test]
fn modules_are_loaded_where_the_system_runs() {
    let broken = Healthy::new();
    broken.remove("dev/i2c-1");
    broken.tools.answer("modprobe -a -- i2c-dev", "");
    let (_, done) = fixed(&broken, false);
    assert_eq!(done.loaded, ["i2c-dev"]);
    broken.tools.fail("modprobe -a -- i2c-dev", "modprobe: FATAL: Module i2c-dev not found");
    let (_, done) = fixed(&broken, false);
    assert_eq!((done.loaded.len(), done.failed.len()), (0, 1), "{done:?}");
    assert!(done.failed[0].contains("not found"), "{done:?}");
}

#[test]
fn a_healthy_controller_is_left_alone() {
    let healthy = Healthy::new();
    let before = healthy.every_file();
    let (report, done) = fixed(&healthy, false);
    assert_eq!(report.findings, []);
    assert_eq!(done, FixDone::default());
    assert_eq!(healthy.every_file(), before);
}
