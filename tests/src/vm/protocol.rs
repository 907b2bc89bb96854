//! What the host test and the guest's agent say to each other: one JSON value a line, a
//! [`Response`] for each [`Request`], under the request's number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The address of the host as the guest sees it: QEMU's user network puts it there.
pub const HOST: &str = "10.0.2.2";

/// The kernel parameter that tells the agent the host test's TCP port.
pub const PORT_PARAMETER: &str = "clusterhat.agent";

/// The kernel parameter that tells the agent how many connections to make.
pub const CONNECTIONS_PARAMETER: &str = "clusterhat.connections";

/// Where the agent lies in the guest.
pub const AGENT: &str = "/bin/guest-agent";

/// A request, or the answer to it, with the request's number: an answer that comes when the host no longer
/// waits for it is not taken for that to the next request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered<T> {
    /// Of the request, counted for each connection.
    pub number: u64,
    /// A [`Request`] or a [`Response`].
    pub content: T,
}

/// What the host asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Run a program to its end.
    Run(Run),
    /// Connect to this TCP port of the host, which says one byte, and hand the socket to `vhci_hcd` as a USB device.
    Attach {
        /// The USB/IP server's port.
        port: u16,
        /// The kernel's `enum usb_device_speed`.
        speed: u8,
        /// Whether to do so again whenever the device has left.
        returns: bool,
    },
    /// Wait until a driver has made an I2C bus of this USB device.
    AwaitBus {
        /// The device's name below `/sys/bus/usb/devices`, as `1-1`.
        usb_device: String,
    },
    /// Wait until the kernel has let go of a device that the host unplugged.
    AwaitRemoval(Attached),
    /// Read a file.
    Read {
        /// Absolute path in the guest.
        path: String,
    },
    /// Write a file, replacing what was there.
    Write {
        /// Absolute path in the guest.
        path: String,
        /// The new content.
        text: String,
    },
}

/// A program to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The program, looked up in `PATH`, and its arguments.
    pub argv: Vec<String>,
    /// Variables added to the agent's own environment.
    pub env: BTreeMap<String, String>,
    /// What it reads from standard input.
    pub stdin: String,
}

/// What the agent answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// To [`Request::Run`].
    Ran(Output),
    /// To [`Request::Attach`].
    Attached(Attached),
    /// To [`Request::AwaitBus`]: N of `/dev/i2c-N`.
    Bus(u8),
    /// To [`Request::Read`].
    Text(String),
    /// To requests that have nothing to tell.
    Done,
    /// The request could not be carried out.
    Failed(String),
}

/// How a program in the guest ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The exit status; 128 + N when signal N ended it, as a shell says it.
    pub status: i32,
    /// Standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Standard error; bytes that are not UTF-8 are replaced.
    pub stderr: String,
    /// From start to end by the guest's clock, in microseconds.
    pub wall_us: u64,
}

/// A USB device that `vhci_hcd` took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The port of the virtual host controller.
    pub vhci_port: u16,
    /// The device's name below `/sys/bus/usb/devices`, as `1-1`.
    pub usb_device: String,
    /// N of `/dev/i2c-N`, if the i2c-tiny-usb driver knows the device.
    pub bus: Option<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_whatever_it_carries() {
        let request = Request::Write { path: "/tmp/x".into(), text: "a\nb\n".into() };
        let line = serde_json::to_string(&request).unwrap();
        assert_eq!(line, r#"{"write":{"path":"/tmp/x","text":"a\nb\n"}}"#);
        assert_eq!(serde_json::from_str::<Request>(&line).unwrap(), request);
    }
}
