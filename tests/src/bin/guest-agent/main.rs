//! Runs in the virtual machine: does what the host test asks, until the host test has gone.

use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    thread,
};

use clusterhat_tests::vm::protocol::{
    CONNECTIONS_PARAMETER, HOST, Numbered, PORT_PARAMETER, Request, Response,
};

mod i2c_bus;
mod poll;
mod run;
mod vhci;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let port: u16 = parameter(PORT_PARAMETER)?.parse()?;
    let connections: usize = parameter(CONNECTIONS_PARAMETER)?.parse()?;
    let streams: Vec<_> = (0..connections)
        .map(|_| TcpStream::connect((HOST, port)))
        .collect::<std::io::Result<_>>()?;
    thread::scope(|scope| {
        for stream in streams {
            // The end of a connection, from whichever side, is no failure.
            scope.spawn(|| serve(stream).ok());
        }
    });
    Ok(())
}

/// Answers what comes over one connection.
fn serve(stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut answers = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let request: Numbered<Request> = serde_json::from_str(&line?)?;
        let content =
            carry_out(request.content).unwrap_or_else(|e| Response::Failed(e.to_string()));
        let mut answer = serde_json::to_string(&Numbered { number: request.number, content })?;
        answer.push('\n');
        answers.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// A parameter on the kernel's command line.
fn parameter(name: &str) -> Result<String> {
    let parameters = fs::read_to_string("/proc/cmdline")?;
    let mut words = parameters.split_whitespace();
    let value = words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    Ok(value.ok_or_else(|| format!("no {name} on the kernel's command line"))?.to_owned())
}

fn carry_out(request: Request) -> Result<Response> {
    Ok(match request {
        Request::Run(run) => Response::Ran(run::run(&run)?),
        Request::Attach { port, speed, returns } => {
            Response::Attached(vhci::attach(port, speed, returns)?)
        }
        Request::AwaitBus { usb_device } => Response::Bus(i2c_bus::await_bus(&usb_device)?),
        Request::AwaitRemoval(attached) => {
            vhci::await_removal(&attached)?;
            Response::Done
        }
        Request::Read { path } => Response::Text(
            String::from_utf8_lossy(&fs::read(&path).map_err(|e| format!("{path}: {e}"))?)
                .into_owned(),
        ),
        Request::Write { path, text } => {
            fs::write(&path, text).map_err(|e| format!("{path}: {e}"))?;
            Response::Done
        }
    })
}
