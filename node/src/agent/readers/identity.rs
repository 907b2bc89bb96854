//! Who this node is.

use std::path::Path;

use node_link::NodeId;
use node_link::agent::{Identity, Printable};

use super::file::text;

/// The number is that of `node.toml`.
pub(in crate::agent) fn identity(root: &Path, node: Option<NodeId>) -> Identity {
    let line =
        |file| text(root, file).map(|text| Printable::new(text.trim_end_matches(['\n', '\0'])));
    let os = ["etc/os-release", "usr/lib/os-release"].iter().find_map(|file| text(root, file));
    let mut identity = Identity::new();
    identity.agent = Some(env!("CARGO_PKG_VERSION").into());
    identity.node = node;
    identity.host = line("proc/sys/kernel/hostname");
    identity.boot_id = line("proc/sys/kernel/random/boot_id");
    identity.model = line("proc/device-tree/model");
    identity.os = os.as_deref().and_then(pretty_name);
    identity.kernel = line("proc/sys/kernel/osrelease");
    identity
}

/// os-release(5) quotes as a shell does.
fn pretty_name(text: &str) -> Option<Printable> {
    let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(Printable::new(value.trim_matches(['"', '\''])))
}
