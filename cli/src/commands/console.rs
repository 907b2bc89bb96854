//! `console`: the consoles of nodes, here, in a script, or several to look at.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clusterhat::nodes::label;
use clusterhat::report::{ConsoleReport, Report};
use clusterhat::{Node, NodeSet, Options, Outcome, parse_duration};
use regex_lite::{Regex, RegexBuilder};

use crate::call::{Call, Done, Run};
use crate::console::{self, Log, Script};
use crate::failure::Failure;

/// How long `--expect` waits where nothing else is said.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the options do not say.
const AFTER_HELP: &str = "\
On a terminal, every key goes to the node, but for these after a newline:
  ~.  end, ~B  send a break, ~T  take over, ~?  help, ~~  send a tilde.
While clusterhatd runs, it has the consoles and shares them: any number of commands and browsers look, and one at a time \
writes; ~T takes over from who does (CLUSTERHAT_SOCKET names another socket than /run/clusterhat/clusterhatd.sock). Without it the console is this process's alone. It comes back after a power cycle; on a terminal it is waited for. Input that is \
no terminal is copied, and the command ends when the node has answered its last line.

A REGEX is searched for in what the node prints, after the line if one is sent: the echo of the line counts. ^ and $ are \
the ends of a line; at most 4096 bytes can match.

Exit status with --send or --expect: 0 sent or matched, 3 timed out.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Console {
    /// The node; with --watch, several, such as p1 p3, p1..p4 or p[1-3,5]
    #[arg(value_name = "NODES", required = true)]
    pub(crate) nodes: Vec<String>,
    /// Only show what the nodes print, each line with its node's name
    #[arg(long, conflicts_with_all = ["send", "expect", "timeout"])]
    pub(crate) watch: bool,
    /// Send this line and Enter
    #[arg(long, value_name = "LINE", allow_hyphen_values = true)]
    pub(crate) send: Option<String>,
    /// Wait until the node prints text that matches this regular expression
    #[arg(long, value_name = "REGEX", value_parser = parse_regex, allow_hyphen_values = true)]
    pub(crate) expect: Option<Regex>,
    /// Give up --send and --expect after this time (seconds; default 30)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,
    /// Add what the nodes print to this regular file, with the time of each line
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
}

/// `^` and `$` are the ends of a line; a console ends lines with CR LF.
fn parse_regex(text: &str) -> Result<Regex, String> {
    let regex = RegexBuilder::new(text).multi_line(true).crlf(true).build();
    regex.map_err(|error| error.to_string())
}

/// The socket of `clusterhatd`, which has all consoles while it runs. That of a simulation is named by whoever started it.
fn service_socket(options: &Options) -> Option<PathBuf> {
    let named = std::env::var_os("CLUSTERHAT_SOCKET").filter(|path| !path.is_empty());
    let of_system = || {
        let root = options.root.as_deref().unwrap_or(Path::new("/"));
        options.simulation.is_none().then(|| root.join("run/clusterhat/clusterhatd.sock"))
    };
    named.map(PathBuf::from).or_else(of_system)
}

impl Console {
    const fn is_script(&self) -> bool {
        self.send.is_some() || self.expect.is_some()
    }

    fn check(&self, call: &Call) -> Result<(), Failure> {
        if call.is_json && !self.is_script() {
            let text = "console prints JSON for --send and --expect only";
            return Err(Failure::Usage(text.to_owned()));
        }
        if self.timeout.is_some() && !self.is_script() {
            let text = "--timeout is for --send and --expect";
            return Err(Failure::Usage(text.to_owned()));
        }
        Ok(())
    }

    fn only(nodes: &[Node]) -> Result<Node, Failure> {
        match nodes {
            [node] => Ok(*node),
            _ => Err(Failure::Usage(format!(
                "console works on one node, not on {}; --watch shows several",
                nodes.len()
            ))),
        }
    }
}

impl Run for Console {
    fn name(&self) -> &'static str {
        "console"
    }

    fn run(&self, call: &mut Call) -> Done {
        self.check(call)?;
        let set = NodeSet::parse(&self.nodes)?;
        // A port needs no board.
        call.options.without_boards = true;
        let is_json = call.is_json;
        let socket = service_socket(&call.options);
        let cluster = &*call.open()?;
        let at = console::Consoles { cluster, socket: socket.as_ref() };
        let nodes = cluster.nodes(&set)?;
        let log = self.log.as_deref().map(Log::open).transpose()?;
        let (name, matched) = if self.watch {
            console::watch(at, &nodes, log)?;
            (String::new(), None)
        } else {
            let node = Self::only(&nodes)?;
            let matched = if self.is_script() {
                let script = Script {
                    send: self.send.clone(),
                    expect: self.expect.clone(),
                    limit: self.timeout.unwrap_or(PATIENCE),
                    shows: !is_json,
                };
                console::run_script(at, node, &script, log)?
            } else {
                console::copy(at, node, log)?;
                None
            };
            (label(node), matched)
        };
        let report = Report::Console(ConsoleReport::new(name, matched));
        Ok(Outcome { report, error: None })
    }
}
