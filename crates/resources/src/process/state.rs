//! Where counters and cached values are kept.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::read::{file_path, short_duration};
use crate::fields::{Fields, Unknown, opening, text_of};
use crate::model::{RedisConnection, RedisServer, Spanned};
use crate::reading::Reading;

/// `state`.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// `redis`: servers that gateways share; each gateway keeps its own state when not set.
    pub redis: Option<RedisState>,
    /// `onStateFailure`; `local` when not set.
    pub on_failure: OnStateFailure,
    /// `internalCache`: where the built-in cache is when `redis` is set; `shared` when not set.
    pub internal_cache: InternalCache,
    /// `memory`: how much this gateway keeps in memory.
    pub memory: Memory,
    /// `tokenWindow`: how tokens per minute are counted; `bucket` when not set.
    pub token_window: TokenWindow,
}

/// `state.redis`.
#[derive(Clone, Debug)]
pub struct RedisState {
    /// `url` or `urls`, `cluster`, `username` and `password`.
    pub connection: RedisConnection,
    /// `caFile`: PEM certificates trusted in place of those of the system.
    pub ca_file: Option<PathBuf>,
    /// `keyPrefix`: in front of every key; `sekisho:` when not set.
    pub key_prefix: String,
    /// `timeout`: how long one decision or look-up may take; 100 ms when not set.
    pub timeout: Duration,
}

/// `onStateFailure`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStateFailure {
    /// `local`: each gateway counts for itself until the state is back.
    #[default]
    Local,
    /// `deny`: calls that need a counter are refused.
    Deny,
}

/// `internalCache`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InternalCache {
    /// `shared`: on Redis, with the counters.
    #[default]
    Shared,
    /// `local`: in the memory of each gateway.
    Local,
}

/// `tokenWindow`: what a minute is to `llm-token-limit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenWindow {
    /// `bucket`: a bucket that refills evenly, as in the v2 tiers.
    #[default]
    Bucket,
    /// `sliding`: the last 60 seconds, as in the classic tiers.
    Sliding,
}

/// `state.memory`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// `counters`: how many; 100,000 when not set.
    pub counters: usize,
    /// `counterBytes`: what they take, about; 64 MiB when not set.
    pub counter_bytes: usize,
    /// `values`: how many cached values; 100,000 when not set.
    pub values: usize,
    /// `valueBytes`: what they take, about; 128 MiB when not set.
    pub value_bytes: usize,
    /// `vectors`: how many answers of the semantic cache; 50,000 when not set.
    pub vectors: usize,
    /// `vectorBytes`: what they take, about; 256 MiB when not set.
    pub vector_bytes: usize,
}

impl Default for Memory {
    fn default() -> Self {
        const MEBIBYTE: usize = 1024 * 1024;
        Self {
            counters: 100_000,
            counter_bytes: 64 * MEBIBYTE,
            values: 100_000,
            value_bytes: 128 * MEBIBYTE,
            vectors: 50_000,
            vector_bytes: 256 * MEBIBYTE,
        }
    }
}

/// Reads `state`.
pub(super) fn read(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> State {
    let Some(mut fields) = top.object("state", reading) else { return State::default() };
    let on_failure = [("local", OnStateFailure::Local), ("deny", OnStateFailure::Deny)];
    let internal_cache = [("shared", InternalCache::Shared), ("local", InternalCache::Local)];
    let token_window = [("bucket", TokenWindow::Bucket), ("sliding", TokenWindow::Sliding)];
    let state = State {
        redis: redis(&mut fields, reading),
        on_failure: fields.choice("onStateFailure", &on_failure, reading).unwrap_or_default(),
        internal_cache: fields.choice("internalCache", &internal_cache, reading).unwrap_or_default(),
        memory: memory(&mut fields, reading),
        token_window: fields.choice("tokenWindow", &token_window, reading).unwrap_or_default(),
    };
    fields.finish(Unknown::Refused, reading);
    state
}

fn memory(state: &mut Fields<'_>, reading: &mut Reading<'_>) -> Memory {
    const ENTRIES: u64 = 100_000_000;
    const MEBIBYTE: u64 = 1024 * 1024;
    let mut memory = Memory::default();
    let Some(mut fields) = state.object("memory", reading) else { return memory };
    let targets = [
        ("counters", &mut memory.counters, 100..=ENTRIES),
        ("counterBytes", &mut memory.counter_bytes, MEBIBYTE..=1024 * 1024 * MEBIBYTE),
        ("values", &mut memory.values, 100..=ENTRIES),
        ("valueBytes", &mut memory.value_bytes, MEBIBYTE..=1024 * 1024 * MEBIBYTE),
        ("vectors", &mut memory.vectors, 1..=ENTRIES),
        ("vectorBytes", &mut memory.vector_bytes, MEBIBYTE..=1024 * 1024 * MEBIBYTE),
    ];
    for (key, target, range) in targets {
        let given = fields.whole_number(key, range, reading);
        if let Some(number) = given.and_then(|number| usize::try_from(number.value).ok()) {
            *target = number;
        }
    }
    fields.finish(Unknown::Refused, reading);
    memory
}

fn redis(state: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<RedisState> {
    let mut fields = state.object("redis", reading)?;
    let servers = servers(&mut fields, reading);
    let is_cluster = fields.boolean("cluster", reading).unwrap_or(false);
    let username = fields.filled_text("username", reading);
    let password = fields.secret("password", reading);
    let ca_file = file_path(&mut fields, "caFile", reading);
    let key_prefix = key_prefix(&mut fields, reading);
    let timeout = timeout(&mut fields, reading);
    let place = opening(fields.span);
    fields.finish(Unknown::Refused, reading);
    let servers = servers?;
    if username.is_some() && password.is_none() {
        reading.error("missing-property", place, "`username` has no `password`", "add `password`");
    }
    if is_cluster && servers.database != 0 {
        let help = "remove the number at the end of the URL";
        reading.error("invalid-url", place, "a cluster has one database, number 0", help);
    }
    if servers.list.len() > 1 && !is_cluster {
        let help = "add `cluster: true`, or leave one URL: several servers that are no cluster share nothing";
        reading.error("invalid-value", place, "several `urls` are nodes of a cluster", help);
    }
    let connection = RedisConnection {
        servers: servers.list,
        is_cluster,
        uses_tls: servers.uses_tls,
        username: username.map(|text| text.value),
        password: password.map(|secret| secret.value),
        database: servers.database,
    };
    Some(RedisState { connection, ca_file, key_prefix, timeout })
}

/// What `url` and `urls` say.
struct Servers {
    list: Vec<RedisServer>,
    uses_tls: bool,
    database: i64,
}

fn servers(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<Servers> {
    let mut texts: Vec<Spanned<String>> = fields.filled_text("url", reading).into_iter().collect();
    for node in fields.list("urls", reading) {
        texts.extend(text_of(node, "urls", reading));
    }
    if texts.is_empty() {
        fields.missing("url", reading);
        return None;
    }
    let mut servers: Option<Servers> = None;
    for text in &texts {
        let (server, uses_tls, database) = server(text, reading)?;
        let servers = servers.get_or_insert(Servers { list: Vec::new(), uses_tls, database });
        if (servers.uses_tls, servers.database) != (uses_tls, database) {
            let message = "the `urls` differ in more than host and port";
            reading.error("invalid-url", text.span, message, "use one scheme and one database number");
        }
        servers.list.push(server);
    }
    servers
}

/// `redis://host:port/database`, or `rediss://` for TLS.
fn server(text: &Spanned<String>, reading: &mut Reading<'_>) -> Option<(RedisServer, bool, i64)> {
    const HELP: &str = "write it like `redis://host:6379` or, with TLS, `rediss://host:6380/0`";
    let url = Url::parse(text.value.trim()).ok();
    let parsed = url.as_ref().and_then(|url| {
        let uses_tls = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return None,
        };
        let host = url.host_str().filter(|host| !host.is_empty())?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let database = match url.path().trim_matches('/') {
            "" => 0,
            number => number.parse::<u16>().ok()?.into(),
        };
        Some((RedisServer { host, port: url.port().unwrap_or(6379) }, uses_tls, database))
    });
    let Some(url) = url.filter(|_| parsed.is_some()) else {
        reading.error("invalid-url", text.span, "this is not the URL of a Redis server", HELP);
        return None;
    };
    if !url.username().is_empty() || url.password().is_some() {
        let message = "the URL of a Redis server has no user and no password in it";
        let help = "write them as `username` and `password`, such as `password: ${REDIS_PASSWORD}`";
        reading.error("invalid-url", text.span, message, help);
        return None;
    }
    parsed
}

/// Short, printable and without braces: these pick the node of a cluster.
fn key_prefix(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> String {
    const DEFAULT: &str = "sekisho:";
    let Some(text) = fields.filled_text("keyPrefix", reading) else { return DEFAULT.to_owned() };
    let is_good = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
    if text.value.len() > 64 || !text.value.bytes().all(is_good) {
        let message = "`keyPrefix` must be at most 64 printable ASCII characters without blanks and braces";
        reading.error("invalid-value", text.span, message, "write it like `sekisho:`");
        return DEFAULT.to_owned();
    }
    text.value
}

fn timeout(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Duration {
    const DEFAULT: Duration = Duration::from_millis(100);
    let Some(node) = fields.node("timeout") else { return DEFAULT };
    let Some(timeout) = short_duration(fields, "timeout", reading) else { return DEFAULT };
    if !(Duration::from_millis(1)..=Duration::from_secs(10)).contains(&timeout) {
        let message = "`timeout` must be from 1 ms to 10 s: every call that is counted may wait so long";
        reading.error("number-out-of-range", node.span, message, "write it like `100ms`");
        return DEFAULT;
    }
    timeout
}
