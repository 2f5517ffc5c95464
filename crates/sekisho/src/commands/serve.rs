//! `sekisho serve`.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;

use crate::cli;
use crate::server::{Options, Server};

/// Serves until SIGTERM or SIGINT; exit code 0 when every call under way could finish.
pub(crate) async fn run(arguments: cli::Serve) -> Result<ExitCode> {
    let server = Server::start(Options {
        path: arguments.path,
        environment: Arc::new(super::environment),
        listen: arguments.listen,
        management_listen: arguments.management_listen,
        data: arguments.data,
        watch: !arguments.no_watch,
    })
    .await?;
    for url in server.urls() {
        anstream::println!("gateway listening on {url}");
    }
    if let Some(url) = server.management_url() {
        anstream::println!("management listening on {url}");
        if let Some(file) = server.token_file() {
            anstream::println!("management access token in {}", file.display());
        }
    }
    Ok(if server.run().await? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
