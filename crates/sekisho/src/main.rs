//! `sekisho`: the command line, and the only place where adapters are joined to ports.

mod cli;
mod commands;
mod server;
mod system;

use std::process::ExitCode;

use clap::Parser;

/// Many small allocations of many threads: the request path is faster with it than with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match commands::run(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
