//! The program `clusterhatd`.

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::FromArgMatches as _;
use clusterhat::{usage_error, usage_message};
use clusterhat_daemon::args::{Cli, Command, Serve};
use clusterhat_daemon::commands::{self, Failure};
use clusterhat_daemon::log::{self, Level};
use clusterhat_daemon::server::{self, Sockets};
use clusterhat_daemon::service::{Service, StartError};

fn main() -> ExitCode {
    let words = Cli::grammar().try_get_matches();
    let cli = match words.and_then(|words| Cli::from_arg_matches(&words)) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let (serve, as_json) = (&cli.serve, cli.serve.json);
    match &cli.command {
        Some(Command::Token(token)) => {
            let state_dir = serve.check_beside("token").and_then(|()| serve.state_dir());
            let done = state_dir.and_then(|state_dir| token.run(&state_dir));
            commands::print("token", done, as_json)
        }
        Some(Command::Setup(setup)) => {
            let checked = serve.check_beside("setup").and_then(|()| serve.check_config());
            let state_dir = checked.and_then(|()| serve.state_dir());
            let done = state_dir.and_then(|state_dir| setup.run(serve.root(), &state_dir));
            commands::print("setup", done, as_json)
        }
        None => {
            let ended = run(serve);
            if let (Err(failure), false) = (&ended, as_json) {
                log::tell(Level::Error, &failure.message, &[]);
            }
            log::finish();
            match ended {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) if as_json => commands::print::<()>("", Err(failure), true),
                Err(failure) => ExitCode::from(failure.exit_status),
            }
        }
    }
}

/// Help and versions are no errors; an error goes where the caller reads.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        error.exit();
    }
    if std::env::args_os().any(|word| word == "--json") {
        let message = usage_message(&error.to_string());
        return commands::print::<()>(&command(), Err(Failure::usage(message)), true);
    }
    let text = usage_error("clusterhatd", &error.render().ansi().to_string());
    // Nothing is left to report to where this cannot be printed.
    let _ = write!(anstream::stderr(), "{text}");
    ExitCode::from(error.exit_code() as u8)
}

/// The command that the command line names although it cannot be parsed; empty where it names none.
fn command() -> String {
    let parsed = Cli::grammar().ignore_errors(true).try_get_matches();
    let name = parsed.ok().and_then(|words| words.subcommand_name().map(str::to_owned));
    name.unwrap_or_default()
}

/// Without --state-dir, a simulation has a temporary state folder, which goes with it.
fn run(serve: &Serve) -> Result<(), Failure> {
    if serve.sim.is_none() || serve.state_dir.is_some() {
        return run_in(serve, &serve.state_dir()?, None);
    }
    let folder = tempfile::Builder::new().prefix("clusterhatd-").tempdir();
    let folder = folder.map_err(|source| StartError::System { what: "the simulation", source })?;
    let notice = format!(
        "accounts, tokens and logs are in {}, which is removed at the end; --state-dir keeps them",
        folder.path().display()
    );
    run_in(serve, folder.path(), Some(&notice))
}

/// With what helps whoever may not use the machine's folders.
fn refused(error: StartError) -> Failure {
    let is_denied = |source: &std::io::Error| source.kind() == ErrorKind::PermissionDenied;
    let is_denied = matches!(&error, StartError::State { source, .. } if is_denied(source));
    let mut failure = Failure::from(error);
    if is_denied && !rustix::process::geteuid().is_root() {
        failure.message.push_str(
            "; run this as root, name a folder of your own with --state-dir, or try it with --sim v2.5",
        );
    }
    failure
}

/// With a notice, once it has started.
fn run_in(serve: &Serve, state_dir: &Path, notice: Option<&str>) -> Result<(), Failure> {
    let system = |what| move |source| StartError::System { what, source };
    let passed = listenfd::ListenFd::from_env().take_unix_listener(0);
    let passed = passed.map_err(system("the socket of systemd"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(system("the runtime"))?;
    let start = serve.start(state_dir, passed.is_some())?;
    let path = serve.socket()?;
    let service = Service::start(start).map_err(refused)?;
    if let Some(name) = service.simulated() {
        let text = format!("simulated boards ({name}): no hardware is switched");
        log::tell(Level::Notice, &text, &[]);
    }
    if let Some(notice) = notice {
        log::tell(Level::Notice, notice, &[]);
    }
    let sockets = Sockets { passed, path, without_first_account: serve.without_first_account };
    let result = runtime.block_on(server::run(service, sockets));
    // Threads that own boards end with the process: between two transfers nothing is left half done.
    runtime.shutdown_background();
    result.map_err(refused)
}
