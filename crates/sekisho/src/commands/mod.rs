//! One file for each verb.

mod check;
mod demo;
mod eval;
mod logs;
mod query;
mod report;
mod serve;
mod simulate;
mod trace;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cli::Command;

/// Runs a verb.
pub(crate) fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Serve(arguments) => runtime()?.block_on(serve::run(arguments)),
        Command::Check(arguments) => runtime()?.block_on(check::run(arguments)),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Query(arguments) => runtime()?.block_on(query::run(arguments)),
        Command::Report(arguments) => runtime()?.block_on(report::run(arguments)),
        Command::Simulate(arguments) => runtime()?.block_on(simulate::run(arguments)),
        Command::Trace(arguments) => runtime()?.block_on(trace::run(arguments)),
        Command::Demo(arguments) => runtime()?.block_on(demo::run(arguments)),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the run time")
}

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn terminated() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// An environment variable as text.
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
