//! Many event streams at once: what reaches the client, and how much later than it was sent.
//!
//!     streams URL [--streams N] [--events N] [--ramp MS] [--header 'Name: value']... [--prompt TEXT]
//!
//! Posts a chat request for a stream N times, spread over the ramp, and reads all answers. Events of the simulator's bare
//! backend tell when they were sent (`sim_t`, nanoseconds of the monotonic clock of the same machine); the delay of an event is the
//! time from there to its last byte here. Prints one JSON object: streams that were whole, events, delays in microseconds of all events
//! and of the first one of each stream.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No stream takes longer.
const PATIENCE: Duration = Duration::from_secs(240);
/// What an event is preceded by that tells when it was sent.
const MARK: &[u8] = b"\"sim_t\":";

struct Options {
    authority: String,
    path: String,
    streams: usize,
    events: usize,
    ramp: Duration,
    headers: String,
    prompt: String,
}

fn options() -> Result<Options> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().context("the URL is missing")?;
    let rest = url.strip_prefix("http://").context("the URL begins with http://")?;
    let (authority, path) = rest.split_once('/').context("the URL has a path")?;
    let mut options = Options {
        authority: authority.to_owned(),
        path: format!("/{path}"),
        streams: 100,
        events: 50,
        ramp: Duration::from_secs(1),
        headers: String::new(),
        prompt: "a question".to_owned(),
    };
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} has no value"))?;
        match &*name {
            "--streams" => options.streams = value.parse()?,
            "--events" => options.events = value.parse()?,
            "--ramp" => options.ramp = Duration::from_millis(value.parse()?),
            "--header" => options.headers.push_str(&format!("{value}\r\n")),
            "--prompt" => options.prompt = value,
            other => bail!("{other} is not known"),
        }
    }
    Ok(options)
}

/// What one stream brought.
#[derive(Default)]
struct Seen {
    status: u16,
    delays: Vec<u64>,
    is_done: bool,
}

/// Nanoseconds of the machine's monotonic clock, which processes share.
fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let [seconds, nanos] = [now.tv_sec, now.tv_nsec].map(|part| u64::try_from(part).unwrap_or(0));
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

async fn stream(options: &Options, request: &[u8]) -> Result<Seen> {
    let mut socket = TcpStream::connect(&options.authority).await?;
    socket.set_nodelay(true)?;
    socket.write_all(request).await?;
    let mut seen = Seen::default();
    let mut buffer = Vec::with_capacity(16 * 1024);
    let mut looked_at = 0;
    loop {
        let count = socket.read_buf(&mut buffer).await?;
        if count == 0 {
            return Ok(seen);
        }
        let arrived = now();
        if seen.status == 0 {
            let line = buffer.get(9..12).unwrap_or_default();
            seen.status = std::str::from_utf8(line).unwrap_or_default().parse().unwrap_or(0);
        }
        let mut from = looked_at;
        while let Some((sent, end)) = mark(&buffer, from) {
            seen.delays.push(arrived.saturating_sub(sent) / 1000);
            from = end;
        }
        seen.is_done |= find(&buffer, b"data: [DONE]", looked_at.saturating_sub(16)).is_some();
        looked_at = from.max(buffer.len().saturating_sub(64)).max(looked_at);
        // The last chunk of the transfer coding: the answer is whole.
        if buffer.ends_with(b"0\r\n\r\n") {
            return Ok(seen);
        }
    }
}

/// The next time in the buffer, with the place behind it. None while its digits may still arrive.
fn mark(buffer: &[u8], from: usize) -> Option<(u64, usize)> {
    let start = find(buffer, MARK, from)? + MARK.len();
    let digits = buffer.get(start..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = std::str::from_utf8(buffer.get(start..start + digits)?).ok()?;
    let is_whole = buffer.len() > start + digits;
    is_whole.then(|| Some((text.parse().ok()?, start + digits)))?
}

fn find(buffer: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    Some(from + memchr::memmem::find(buffer.get(from..)?, needle)?)
}

fn percentile(sorted: &[u64], share: f64) -> u64 {
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

fn percentiles(mut delays: Vec<u64>) -> serde_json::Value {
    delays.sort_unstable();
    json!({
        "p50": percentile(&delays, 0.5), "p90": percentile(&delays, 0.9),
        "p99": percentile(&delays, 0.99), "max": delays.last().copied().unwrap_or(0),
    })
}

async fn run() -> Result<ExitCode> {
    let options = Arc::new(options()?);
    let body = json!({"messages": [{"role": "user", "content": options.prompt}], "stream": true}).to_string();
    let request: Arc<[u8]> = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{body}",
        options.path,
        options.authority,
        options.headers,
        body.len()
    )
    .into_bytes()
    .into();
    let pause = options.ramp / u32::try_from(options.streams)?.max(1);
    let mut running = Vec::with_capacity(options.streams);
    let started = std::time::Instant::now();
    for number in 0..options.streams {
        let (options, request) = (Arc::clone(&options), Arc::clone(&request));
        running.push(tokio::spawn(async move {
            tokio::time::sleep(pause * u32::try_from(number).unwrap_or(u32::MAX)).await;
            tokio::time::timeout(PATIENCE, stream(&options, &request)).await
        }));
    }
    let (mut whole, mut failed, mut delays, mut firsts) = (0_usize, 0_usize, Vec::new(), Vec::new());
    for task in running {
        match task.await? {
            Ok(Ok(seen)) if seen.status == 200 && seen.is_done && seen.delays.len() == options.events => {
                whole += 1;
                firsts.extend(seen.delays.first());
                delays.extend(seen.delays);
            }
            _ => failed += 1,
        }
    }
    let report = json!({
        "streams": options.streams, "whole": whole, "failed": failed, "events": delays.len(),
        "delayMicroseconds": percentiles(delays), "firstMicroseconds": percentiles(firsts),
        "seconds": started.elapsed().as_secs_f64(),
    });
    writeln!(std::io::stdout(), "{report}")?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn main() -> Result<ExitCode> {
    // One thread: the client shares the machine with what it measures.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}
