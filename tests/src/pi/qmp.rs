//! QEMU's monitor: what the emulated hardware shows and does from outside the guest. The protocol
//! is in QEMU's `docs/interop/qmp-spec.rst`.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// A connection to the monitor.
#[derive(Debug)]
pub(super) struct Qmp {
    stream: BufReader<TcpStream>,
}

impl Qmp {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        stream.set_nodelay(true)?;
        let mut qmp = Self { stream: BufReader::new(stream) };
        qmp.message()?;
        qmp.execute("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Runs a command of the monitor.
    ///
    /// # Errors
    /// What QEMU says, or that it has gone.
    pub(super) fn execute(&mut self, command: &str, arguments: Value) -> io::Result<Value> {
        let request = json!({"execute": command, "arguments": arguments});
        self.stream.get_mut().write_all(format!("{request}\n").as_bytes())?;
        loop {
            // Events come in between.
            let mut message = self.message()?;
            if let Some(result) = message.get_mut("return") {
                return Ok(result.take());
            }
            if let Some(error) = message.get("error") {
                return Err(io::Error::other(format!("QEMU refused {request}: {error}")));
            }
        }
    }

    /// Whether a pin of the expander is high. An input reads high.
    pub(super) fn pin(&mut self, expander: &str, pin: usize) -> io::Result<bool> {
        let level = self.execute("qom-get", pin_property(expander, pin))?;
        match level.as_str() {
            Some("high") => Ok(true),
            Some("low") => Ok(false),
            _ => Err(io::Error::other(format!("pin {pin} is {level}"))),
        }
    }

    /// Sets a pin as whoever else is on the bus would.
    pub(super) fn set_pin(&mut self, expander: &str, pin: usize, high: bool) -> io::Result<()> {
        let mut arguments = pin_property(expander, pin);
        arguments["value"] = json!(if high { "high" } else { "low" });
        self.execute("qom-set", arguments).map(drop)
    }

    /// A word of the machine's memory or registers.
    pub(super) fn word(&mut self, address: u32) -> io::Result<u32> {
        let line = format!("xp /1wx {address:#x}");
        let printed = self.execute("human-monitor-command", json!({"command-line": line}))?;
        // 000000003f200034: 0x00000040
        let word = printed.as_str().and_then(|text| text.trim().rsplit_once(" 0x")).map(|(_, w)| w);
        let word = word.and_then(|word| u32::from_str_radix(word, 16).ok());
        word.ok_or_else(|| io::Error::other(format!("no word at {address:#x}: {printed}")))
    }

    fn message(&mut self) -> io::Result<Value> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "QEMU has gone"));
        }
        Ok(serde_json::from_str(&line)?)
    }
}

fn pin_property(expander: &str, pin: usize) -> Value {
    json!({"path": format!("/machine/peripheral/{expander}"), "property": format!("pin{pin}")})
}
