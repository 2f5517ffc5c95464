//! The verbs and their options.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use secrecy::SecretString;

/// A self-hosted AI gateway that runs Azure API Management policy documents.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway for a service directory or a sekisho.yaml
    Serve(Serve),
    /// Check service directories, YAML files and policy documents
    Check(Check),
    /// Evaluate policy expressions
    Eval(Eval),
    /// Send a call and show what its policies did, one by one
    Trace(Trace),
    /// Query the logs in KQL
    Query(Query),
    /// Who used what, and what it cost
    Report(Report),
    /// Run a simulated Azure: models, realtime, Content Safety, MCP, A2A, managed identity
    Simulate(Simulate),
    /// Run the examples against a simulated Azure, and show how to call them
    Demo(Demo),
}

/// `serve`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sekisho serve                              the service directory or sekisho.yaml here
  sekisho serve ./service --listen 0.0.0.0:8080
  sekisho serve ./sekisho.yaml --no-watch    without reloading on change")]
pub(crate) struct Serve {
    /// Service directory, directory with a sekisho.yaml, or YAML file
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Address of the data plane (HTTP)
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Address of the management listener: /metrics, health, traces
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) management_listen: Option<SocketAddr>,
    /// Directory the process writes to
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Do not reload when files change
    #[arg(long)]
    pub(crate) no_watch: bool,
}

/// `check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sekisho check ./service
  sekisho check apis/chat/policy.xml --allow-unresolved
  sekisho check ./service --format sarif > findings.sarif

Exit code: 0 without errors (warnings are fine), 1 with errors.")]
pub(crate) struct Check {
    /// Service directories, YAML files, policy documents (.xml)
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// How findings are printed
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Unknown named values, backends, fragments and loggers are warnings
    #[arg(long)]
    pub(crate) allow_unresolved: bool,
}

/// Forms of findings.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// An array of {file, line, column, endLine, endColumn, severity, code, message, help}.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// `eval`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sekisho eval '@(1 + 1)'
  sekisho eval --context call.json '@(context.Request.Headers.GetValueOrDefault(\"x-team\", \"none\"))'
  sekisho eval - < expression.txt
  sekisho eval --batch expressions.jsonl
  sekisho eval --context call.json           a prompt: Tab completes, :help lists the commands

Prints one JSON object for each expression: {\"type\", \"value\"} or {\"error\"}.
Exit code: 0, 1 when a single expression fails.")]
pub(crate) struct Eval {
    /// JSON image of `context`
    #[arg(long, value_name = "FILE.json")]
    pub(crate) context: Option<PathBuf>,
    /// JSON object of named values, pasted in before parsing
    #[arg(long, value_name = "FILE.json")]
    pub(crate) named_values: Option<PathBuf>,
    /// File with one {"id", "expression", "context"} on each line
    #[arg(long, value_name = "FILE.jsonl", conflicts_with_all = ["context", "expression"])]
    pub(crate) batch: Option<PathBuf>,
    /// `@(…)` or `@{…}`; `-` reads one from standard input; on a terminal without one: a prompt
    pub(crate) expression: Option<String>,
}

/// `trace`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sekisho trace --api chat --header 'api-key: …' --data-binary @body.json POST http://127.0.0.1:8080/openai/…
  sekisho trace --api chat --data /var/lib/sekisho --json http://127.0.0.1:8080/chat/models
  sekisho trace --id 0123456789abcdef0123456789abcdef

Asks the management listener for debug credentials, sends the call with them and fetches its trace. The access token is
that of --token, of SEKISHO_MANAGEMENT_TOKEN, or of the file management-token in the data directory.
Exit code: 0 when there is a trace, whatever the call came to; 1 when there is none; 2 for wrong options.")]
pub(crate) struct Trace {
    /// URL of the management listener
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8090")]
    pub(crate) url: String,
    /// Data directory of the gateway, where its access token is
    #[arg(long, value_name = "DIR", default_value = ".sekisho", conflicts_with = "token")]
    pub(crate) data: PathBuf,
    /// Access token of the management listener
    #[arg(long)]
    pub(crate) token: Option<SecretString>,
    /// The API that the call goes to, by its name
    #[arg(long, value_name = "NAME", conflicts_with = "id", required_unless_present = "id")]
    pub(crate) api: Option<String>,
    /// A header of the call
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// The body of the call: a text, @FILE, or @- for standard input
    #[arg(long, value_name = "TEXT|@FILE")]
    pub(crate) data_binary: Option<String>,
    /// Show a trace that is stored already
    #[arg(long, value_name = "TRACE-ID")]
    pub(crate) id: Option<String>,
    /// Print the trace as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Method and URL; the method may be left out
    #[arg(num_args = 1..=2, value_name = "CALL", conflicts_with = "id", required_unless_present = "id")]
    pub(crate) call: Vec<String>,
}

/// `simulate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sekisho simulate
  sekisho simulate --config azure.yaml")]
pub(crate) struct Simulate {
    /// What to simulate; one account with any deployment when not given
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// `demo`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sekisho demo
  sekisho demo --json --no-traffic")]
pub(crate) struct Demo {
    /// Print one line of JSON with the addresses and keys, then run until SIGTERM
    #[arg(long)]
    pub(crate) json: bool,
    /// Send no sample calls
    #[arg(long)]
    pub(crate) no_traffic: bool,
}

/// Where logs are.
#[derive(Debug, Args)]
pub(crate) struct LogOptions {
    /// The data directory of the gateway; `.sekisho` when not given
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// `query`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sekisho query 'calls | summarize count() by api_id'
  sekisho query --timespan PT1H --format csv 'ApiManagementGatewayLogs | where ResponseCode >= 400'
  sekisho query - < query.kql

Tables: calls, ApiManagementGatewayLogs, ApiManagementGatewayLlmLog, ApiManagementGatewayMCPLog, requests,
dependencies, exceptions, traces, customMetrics and others; docs/logs.md has their columns, docs/kql.md the language.
Exit code: 0, 1 when the query is wrong or fails.")]
pub(crate) struct Query {
    /// The query; `-` reads it from standard input
    #[arg(value_name = "KQL")]
    pub(crate) query: String,
    #[command(flatten)]
    pub(crate) logs: LogOptions,
    /// The time that is asked for, as an ISO 8601 duration or interval, such as PT1H; all when not given
    #[arg(long, value_name = "TIMESPAN")]
    pub(crate) timespan: Option<String>,
    /// How rows are printed
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: TableFormat,
}

/// Forms of tables.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TableFormat {
    /// For people.
    Table,
    /// An array of objects.
    Json,
    /// Comma-separated values with a line of names.
    Csv,
}

/// `report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sekisho report
  sekisho report --by product,model --timespan P7D
  sekisho report --by subscription,day --timespan 2026-11-01/2026-12-01 --config sekisho.yaml --format html --output november.html

The cost of a call is in its record, by the book of prices that the gateway had then (`logs.prices`). With --config, what is
paid by the hour is shared out among those who used it.")]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) logs: LogOptions,
    /// What to add up by
    #[arg(long, value_enum, value_delimiter = ',', default_value = "subscription,model")]
    pub(crate) by: Vec<Dimension>,
    /// The time that is reported, as an ISO 8601 duration or interval
    #[arg(long, value_name = "TIMESPAN", default_value = "P30D")]
    pub(crate) timespan: String,
    /// The configuration of the gateway, for prices by the hour
    #[arg(long, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,
    /// The form of the report
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: ReportFormat,
    /// Write it to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// What a report adds up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dimension {
    /// The subscription.
    Subscription,
    /// The product.
    Product,
    /// The user.
    User,
    /// The API.
    Api,
    /// The deployment or model.
    Model,
    /// The backend.
    Backend,
    /// The day in UTC.
    Day,
}

impl Dimension {
    /// As it stands above a column.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Dimension::Subscription => "Subscription",
            Dimension::Product => "Product",
            Dimension::User => "User",
            Dimension::Api => "API",
            Dimension::Model => "Model",
            Dimension::Backend => "Backend",
            Dimension::Day => "Day",
        }
    }

    /// As programs read it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Dimension::Subscription => "subscription",
            Dimension::Product => "product",
            Dimension::User => "user",
            Dimension::Api => "api",
            Dimension::Model => "model",
            Dimension::Backend => "backend",
            Dimension::Day => "day",
        }
    }

    /// Its value in the table of calls, in KQL.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Dimension::Subscription => "subscription_id",
            Dimension::Product => "product_id",
            Dimension::User => "user_id",
            Dimension::Api => "api_id",
            Dimension::Model => "model",
            Dimension::Backend => "backend_id",
            Dimension::Day => "format_datetime(timestamp, 'yyyy-MM-dd')",
        }
    }
}

/// Forms of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people, with a line of totals.
    Table,
    /// Comma-separated values with a line of names.
    Csv,
    /// For programs.
    Json,
    /// A page with charts.
    Html,
}
