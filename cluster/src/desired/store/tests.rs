//! What a loss of power, other processes and odd files leave.

use std::os::unix::fs::symlink;
use std::thread;

use hat_driver::Positions;
use hat_driver::linux::BoardInfo;
use hat_driver::power::Action;
use system_config::changes::{Rights, TargetFile};
use tempfile::TempDir;

use super::*;
use crate::desired::BoardId;

/// Loses its power at one of its steps: what is written then is torn, and no later step is made.
struct Failing {
    left: u32,
    torn: bool,
    steps: u32,
}

impl Failing {
    fn at(step: u32, torn: bool) -> Self {
        Self { left: step, torn, steps: 0 }
    }

    fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("power lost"))?;
        Ok(())
    }
}

impl Disk for Failing {
    fn make_folder(&mut self, at: &TargetFile, mode: u32) -> io::Result<()> {
        self.step()?;
        LinuxDisk.make_folder(at, mode)
    }

    fn write(&mut self, at: &TargetFile, state: &FileState, rights: Rights) -> io::Result<()> {
        let step = self.step();
        if step.is_err() && self.torn {
            let half = state.bytes[..state.bytes.len() / 2].to_vec();
            let _ = LinuxDisk.write(at, &FileState { bytes: half, ..state.clone() }, rights);
        }
        step?;
        LinuxDisk.write(at, state, rights)
    }

    fn rename(&mut self, from: &TargetFile, to: &TargetFile) -> io::Result<()> {
        let step = self.step();
        // The new name may have reached the disk although nobody was told so.
        if step.is_err() && self.torn {
            let _ = LinuxDisk.rename(from, to);
        }
        step?;
        LinuxDisk.rename(from, to)
    }

    fn link(&mut self, to: &Path, at: &TargetFile) -> io::Result<()> {
        self.step()?;
        LinuxDisk.link(to, at)
    }

    fn remove_file(&mut self, at: &TargetFile) -> io::Result<()> {
        self.step()?;
        LinuxDisk.remove_file(at)
    }

    fn remove_folder(&mut self, at: &TargetFile) -> io::Result<()> {
        self.step()?;
        LinuxDisk.remove_folder(at)
    }
}

/// A v1.x board's.
fn board() -> BoardId {
    let machine =
        hat_driver::sim::Machine::memory(hat_driver::sim::builtin::simulation("v1.3").unwrap());
    let options = hat_driver::linux::Options::default();
    let cluster =
        hat_driver::linux::Cluster::open(std::sync::Arc::new(machine.unwrap()), options).unwrap();
    let infos: Vec<&BoardInfo> = cluster.boards().map(|(_, info)| info).collect();
    BoardId::of(infos[0])
}

fn store() -> (TempDir, Store) {
    let root = tempfile::tempdir().unwrap();
    let store = Store::of_system(root.path());
    (root, store)
}

fn ask(document: &mut Document, action: Action) {
    document.ask(&board(), Positions::one(0), action);
}

#[test]
fn what_was_saved_is_read() {
    let (root, store) = store();
    assert_eq!(store.read().unwrap(), Document::default());
    let before = store.change(|document| ask(document, Action::On)).unwrap();
    assert_eq!(before, Document::default());
    assert_eq!(store.read().unwrap().last(&board(), 0), Some(Action::On));
    let mode = fs::metadata(store.path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o664, "all who may switch may read it");
    drop(root);
}

#[test]
fn a_loss_of_power_at_any_step_leaves_the_old_or_the_new_state() {
    for torn in [false, true] {
        let mut seen = Vec::new();
        for step in 0.. {
            let (_root, store) = store();
            store.change(|document| ask(document, Action::Off)).unwrap();
            let mut disk = Failing::at(step, torn);
            let result = store.change_on(&mut disk, |document| ask(document, Action::On));
            let now = store.read().unwrap().last(&board(), 0);
            seen.push(now);
            if result.is_ok() {
                assert_eq!(now, Some(Action::On), "saved is saved");
                break;
            }
            assert!(now == Some(Action::On) || now == Some(Action::Off), "step {step}: {now:?}");
            // Whatever was left is in nobody's way.
            store.change(|document| ask(document, Action::On)).unwrap();
            assert_eq!(store.read().unwrap().last(&board(), 0), Some(Action::On));
        }
        assert!(seen.len() > 2, "there were steps to lose the power at");
    }
}

#[test]
fn nothing_is_written_where_nothing_changes() {
    let (_root, store) = store();
    store.change(|document| ask(document, Action::On)).unwrap();
    let mut disk = Failing::at(100, false);
    let not_due = |document: &mut Document| document.set_due(&board(), Positions::one(0), false);
    store.change_on(&mut disk, not_due).unwrap();
    assert_eq!(disk.steps, 0);
}

#[test]
fn no_change_of_several_callers_is_lost() {
    let (_root, store) = store();
    let id = board();
    thread::scope(|scope| {
        for position in 0..8 {
            let (store, id) = (&store, &id);
            scope.spawn(move || {
                for action in [Action::On, Action::Off, Action::On] {
                    let change = |document: &mut Document| {
                        document.ask(id, Positions::one(position), action)
                    };
                    store.change(change).unwrap();
                }
            });
        }
    });
    let document = store.read().unwrap();
    assert!((0..8).all(|position| document.last(&id, position) == Some(Action::On)));
}

#[test]
fn a_file_that_is_no_desired_state_is_named_and_stays() {
    let (_root, store) = store();
    fs::create_dir_all(store.path().parent().unwrap()).unwrap();
    for text in ["", "{", "{\"version\":7,\"boards\":[]}", "\u{0}\u{0}\u{0}\u{0}"] {
        fs::write(store.path(), text).unwrap();
        let error = store.change(|document| ask(document, Action::On)).unwrap_err();
        assert!(error.to_string().contains("desired.json"), "{error}");
        assert!(
            error.to_string().contains("correct or remove it (it says which nodes were on"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(store.path()).unwrap(), text);
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let (_root, store) = store();
    fs::create_dir_all(store.path()).unwrap();
    assert!(store.change(|document| ask(document, Action::On)).is_err());
    let (root, store) = self::store();
    fs::write(root.path().join("var"), "a file").unwrap();
    let error = store.change(|document| ask(document, Action::On)).unwrap_err();
    assert!(error.to_string().contains("var/lib/clusterhat/power"), "{error}");
}

#[test]
fn a_link_leads_nowhere_out_of_the_root() {
    let (root, store) = store();
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("var/lib/clusterhat/power")).unwrap();
    let victim = outside.path().join("victim");
    fs::write(&victim, "theirs").unwrap();
    symlink(&victim, store.path()).unwrap();
    let _ = store.change(|document| ask(document, Action::On));
    assert_eq!(fs::read_to_string(&victim).unwrap(), "theirs");
    assert_eq!(store.read().unwrap().last(&board(), 0), Some(Action::On));
}
