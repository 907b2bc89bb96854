//! A healthy controller: a simulated board, a system below a folder, and what its programs answer.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::{fs, io};

use clusterhat::doctor::{self, Subject};
use clusterhat::report::DoctorReport;
use clusterhat::{NodeSet, Options};
use clusterhat_tests::command::World;
use serde_json::{Value, json};
use system_config::network::{self, NetworkMode, NetworkRequest, Survey};
use system_config::{Printed, Tools};
use tempfile::TempDir;

pub(crate) const ADDRESSES: &str = "ip -details -json address show";
pub(crate) const JOURNAL: &str = "journalctl --dmesg --boot --no-pager --quiet --output=cat";

/// What programs print. One that is not there fails to start.
#[derive(Default)]
pub(crate) struct FakeTools {
    answers: RefCell<BTreeMap<String, Printed>>,
    pub(crate) calls: RefCell<Vec<String>>,
}

impl FakeTools {
    pub(crate) fn answer(&self, call: &str, stdout: impl ToString) {
        let printed = Printed { success: true, stdout: stdout.to_string(), stderr: String::new() };
        self.answers.borrow_mut().insert(call.to_owned(), printed);
    }

    pub(crate) fn fail(&self, call: &str, stderr: &str) {
        let printed = Printed { success: false, stdout: String::new(), stderr: stderr.to_owned() };
        self.answers.borrow_mut().insert(call.to_owned(), printed);
    }

    pub(crate) fn forget(&self, call: &str) {
        self.answers.borrow_mut().remove(call);
    }
}

impl Tools for FakeTools {
    fn run(&self, program: &str, words: &[&str]) -> io::Result<Printed> {
        let call = format!("{program} {}", words.join(" ")).trim_end().to_owned();
        self.calls.borrow_mut().push(call.clone());
        self.answers.borrow().get(&call).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

pub(crate) struct Healthy {
    pub(crate) root: TempDir,
    pub(crate) world: World,
    pub(crate) tools: FakeTools,
    pub(crate) asks_tools: bool,
    pub(crate) options: Options,
    pub(crate) nodes: NodeSet,
    pub(crate) users: Vec<String>,
}

const CONFIG: &str = "\
[nodes.p1]\nusb-path = \"1-1.2.1\"\n[nodes.p2]\nusb-path = \"1-1.2.2\"\n\
[nodes.p3]\nusb-path = \"1-1.2.3\"\n[nodes.p4]\nusb-path = \"1-1.2.4\"\n";

impl Healthy {
    pub(crate) fn new() -> Self {
        let mut world = World::builtin_value("v2.6");
        world["clusterhat_toml"] = json!(CONFIG);
        world["throttled"] = json!(0);
        // As `init` and `on p1` leave it.
        world["chips"]["1"]["r"] = json!([0x91, 0x91, 0, 0, 0x7f]);
        let world = World::new(&world);
        let root = tempfile::tempdir().expect("a folder");
        let options = Options {
            simulation: world.path().to_str().map(str::to_owned),
            root: Some(root.path().to_owned()),
            without_waits: true,
            ..Options::default()
        };
        let nodes = NodeSet::parse::<&str>(&[]).expect("a set");
        let users = vec!["pi".to_owned()];
        let tools = FakeTools::default();
        let healthy = Self { root, world, tools, asks_tools: true, options, nodes, users };
        healthy.write_system();
        healthy.plug(
            "1-1.2.1",
            "3171:0021",
            Some("1"),
            &[("02", Some("cdc_ncm")), ("02", Some("cdc_acm"))],
        );
        healthy.plug(
            "1-1.2.2",
            "3171:0021",
            Some("2"),
            &[("02", Some("cdc_ncm")), ("02", Some("cdc_acm"))],
        );
        healthy.answer();
        healthy.set_up_network(NetworkMode::Nat);
        healthy
    }

    fn write_system(&self) {
        self.write("etc/passwd", "root:x:0:0::/root:/bin/sh\npi:x:1000:1000::/home/pi:/bin/sh\n");
        self.write("etc/group", "i2c:x:994:pi\ngpio:x:986:pi\nclusterhat:x:900:pi\n");
        self.write("etc/hosts", "127.0.0.1 localhost\n");
        self.write("boot/firmware/config.txt", "dtparam=i2c_arm=on\n[pi4]\notg_mode=1\n[all]\n");
        self.write("boot/firmware/cmdline.txt", "console=tty1 root=PARTUUID=1-02 rootwait\n");
        self.write("usr/lib/modules-load.d/clusterhat.conf", "i2c-dev\n");
        self.write("usr/lib/udev/rules.d/60-clusterhat-node.rules", "# rules\n");
        self.enable("clusterhat-init.service");
        self.enable("NetworkManager.service");
        for program in
            ["usr/sbin/dnsmasq", "usr/sbin/nft", "dev/i2c-1", "sys/bus/i2c/devices/i2c-1/name"]
        {
            self.write(program, "");
        }
    }

    fn answer(&self) {
        self.links(&[]);
        self.tools.answer("ip -json neighbour show dev clusterhat0", "[]");
        self.routes(&[]);
        self.tools.answer("nft -j list ruleset", json!({"nftables": []}));
        self.tools.answer("nft list tables", "table ip nm-shared-clusterhat0\n");
        self.tools.answer("iptables --version", "iptables v1.8.9 (nf_tables)\n");
        self.tools.answer("iptables -S", "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n");
        self.tools.answer(JOURNAL, "Booting Linux on physical CPU 0x0\n");
    }

    /// The bridge, the uplink, and these.
    pub(crate) fn links(&self, more: &[Value]) {
        let link = |name: &str, address: &str, prefix: u8| {
            json!({"ifindex": 2, "ifname": name, "address": "b8:27:eb:00:00:01", "flags": ["UP", "LOWER_UP"],
                   "addr_info": [{"local": address, "prefixlen": prefix}]})
        };
        let mut links =
            vec![link("eth0", "192.0.2.7", 24), link("clusterhat0", "172.19.181.254", 24)];
        links.extend_from_slice(more);
        self.tools.answer(ADDRESSES, json!(links));
    }

    /// The default route, and these.
    pub(crate) fn routes(&self, more: &[Value]) {
        let mut routes =
            vec![json!({"dst": "default", "gateway": "192.0.2.1", "dev": "eth0", "metric": 100})];
        routes.extend_from_slice(more);
        self.tools.answer("ip -json -4 route show", json!(routes));
    }

    pub(crate) fn set_up_network(&self, mode: NetworkMode) {
        let sysroot = network::sysroot(self.root.path()).expect("a system");
        let survey = Survey::take(&sysroot, Some(&self.tools)).expect("it can be looked at");
        let nodes =
            (1..=4u8).map(|id| node_link::NodeId::try_from(id).expect("an ID").into()).collect();
        let request = NetworkRequest { nodes, ..NetworkRequest::new(mode) };
        let plan = network::plan(&request, &survey).expect("a plan");
        plan.files.apply(&sysroot).expect("it can be written");
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).expect("it was there");
    }

    pub(crate) fn enable(&self, unit: &str) {
        self.write(
            &format!("usr/lib/systemd/system/{unit}"),
            "[Install]\nWantedBy=multi-user.target\n",
        );
        let wants = self.path("etc/systemd/system/multi-user.target.wants");
        fs::create_dir_all(&wants).expect("it can be made");
        symlink(format!("/usr/lib/systemd/system/{unit}"), wants.join(unit))
            .expect("it can be made");
    }

    /// A USB device with its interfaces, each a class and a driver.
    pub(crate) fn plug(
        &self,
        path: &str,
        id: &str,
        serial: Option<&str>,
        interfaces: &[(&str, Option<&str>)],
    ) {
        let device = format!("sys/bus/usb/devices/{path}");
        let (vendor, product) = id.split_once(':').expect("an ID");
        self.write(&format!("{device}/idVendor"), format!("{vendor}\n"));
        self.write(&format!("{device}/idProduct"), format!("{product}\n"));
        if let Some(serial) = serial {
            self.write(&format!("{device}/serial"), format!("{serial}\n"));
        }
        for (number, (class, driver)) in interfaces.iter().enumerate() {
            let interface = format!("{device}/{path}:1.{number}");
            self.write(&format!("{interface}/bInterfaceClass"), format!("{class}\n"));
            if let Some(driver) = driver {
                let link = self.path(&format!("{interface}/driver"));
                symlink(format!("../../../drivers/{driver}"), link).expect("it can be made");
            }
        }
    }

    /// Changes the simulated board.
    pub(crate) fn board(&self, change: impl FnOnce(&mut Value)) {
        let mut world = self.world.read();
        change(&mut world);
        self.world.write(&world);
    }

    /// What `ask` makes of this subject.
    pub(crate) fn subject<T>(&self, ask: impl FnOnce(&Subject<'_>) -> T) -> T {
        let tools: Option<&dyn Tools> = if self.asks_tools { Some(&self.tools) } else { None };
        ask(&Subject { users: &self.users, tools, ..Subject::new(&self.options, &self.nodes) })
    }

    pub(crate) fn examine(&self) -> DoctorReport {
        self.subject(|subject| doctor::examine(subject).expect("it can be looked at").report)
    }

    /// The same system on a Raspberry Pi 4 with a HAT v2.3 whose chip cannot be asked.
    pub(crate) fn on_a_pi(&self, change: impl FnOnce(&Self)) -> DoctorReport {
        let hat = "proc/device-tree/hat";
        self.write(&format!("{hat}/product"), "ZC4:ClusterHAT\0");
        self.write(&format!("{hat}/product_ver"), "0x0023\0");
        self.write("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0");
        self.write("proc/device-tree/system/linux,revision", 0x00c0_3114_u32.to_be_bytes());
        self.write("sys/devices/platform/soc/soc:firmware/get_throttled", "0\n");
        change(self);
        let options = Options { simulation: None, ..self.options.clone() };
        let subject = Subject {
            users: &self.users,
            tools: Some(&self.tools),
            ..Subject::new(&options, &self.nodes)
        };
        doctor::examine(&subject).expect("it can be looked at").report
    }

    /// Every file of the system and of the simulation, and its bytes.
    pub(crate) fn every_file(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(self.root.path(), &mut files);
        // Of the files beside a simulation, who looks at it makes the locks, empty.
        for path in [self.world.path(), self.world.lock("record")] {
            let bytes = fs::read(&path).unwrap_or_default();
            files.insert(path, bytes);
        }
        files
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        match entry.file_type().expect("a type") {
            kind if kind.is_dir() => collect(&path, files),
            kind if kind.is_file() => {
                drop(files.insert(path.clone(), fs::read(&path).expect("a file")))
            }
            _ => drop(files.insert(path, Vec::new())),
        }
    }
}
