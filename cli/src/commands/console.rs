//! `console`: a node's console on a terminal or in a script, or several to watch.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clusterhat::nodes::label;
use clusterhat::report::{ConsoleReport, Report};
use clusterhat::{Node, NodeSet, Outcome, parse_duration};
use regex_lite::{Regex, RegexBuilder};

use crate::call::{Call, Done, Run};
use crate::console::{self, Log, Script};
use crate::failure::Failure;
use crate::service;
use crate::signals::Record;

/// The default of `--timeout`.
const PATIENCE: Duration = Duration::from_secs(30);

const AFTER_HELP: &str = "\
On a terminal, every key is sent to the node, except for these escapes after a newline:
  ~.  end, ~B  send a break, ~T  take over, ~?  help, ~~  send a tilde.
While clusterhatd runs, it holds the consoles and shares them: any number of commands and browsers can watch a console, and one \
at a time can write; ~T takes over from the current writer (CLUSTERHAT_SOCKET names another socket than /run/clusterhat/clusterhatd.sock). \
Without clusterhatd, this process has the console to itself. The command reconnects after a power cycle; on a terminal it also \
waits for a console that is not there yet. Input that is not a terminal is copied, and the command ends once the node has answered \
the last line, with status 1 if not all of it could be sent.

REGEX is matched against the node's output: from when the line is sent, if --send is given, including its echo; otherwise also \
against what was kept of earlier output since the console appeared, by the kernel or by clusterhatd. ^ and $ match at the ends of \
a line; a match has at most 4096 bytes.

Exit status with --send or --expect: 0 sent or matched, 3 timed out.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Console {
    /// The node; with --watch, several, such as p1 p3, p1..p4 or p[1-3,5]
    #[arg(value_name = "NODES", required = true)]
    pub(crate) nodes: Vec<String>,
    /// Show the output of the nodes, each line with its node's name, and send nothing
    #[arg(long, conflicts_with_all = ["send", "expect", "timeout"])]
    pub(crate) watch: bool,
    /// Send this line, followed by Enter
    #[arg(long, value_name = "LINE", allow_hyphen_values = true)]
    pub(crate) send: Option<String>,
    /// Wait until the node prints text that matches this regular expression
    #[arg(long, value_name = "REGEX", value_parser = parse_regex, allow_hyphen_values = true)]
    pub(crate) expect: Option<Regex>,
    /// Stop waiting for --send and --expect after this long (seconds; default 30)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,
    /// Append the output of the nodes to this regular file, each line with its time
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
}

/// `^` and `$` match at the ends of a line; consoles end lines with CR LF.
fn parse_regex(text: &str) -> Result<Regex, String> {
    let regex = RegexBuilder::new(text).multi_line(true).crlf(true).build();
    regex.map_err(|error| error.to_string())
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
        let socket = service::socket(&call.options);
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
                let waiting = Record::of_wait(self.name(), is_json);
                let matched = console::run_script(at, node, &script, log);
                waiting.end(self.name(), is_json, |_| {});
                matched?
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
