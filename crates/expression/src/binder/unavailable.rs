//! Types of .NET that many know and no policy expression may use, with the reason.

/// Why a type is not there.
pub(super) struct Unavailable {
    pub(super) reason: &'static str,
    pub(super) help: Option<&'static str>,
}

/// Names, the reason, and what to do instead.
type Group = (&'static [&'static str], &'static str, Option<&'static str>);

const GROUPS: &[Group] = &[
    (
        &["File", "Directory", "FileInfo", "DirectoryInfo", "FileStream", "Path", "DriveInfo"],
        "they cannot reach files",
        Some("put the text into a named value, `{{name}}`, or into a policy fragment"),
    ),
    (
        &["Environment", "AppContext", "ConfigurationManager", "AppSettings"],
        "they cannot see the environment of the gateway",
        Some("use a named value: `{{name}}`"),
    ),
    (
        &["Process", "ProcessStartInfo", "AppDomain", "GC", "Marshal", "Registry"],
        "they cannot reach the machine of the gateway",
        None,
    ),
    (
        &[
            "HttpClient",
            "HttpRequestMessage",
            "HttpResponseMessage",
            "HttpWebRequest",
            "WebRequest",
            "WebClient",
            "Socket",
            "TcpClient",
            "Dns",
            "SmtpClient",
            "RestClient",
        ],
        "they cannot make calls",
        Some("use the policy `send-request` and read its response from `context.Variables`"),
    ),
    (
        &["Thread", "ThreadPool", "Timer", "Monitor", "Mutex", "Semaphore", "SemaphoreSlim", "Interlocked"],
        "they run on one thread and cannot wait",
        Some("use the policies `wait`, `retry` or `limit-concurrency`"),
    ),
    (
        &["Task", "Parallel", "CancellationToken", "CancellationTokenSource", "ValueTask"],
        "they run to their end and nothing in them waits",
        Some("write the expression without tasks"),
    ),
    (
        &["Activator", "Assembly", "MethodInfo", "PropertyInfo", "BindingFlags", "Reflection", "Type"],
        "reflection could reach everything else",
        None,
    ),
    (
        &["Console", "Debug", "Debugger", "ILogger", "Logger", "EventLog", "StackTrace"],
        "there is nowhere to write to",
        Some("use `context.Trace(…)` or the policy `trace`"),
    ),
    (
        &["SqlConnection", "SqlCommand", "DbContext", "DataTable", "DataSet", "MongoClient", "BlobClient"],
        "they cannot reach data bases",
        Some("use the policy `send-request`"),
    ),
    (
        &["JsonSerializer", "JsonDocument", "JsonElement", "JsonNode", "JavaScriptSerializer"],
        "JSON is read and written with Newtonsoft.Json",
        Some("use `JObject.Parse(…)`, `JsonConvert.SerializeObject(…)`"),
    ),
    (
        &["HttpContext", "HttpRequest", "HttpResponse", "HttpUtility"],
        "they see the call as `context`",
        Some("use `context.Request` and `context.Response`; texts are encoded with `WebUtility` and `Uri`"),
    ),
    (
        &["MemoryCache", "IMemoryCache", "CacheItemPolicy"],
        "the cache belongs to policies",
        Some("use the policies `cache-lookup-value` and `cache-store-value`"),
    ),
];

/// What is known of a type by its short name, when it is one of these.
pub(super) fn unavailable(name: &str) -> Option<Unavailable> {
    let (_, reason, help) = GROUPS.iter().find(|(names, ..)| names.contains(&name))?;
    Some(Unavailable { reason, help: *help })
}
