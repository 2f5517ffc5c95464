//! `sekisho trace`: sends a call with debug credentials and shows what its policies did.
//!
//! - `client`: the calls to the gateway and to its management listener
//! - `show`: a trace for people

mod client;
mod show;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cli;
use client::Client;

/// How long the end of a call is waited for once its response is there.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Shows a trace; exit code 0 when there is one, whatever the call came to.
pub(crate) async fn run(arguments: cli::Trace) -> Result<ExitCode> {
    let client = Client::new(&arguments)?;
    let trace = match &arguments.id {
        Some(id) => client.trace(id).await?,
        None => called(&client, &arguments).await?,
    };
    if arguments.json {
        anstream::println!("{trace}");
    } else {
        anstream::print!("{}", show::text(&trace));
    }
    Ok(ExitCode::SUCCESS)
}

/// Sends the call; its trace, with its end as far as that came in time.
async fn called(client: &Client, arguments: &cli::Trace) -> Result<Value> {
    let (method, url) = match arguments.call.as_slice() {
        [url] => (if arguments.data_binary.is_some() { "POST" } else { "GET" }, url),
        [method, url] => (method.as_str(), url),
        _ => bail!(
            "say which call to trace, such as `sekisho trace --api chat GET http://127.0.0.1:8080/chat`"
        ),
    };
    let api = arguments.api.as_deref().context("name the API of the call with `--api`")?;
    let token = client.debug_credentials(api).await?;
    let id = client.call(method, url, arguments, &token).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let trace = client.trace(&id).await?;
        if show::is_complete(&trace) || Instant::now() >= deadline {
            return Ok(trace);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
