//! One token from one source: attempts with back-off, within one deadline.

use std::time::Duration;

use http::{Request, header};
use secrecy::ExposeSecret;
use sekisho_policy::body::Body;
use sekisho_policy::ports::http::{Http, HttpOptions};
use sekisho_policy::ports::{Clock, TokenError};

use crate::reply::{self, Reply};
use crate::source::{Ask, Source};

/// All attempts together. Callers wait at most this long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// One attempt, the body of the answer included.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// One attempt at a metadata service. It is on the same host; where there is none, packets vanish.
const METADATA_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// Attempts while the source answers that it is busy.
const ATTEMPTS_WHEN_BUSY: u32 = 5;
/// Attempts while the source cannot be reached.
const ATTEMPTS_WHEN_UNREACHABLE: u32 = 2;
/// The pause after the first failure; doubled after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(800);
const MAX_BODY_BYTES: usize = 256 * 1024;

/// Why an attempt failed.
enum Failure {
    /// Another attempt would fail the same way.
    Final(String),
    /// The source is busy or being updated; it may say for how long.
    Busy(String, Option<Duration>),
    /// No answer.
    Unreachable(String),
}

/// Asks a source until it answers with a token, or the deadline is over.
pub(crate) async fn fetch(
    source: &Source,
    ask: Ask<'_>,
    http: &dyn Http,
    clock: &dyn Clock,
) -> Result<Reply, TokenError> {
    let mut last_cause = None;
    let result = tokio::select! {
        biased;
        result = attempts(source, ask, http, clock, &mut last_cause) => Some(result),
        () = clock.sleep(DEADLINE) => None,
    };
    let cause = match result {
        Some(Ok(reply)) => return Ok(reply),
        Some(Err(cause)) => cause,
        None => {
            let seconds = DEADLINE.as_secs();
            let last = last_cause.map(|cause| format!("; before that {cause}")).unwrap_or_default();
            format!("it gave no token within {seconds} seconds{last}")
        }
    };
    let (name, resource) = (source.name(), ask.resource);
    Err(TokenError { message: format!("no token for {resource} from {name}: {cause}") })
}

async fn attempts(
    source: &Source,
    ask: Ask<'_>,
    http: &dyn Http,
    clock: &dyn Clock,
    last_cause: &mut Option<String>,
) -> Result<Reply, String> {
    let mut made = 0;
    let mut pause = FIRST_PAUSE;
    loop {
        let failure = match attempt(source, ask, http, clock).await {
            Ok(reply) => return Ok(reply),
            Err(failure) => failure,
        };
        made += 1;
        let (cause, wanted_pause) = match failure {
            Failure::Final(cause) => return Err(cause),
            Failure::Busy(cause, _) if made >= ATTEMPTS_WHEN_BUSY => return Err(cause),
            Failure::Unreachable(cause) if made >= ATTEMPTS_WHEN_UNREACHABLE => return Err(cause),
            Failure::Busy(cause, wanted) => (cause, wanted.unwrap_or_default()),
            Failure::Unreachable(cause) => (cause, Duration::ZERO),
        };
        if wanted_pause >= DEADLINE {
            let seconds = wanted_pause.as_secs();
            return Err(format!("{cause}; it wants to be asked again in {seconds} seconds"));
        }
        *last_cause = Some(cause);
        clock.sleep(pause.max(wanted_pause)).await;
        pause *= 2;
    }
}

async fn attempt(
    source: &Source,
    ask: Ask<'_>,
    http: &dyn Http,
    clock: &dyn Clock,
) -> Result<Reply, Failure> {
    let (request, timeout) = match source {
        Source::Static(token) => {
            let token = token.expose_secret().into();
            return Ok(Reply { token, expires_at: i64::MAX, refresh_at: None });
        }
        Source::Unavailable(cause) => return Err(Failure::Final(cause.to_string())),
        Source::Imds(imds) => (imds.request(ask), METADATA_ATTEMPT_TIMEOUT),
        Source::AppService(app_service) => (app_service.request(ask), METADATA_ATTEMPT_TIMEOUT),
        Source::WorkloadIdentity(workload) => (workload.request(ask).await, ATTEMPT_TIMEOUT),
        Source::ClientSecret(application) => (application.request(ask), ATTEMPT_TIMEOUT),
        Source::OAuth(client) => (client.request(), ATTEMPT_TIMEOUT),
    };
    let request = request.map_err(|error| Failure::Final(error.to_string()))?;
    tokio::select! {
        biased;
        result = exchange(source, request, http, clock, timeout) => result,
        () = clock.sleep(timeout) => {
            Err(Failure::Unreachable(format!("it did not answer within {} seconds", timeout.as_secs())))
        }
    }
}

async fn exchange(
    source: &Source,
    request: Request<Body>,
    http: &dyn Http,
    clock: &dyn Clock,
    timeout: Duration,
) -> Result<Reply, Failure> {
    let answer = http.send(request, HttpOptions::timeout(timeout)).await;
    let answer = answer.map_err(|error| Failure::Unreachable(error.message))?;
    let status = answer.status();
    let wanted_pause =
        answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let wanted_pause = wanted_pause.map(Duration::from_secs);
    let mut body = answer.into_body();
    body.buffer(MAX_BODY_BYTES).await.map_err(|error| Failure::Unreachable(error.to_string()))?;
    let bytes = body.read(false).unwrap_or_default();
    if status.is_success() {
        return reply::read(&bytes, clock.utc_ticks(), source.assumed_lifetime()).map_err(Failure::Final);
    }
    let status = status.as_u16();
    let cause = match reply::error_text(&bytes, source.secret()) {
        text if text.is_empty() => format!("it answered {status}"),
        text => format!("it answered {status} {text}"),
    };
    if source.is_transient(status) {
        Err(Failure::Busy(cause, wanted_pause))
    } else {
        Err(Failure::Final(cause))
    }
}
