//! A controller: a stock system in a temporary folder, and what its programs answer.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::time::Duration;

use node_link::NodeId;
use serde_json::{Value, json};
use system_config::changes::Sysroot;
use system_config::network::{
    self, NetworkError, NetworkMode, NetworkNode, NetworkPlan, NetworkRequest, Survey,
};
use system_config::{Manager, Printed, Tools};

use crate::tree::Card;

pub(crate) const ADDRESSES: &str = "ip -details -json address show";
pub(crate) const ROUTES: &str = "ip -json -4 route show";
pub(crate) const NEIGHBOURS: &str = "ip -json neighbour show dev clusterhat0";
pub(crate) const FILTER: &str = "iptables -S";
pub(crate) const RULESET: &str = "nft -j list ruleset";
pub(crate) const TABLES: &str = "nft list tables";
pub(crate) const PROFILES: &str = "nmcli --terse --fields DEVICE,FILENAME connection show --active";
pub(crate) const NETWORK_FILES: &str = "networkctl --json=short list";

/// What the programs print, and which were run. A program that is not there fails to start.
#[derive(Default)]
pub(crate) struct FakeTools {
    answers: RefCell<BTreeMap<String, Printed>>,
    pub(crate) calls: RefCell<Vec<String>>,
    /// What all other programs print.
    others: RefCell<Option<Printed>>,
    /// What a program answers from a pause on: after how many, its call, and the answer.
    later: RefCell<Option<(u32, String, String)>>,
}

impl FakeTools {
    pub(crate) fn answer(&self, call: &str, stdout: impl ToString) {
        let printed = Printed { success: true, stdout: stdout.to_string(), stderr: String::new() };
        self.answers.borrow_mut().insert(call.to_owned(), printed);
    }

    pub(crate) fn answer_others(&self, stdout: &str) {
        let (stdout, stderr) = (stdout.to_owned(), String::new());
        *self.others.borrow_mut() = Some(Printed { success: true, stdout, stderr });
    }

    pub(crate) fn answer_later(&self, pauses: u32, call: &str, stdout: impl ToString) {
        *self.later.borrow_mut() = Some((pauses, call.to_owned(), stdout.to_string()));
    }

    fn arrive(&self) {
        let due = self.later.borrow_mut().take_if(|(pauses, ..)| *pauses == 0);
        if let Some((_, call, stdout)) = due {
            self.answer(&call, stdout);
        }
    }

    pub(crate) fn fail(&self, call: &str, stderr: &str) {
        let printed = Printed { success: false, stdout: String::new(), stderr: stderr.to_owned() };
        self.answers.borrow_mut().insert(call.to_owned(), printed);
    }
}

impl Tools for FakeTools {
    fn run(&self, program: &str, words: &[&str]) -> io::Result<Printed> {
        let call = format!("{program} {}", words.join(" "));
        self.calls.borrow_mut().push(call.clone());
        self.arrive();
        let answers = self.answers.borrow();
        let answer = answers.get(&call).cloned();
        answer
            .or_else(|| self.others.borrow().clone())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn pause(&self, _: Duration) {
        if let Some((pauses, ..)) = &mut *self.later.borrow_mut() {
            *pauses = pauses.saturating_sub(1);
        }
    }
}

pub(crate) struct Machine {
    pub(crate) card: Card,
    pub(crate) tools: FakeTools,
}

/// An interface as `ip` tells of it.
pub(crate) fn link(name: &str, address: &str) -> Value {
    let addresses: Vec<_> = address
        .split_whitespace()
        .map(|one| one.split_once('/').unwrap())
        .map(|(local, prefix)| json!({"local": local, "prefixlen": prefix.parse::<u8>().unwrap()}))
        .collect();
    let mac = match name.trim_start_matches("ethpi").parse::<u8>() {
        Ok(id) => format!("00:22:82:ff:fe:{id:02x}"),
        Err(_) => "b8:27:eb:00:00:01".to_owned(),
    };
    let index = if name == "eth0" { 2 } else { 9 };
    json!({"ifindex": index, "ifname": name, "address": mac, "flags": ["UP", "LOWER_UP"], "addr_info": addresses})
}

impl Machine {
    /// A stock Raspberry Pi OS on an Ethernet, with what NetworkManager's sharing needs.
    pub(crate) fn stock(manager: Manager) -> Self {
        let machine = Self { card: Card::stock("trixie"), tools: FakeTools::default() };
        for program in ["dnsmasq", "nft"] {
            machine.card.write(&format!("root/usr/sbin/{program}"), "");
        }
        if manager == Manager::Networkd {
            let wants = machine.card.path("root/etc/systemd/system/multi-user.target.wants");
            fs::remove_dir_all(&wants).unwrap();
            fs::create_dir_all(&wants).unwrap();
            let unit = "systemd-networkd.service";
            symlink(format!("/usr/lib/systemd/system/{unit}"), wants.join(unit)).unwrap();
        }
        machine.links(&[link("lo", "127.0.0.1/8"), link("eth0", "192.0.2.7/24")]);
        let route = json!([
            {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0", "metric": 100},
            {"dst": "192.0.2.0/24", "dev": "eth0", "metric": 100},
        ]);
        machine.tools.answer(ROUTES, route);
        machine.tools.answer(RULESET, json!({"nftables": []}));
        machine.tools.answer("iptables --version", "iptables v1.8.9 (nf_tables)\n");
        machine.tools.answer(FILTER, "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n");
        machine.tools.answer(PROFILES, "");
        machine.tools.answer(NETWORK_FILES, json!({"Interfaces": []}));
        machine
    }

    pub(crate) fn links(&self, links: &[Value]) {
        self.tools.answer(ADDRESSES, json!(links));
    }

    /// The file that configures an interface now.
    pub(crate) fn uplink_file(&self, link: &str, path: &str, text: &str) {
        self.card.write(&format!("root/{path}"), text);
        self.tools.answer(
            PROFILES,
            format!("{link}:/{}\nlo:/run/lo.nmconnection\n", path.replace(':', "\\:")),
        );
        let list = json!({"Interfaces": [{"Name": "lo"}, {"Name": link, "NetworkFile": format!("/{path}")}]});
        self.tools.answer(NETWORK_FILES, list);
    }

    pub(crate) fn sysroot(&self) -> Sysroot {
        network::sysroot(&self.card.path("root")).unwrap()
    }

    pub(crate) fn survey(&self) -> Survey {
        Survey::take(&self.sysroot(), Some(&self.tools)).unwrap()
    }

    pub(crate) fn plan(&self, request: &NetworkRequest) -> Result<NetworkPlan, NetworkError> {
        network::plan(request, &self.survey())
    }

    /// Sets it up, files only.
    pub(crate) fn set_up(&self, mode: NetworkMode) {
        self.plan(&request(mode)).unwrap().files.apply(&self.sysroot()).unwrap();
    }

    /// Paths of this test run's folder are no part of a golden file.
    pub(crate) fn shown(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.card.path("root").display()), "/")
    }
}

/// Nodes 1 to 4, of which 3 has a name.
pub(crate) fn request(mode: NetworkMode) -> NetworkRequest {
    let node = |id: u8| NetworkNode {
        id: NodeId::try_from(id).unwrap(),
        name: (id == 3).then(|| "db".to_owned()),
        usb_path: None,
    };
    NetworkRequest { nodes: (1..=4).map(node).collect(), ..NetworkRequest::new(mode) }
}
