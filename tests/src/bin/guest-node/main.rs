//! Runs in the virtual machine of a whole system: a node of the cluster. `make N [WORDS]` puts its
//! gadget together, `on N [WORDS]` and `off N` are its power, and `on` makes what has not been made; `remove N` is its
//! end.
//!
//! The gadget is what `clusterhat-node up WORDS` makes, read off a controller that has no host: the
//! program makes one gadget a kernel, and here four nodes share one. The node's end of the link is in
//! the network namespace `nodeN`, where a DHCP client runs as long as the node is on.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tree::Tree;

mod tree;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const GADGETS: &str = "/sys/kernel/config/usb_gadget";

/// A controller that nothing is attached to.
const NO_HOST: &str = "usbip-vudc.0";

/// What a lease is handed to.
const LEASE: &str = "/usr/lib/clusterhat-rig/lease";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [verb, number, words @ ..] = &arguments[..] else {
        return Err("guest-node make|on|off|remove N [WORDS]".into());
    };
    let node = Node { number: number.parse()? };
    match &**verb {
        "make" => node.make(words),
        "on" => node.on(words),
        "off" => node.off(),
        "remove" => node.remove(),
        _ => Err(format!("no verb {verb}").into()),
    }
}

struct Node {
    /// From 1.
    number: u8,
}

impl Node {
    fn make(&self, words: &[String]) -> Result<()> {
        if self.gadget().exists() {
            return Ok(());
        }
        let id = self.number.to_string();
        let up = ["up", "--id", &id, "--udc", NO_HOST];
        let up: Vec<&str> = up.into_iter().chain(words.iter().map(|word| &**word)).collect();
        call("clusterhat-node", &up)?;
        let tree = Tree::read(&Path::new(GADGETS).join("clusterhat"))?;
        call("clusterhat-node", &["down"])?;
        tree.write(&self.gadget())?;
        call("ip", &["netns", "add", &self.namespace()])
    }

    fn on(&self, words: &[String]) -> Result<()> {
        self.make(words)?;
        let udc = format!("dummy_udc.{}", self.number - 1);
        fs::write(self.gadget().join("UDC"), udc)?;
        let (device, namespace) = (self.device()?, self.namespace());
        // It stays in the namespace when the power goes. The name alone does not tell: the controller's end of a link
        // may have the same until udev renames it.
        if call("ip", &["-n", &namespace, "link", "show", "dev", &device]).is_err() {
            call("ip", &["link", "set", &device, "netns", &namespace])?;
        }
        call("ip", &["-n", &namespace, "link", "set", &device, "up"])?;
        let client = Command::new("ip")
            .args(["netns", "exec", &namespace, "busybox", "udhcpc", "-f", "-i", &device])
            .args(["-T", "1", "-A", "1", "-s", LEASE, "-x", &format!("hostname:p{}", self.number)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(fs::write(self.client(), client.id().to_string())?)
    }

    fn off(&self) -> Result<()> {
        if let Ok(pid) = fs::read_to_string(self.client()) {
            // It may have ended already.
            let _ = call("kill", &["-9", &pid]);
            fs::remove_file(self.client())?;
        }
        let udc = self.gadget().join("UDC");
        if !fs::read_to_string(&udc)?.trim().is_empty() {
            fs::write(udc, "\n")?;
            call("ip", &["-n", &self.namespace(), "address", "flush", "dev", &self.device()?])?;
        }
        Ok(())
    }

    fn remove(&self) -> Result<()> {
        if !self.gadget().exists() {
            return Ok(());
        }
        self.off()?;
        tree::remove(&self.gadget())?;
        call("ip", &["netns", "delete", &self.namespace()])
    }

    fn gadget(&self) -> PathBuf {
        Path::new(GADGETS).join(format!("node{}", self.number))
    }

    fn namespace(&self) -> String {
        format!("node{}", self.number)
    }

    /// Where the DHCP client's process number stands.
    fn client(&self) -> PathBuf {
        PathBuf::from(format!("/run/clusterhat-rig-node{}.pid", self.number))
    }

    /// The node's own network device.
    fn device(&self) -> Result<String> {
        for function in fs::read_dir(self.gadget().join("functions"))? {
            if let Ok(name) = fs::read_to_string(function?.path().join("ifname")) {
                return Ok(name.trim().to_owned());
            }
        }
        Err("the gadget has no Ethernet".into())
    }
}

fn call(program: &str, words: &[&str]) -> Result<()> {
    let output = Command::new(program).args(words).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} {words:?} ended with {}: {said}", output.status).into())
}
