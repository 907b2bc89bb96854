//! A kernel in memory: configfs' gadgets, UDCs, open terminals and a clock that only sleep
//! moves.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use gadget_config::{
    GADGET, Gadget, GadgetError, Kernel, Layout, LayoutEntry, Profile, Tree, TtyHolder, Udc,
};

use crate::UDC;

/// What the kernel holds. Fields are for tests to set and to look at.
pub(crate) struct Fake {
    /// By name: what each holds, and the UDC that it is bound to.
    pub(crate) gadgets: BTreeMap<String, (Tree, Option<String>)>,
    /// With the time at which each comes.
    pub(crate) udcs: Vec<(Duration, Udc)>,
    /// Every call that changed something.
    pub(crate) calls: Vec<String>,
    /// Processes that have terminals open, and how the hook fared.
    login: Rc<RefCell<Login>>,
    /// The making fails at this entry.
    pub(crate) fail_at: Option<(&'static str, ErrorKind)>,
    /// The making ends behind this many entries, as by SIGKILL.
    pub(crate) killed_after: Option<usize>,
    /// Binding fails.
    pub(crate) fail_bind: Option<ErrorKind>,
    /// Binding fails with more serial functions in the configuration than this.
    pub(crate) serial_ports: Option<usize>,
    /// Somebody binds this gadget driver right before us.
    pub(crate) quicker: Option<&'static str>,
    /// Removing fails.
    pub(crate) fail_remove: Option<ErrorKind>,
    /// Configfs has no place for gadgets.
    pub(crate) no_configfs: bool,
    now: Duration,
}

/// The logins on the terminals.
#[derive(Default)]
pub(crate) struct Login {
    /// Open terminals, with a process each; those of the getty end when the hook is called.
    pub(crate) getty: Vec<String>,
    /// Those that do not end.
    pub(crate) others: Vec<String>,
    /// What the hook was told, by call.
    pub(crate) stopped: Vec<Vec<String>>,
    /// The hook fails.
    pub(crate) fail: bool,
}

/// The hook's end of the logins.
pub(crate) struct Getty(Rc<RefCell<Login>>);

impl Getty {
    pub(crate) fn stop(&self, ttys: &[String]) -> io::Result<()> {
        let mut login = self.0.borrow_mut();
        login.stopped.push(ttys.to_vec());
        if login.fail {
            return Err(io::Error::other("systemctl stop: no"));
        }
        login.getty.clear();
        Ok(())
    }
}

impl Fake {
    /// One real UDC, and a virtual one.
    pub(crate) fn new() -> Self {
        let mut fake = Self::without_udc();
        fake.add_udc(UDC, Duration::ZERO);
        fake.add_udc("dummy_udc.0", Duration::ZERO);
        fake
    }

    pub(crate) fn without_udc() -> Self {
        Self {
            gadgets: BTreeMap::new(),
            udcs: Vec::new(),
            calls: Vec::new(),
            login: Rc::default(),
            fail_at: None,
            killed_after: None,
            fail_bind: None,
            serial_ports: None,
            quicker: None,
            fail_remove: None,
            no_configfs: false,
            now: Duration::ZERO,
        }
    }

    pub(crate) fn add_udc(&mut self, name: &str, at: Duration) {
        let udc = Udc { name: name.into(), function: None, state: "not attached".into() };
        self.udcs.push((at, udc));
    }

    /// A gadget driver takes a UDC.
    pub(crate) fn occupy(&mut self, udc: &str, function: &str) {
        for (_, found) in self.udcs.iter_mut().filter(|(_, found)| found.name == udc) {
            found.function = Some(function.into());
        }
    }

    /// Somebody's gadget in configfs.
    pub(crate) fn add_gadget(&mut self, name: &str, udc: Option<&str>) {
        let tree = Tree::from([(String::new(), LayoutEntry::Folder)]);
        self.gadgets.insert(name.into(), (tree, udc.map(str::to_owned)));
        if let Some(udc) = udc {
            self.occupy(udc, "configfs-gadget");
        }
    }

    pub(crate) fn getty(&self) -> Getty {
        Getty(Rc::clone(&self.login))
    }

    pub(crate) fn login(&self) -> std::cell::RefMut<'_, Login> {
        self.login.borrow_mut()
    }

    /// What our gadget holds.
    pub(crate) fn ours(&mut self) -> &mut Tree {
        &mut self.gadgets.get_mut(GADGET).expect("there is no gadget of ours").0
    }

    /// The UDC that our gadget is bound to.
    pub(crate) fn bound(&self) -> Option<&str> {
        self.gadgets.get(GADGET)?.1.as_deref()
    }

    /// As the kernel does: making a folder of a serial function gives it a terminal.
    fn add(&mut self, path: &str, entry: LayoutEntry) {
        let gadget = self.gadgets.entry(GADGET.into()).or_default();
        if path.starts_with("functions/acm.") && !path[10..].contains('/') {
            let number = gadget.0.keys().filter(|path| path.ends_with("/port_num")).count();
            gadget.0.insert(format!("{path}/port_num"), LayoutEntry::Value(number.to_string()));
        }
        if path.starts_with("functions/") && path.ends_with("-0") {
            gadget.0.insert(format!("{path}/ifname"), LayoutEntry::Value("usb%d".into()));
        }
        gadget.0.insert(path.into(), entry);
    }
}

impl Kernel for Fake {
    fn path(&self, gadget: &str) -> PathBuf {
        Path::new("/configfs/usb_gadget").join(gadget)
    }

    fn gadgets(&self) -> Result<Vec<Gadget>, GadgetError> {
        if self.no_configfs {
            let source = io::Error::from(ErrorKind::NotFound);
            return Err(GadgetError::NoConfigfs { path: "/configfs/usb_gadget".into(), source });
        }
        let gadget = |(name, (_, udc)): (&String, &(Tree, Option<String>))| Gadget {
            name: name.clone(),
            udc: udc.clone(),
        };
        Ok(self.gadgets.iter().map(gadget).collect())
    }

    fn tree(&self, gadget: &str) -> Result<Option<Tree>, GadgetError> {
        Ok(self.gadgets.get(gadget).map(|(tree, _)| tree.clone()))
    }

    fn udcs(&self) -> Result<Vec<Udc>, GadgetError> {
        let there = self.udcs.iter().filter(|(at, _)| *at <= self.now);
        Ok(there.map(|(_, udc)| udc.clone()).collect())
    }

    fn register(&mut self, profile: &Profile) -> io::Result<()> {
        self.calls.push("register".into());
        let kill = self.killed_after.take();
        for (done, (path, entry)) in Layout::of(profile).entries().iter().enumerate() {
            if kill == Some(done) {
                return Err(io::Error::other("killed"));
            }
            if let Some((at, kind)) = self.fail_at.filter(|(at, _)| at == path) {
                return Err(io::Error::new(kind, at));
            }
            self.add(path, entry.clone());
        }
        Ok(())
    }

    fn unlink(&mut self, gadget: &str, path: &str) -> io::Result<()> {
        self.calls.push(format!("unlink {path}"));
        let (tree, udc) = self.gadgets.get_mut(gadget).ok_or(ErrorKind::NotFound)?;
        assert!(udc.is_none(), "the kernel would take the gadget off the bus");
        tree.remove(path).map(|_| ()).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn bind(&mut self, gadget: &str, udc: Option<&str>) -> io::Result<()> {
        self.calls.push(format!("bind {}", udc.unwrap_or("nothing")));
        if let (Some(udc), Some(function)) = (udc, self.quicker) {
            self.occupy(udc, function);
            return Err(ErrorKind::ResourceBusy.into());
        }
        if let (Some(_), Some(kind)) = (udc, self.fail_bind) {
            return Err(kind.into());
        }
        let found = self.gadgets.get_mut(gadget).ok_or(ErrorKind::NotFound)?;
        let serial = found.0.keys().filter(|path| path.starts_with("configs/c.1/acm.")).count();
        if udc.is_some() && self.serial_ports.is_some_and(|most| serial > most) {
            // ENODEV, as where endpoints run out: drivers/usb/gadget/function/f_acm.c.
            return Err(io::Error::from_raw_os_error(19));
        }
        let old = std::mem::replace(&mut found.1, udc.map(str::to_owned));
        for (_, at) in &mut self.udcs {
            if old.as_ref() == Some(&at.name) {
                at.function = None;
            }
            if udc == Some(&at.name) {
                at.function = Some("configfs-gadget".into());
            }
        }
        Ok(())
    }

    fn remove(&mut self, gadget: &str) -> io::Result<()> {
        self.calls.push("remove".into());
        let login = self.login.borrow();
        assert!(login.getty.is_empty() && login.others.is_empty(), "the kernel would block here");
        drop(login);
        if let Some(kind) = self.fail_remove {
            return Err(kind.into());
        }
        self.gadgets.remove(gadget).map(|_| ()).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn holders(&self, ttys: &[String]) -> io::Result<Vec<TtyHolder>> {
        let login = self.login.borrow();
        let open = login.getty.iter().chain(&login.others).filter(|tty| ttys.contains(tty));
        let holder =
            |tty: &String| TtyHolder { tty: tty.clone(), pid: 42, program: "screen".into() };
        Ok(open.map(holder).collect())
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn sleep(&mut self, time: Duration) {
        self.now += time;
    }
}
