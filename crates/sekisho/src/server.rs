//! Joins adapters to ports, runs the gateway, and takes changed configurations into service.

mod authorizations;
mod identity;
mod logs;
mod safety;
mod semantics;
mod state;
mod watch;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sekisho_diagnostics::{Diagnostic, Severity, has_errors, render};
use sekisho_gateway::{Gateway, GatewayConfig, Snapshot, SnapshotOptions, Upstream, UpstreamSettings};
use sekisho_identity::{Connections, IdentityPorts, IdentityTokens, JwtVerifier, tokio_spawner};
use sekisho_logs::LogThreads;
use sekisho_policy::ports::{Clock, Event, PortSet, Ports, Recorder};
use sekisho_resources::Loaded;
use sekisho_resources::process::Process;
use sekisho_telemetry::access_log::AccessLogThread;
use sekisho_telemetry::{AccessLog, AccessLogOptions, BuildInfo, Fanout, Metrics, MetricsServer};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::system::{SystemClock, SystemEntropy};
use safety::SafetyLog;
use state::{State, StateLog};
use watch::Watch;

/// Gives environment variables: the real ones, or those of a demonstration.
pub(crate) type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// How long the access log may take to write what waits when the process ends.
const LOG_PATIENCE: Duration = Duration::from_secs(5);

/// What to run.
pub(crate) struct Options {
    pub(crate) path: PathBuf,
    pub(crate) environment: Environment,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) management_listen: Option<SocketAddr>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) watch: bool,
}

/// A running gateway with its management listener.
pub(crate) struct Server {
    options: Options,
    process: Process,
    snapshots: SnapshotOptions,
    gateway: Gateway,
    management: Option<Management>,
    access_log: Option<AccessLogThread>,
    logs: Option<LogThreads>,
    watch: Option<Watch>,
}

/// The management listener.
struct Management {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Loads the configuration, checks it and opens the listeners. The error of a refused configuration was already
    /// shown.
    pub(crate) async fn start(options: Options) -> Result<Server> {
        let loaded = load(&options);
        let mut process = loaded.process.clone();
        override_by_flags(&mut process, &options);
        refuse_open_management(&process)?;
        let metrics = Arc::new(Metrics::new(BuildInfo { version: env!("CARGO_PKG_VERSION") }));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let (recorder, access_log, logs) = recorder(&process, &metrics, &clock)?;
        let upstream = Arc::new(Upstream::new(UpstreamSettings::from(&process.upstream))?);
        let state = State::start(&process, &loaded.configuration, &clock, &recorder)?;
        state.tried().await;
        let ports = ports(&process, &options.environment, recorder, Arc::clone(&upstream), clock, state)?;
        let snapshots = SnapshotOptions::new(&process, ports.clone(), upstream);
        let Some(snapshot) = compile(&loaded, &snapshots, None) else {
            bail!("the configuration is refused")
        };
        let management = match process.management.address {
            Some(address) => Some(Management::start(address, metrics).await?),
            None => None,
        };
        let gateway = Gateway::start(GatewayConfig::from(&process), ports, Arc::new(snapshot)).await?;
        let watch = match options.watch {
            true => {
                Some(Watch::start(&loaded.files).context("cannot watch the configuration; use --no-watch")?)
            }
            false => None,
        };
        Ok(Server { options, process, snapshots, gateway, management, access_log, logs, watch })
    }

    /// URLs of the data plane.
    pub(crate) fn urls(&self) -> Vec<String> {
        let scheme = |is_secure: bool| if is_secure { "https" } else { "http" };
        self.gateway
            .addresses()
            .iter()
            .map(|bound| format!("{}://{}", scheme(bound.secure), bound.address))
            .collect()
    }

    /// URL of the management listener.
    pub(crate) fn management_url(&self) -> Option<String> {
        self.management.as_ref().map(|management| format!("http://{}", management.address))
    }

    /// Serves until SIGTERM or SIGINT, then drains. True when every call under way could finish.
    pub(crate) async fn run(mut self) -> Result<bool> {
        let terminated = crate::commands::terminated();
        tokio::pin!(terminated);
        loop {
            let changed = async {
                match &mut self.watch {
                    Some(watch) => watch.changed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                ended = &mut terminated => break ended?,
                () = changed => self.reload().await,
            }
        }
        let finished = self.gateway.shutdown(self.process.drain_timeout).await;
        if let Some(management) = self.management {
            // A receiver that is gone has ended by itself.
            let _ = management.stop.send(());
            let _ = management.task.await;
        }
        if let Some(access_log) = self.access_log {
            access_log.finish(LOG_PATIENCE);
        }
        if let Some(logs) = self.logs
            && !logs.finish(LOG_PATIENCE)
        {
            anstream::eprintln!(
                "the log store needs more time than there is; the next start goes on with it"
            );
        }
        Ok(finished)
    }

    /// Reads the configuration again and takes it into service when it has no errors.
    async fn reload(&mut self) {
        if let Err(error) = self.gateway.reload_certificates() {
            anstream::eprintln!("the old certificate stays in use: {error}");
        }
        let path = self.options.path.clone();
        let environment = Arc::clone(&self.options.environment);
        let snapshots = self.snapshots.clone();
        let previous = self.gateway.snapshot();
        let work = tokio::task::spawn_blocking(move || {
            let loaded = sekisho_resources::load(&path, &*environment);
            let snapshot = compile(&loaded, &snapshots, Some(&previous));
            (loaded.files, snapshot)
        });
        let Ok((files, snapshot)) = work.await else {
            anstream::eprintln!("the configuration could not be read; the running one stays in service");
            return;
        };
        if let Some(watch) = &mut self.watch {
            watch.follow(&files);
        }
        match snapshot {
            Some(snapshot) => {
                self.gateway.replace(Arc::new(snapshot));
                anstream::eprintln!("the changed configuration is in service");
            }
            None => {
                anstream::eprintln!("the changed configuration is refused; the running one stays in service")
            }
        }
    }
}

/// What is wrong with the policies and backends of a loaded configuration: everything that would keep it from serving.
pub(crate) async fn findings(loaded: &Loaded, environment: &Environment) -> Result<Vec<Diagnostic>> {
    let upstream = Arc::new(Upstream::new(UpstreamSettings::from(&loaded.process.upstream))?);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let recorder: Arc<dyn Recorder> = Arc::new(Fanout::new());
    let state = State::in_memory(&loaded.process, &clock, &recorder);
    let ports = ports(&loaded.process, environment, recorder, Arc::clone(&upstream), clock, state)?;
    let snapshots = SnapshotOptions::new(&loaded.process, ports, upstream);
    Ok(Snapshot::build(&loaded.configuration, &loaded.sources, &snapshots, None).1)
}

fn load(options: &Options) -> Loaded {
    sekisho_resources::load(&options.path, &*options.environment)
}

/// Compiles a loaded configuration and shows what is wrong with it; none when it is refused.
fn compile(loaded: &Loaded, snapshots: &SnapshotOptions, previous: Option<&Snapshot>) -> Option<Snapshot> {
    let (snapshot, compiled) = Snapshot::build(&loaded.configuration, &loaded.sources, snapshots, previous);
    let mut findings: Vec<_> = loaded.diagnostics.iter().cloned().chain(compiled).collect();
    findings.retain(|finding| finding.severity != Severity::Information);
    render::sort(&mut findings, &loaded.sources);
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    anstream::eprint!("{}", render::text(&findings, &loaded.sources, colour));
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    if has_errors(&findings) {
        snapshots.ports.recorder.event(Event::ConfigurationRefused { errors });
        return None;
    }
    snapshot
}

fn override_by_flags(process: &mut Process, options: &Options) {
    if let Some(address) = options.listen {
        process.listeners.http = Some(address);
    }
    if let Some(address) = options.management_listen {
        process.management.address = Some(address);
    }
    if let Some(directory) = &options.data {
        process.data_directory.clone_from(directory);
    }
}

/// Metrics name teams and models; without TLS they stay on this machine.
fn refuse_open_management(process: &Process) -> Result<()> {
    if process.management.tls.is_some() {
        bail!(
            "the management listener does not speak HTTPS yet; remove its certificate and bind it to a loopback address"
        );
    }
    match process.management.address {
        Some(address) if !address.ip().is_loopback() => {
            bail!(
                "the management address {address} is not a loopback address; use 127.0.0.1 and a proxy with TLS"
            )
        }
        _ => Ok(()),
    }
}

/// Who takes records, and the threads of those that write them.
type Recording = (Arc<dyn Recorder>, Option<AccessLogThread>, Option<LogThreads>);

fn recorder(process: &Process, metrics: &Arc<Metrics>, clock: &Arc<dyn Clock>) -> Result<Recording> {
    let mut fanout = Fanout::new()
        .observer(Arc::clone(metrics) as _)
        .observer(Arc::new(StateLog))
        .observer(Arc::new(SafetyLog::default()));
    let mut logs = None;
    if let Some((store, threads)) = logs::open(process, metrics, clock)? {
        fanout = fanout.keeper(store);
        logs = Some(threads);
    }
    if !process.access_log {
        return Ok((Arc::new(fanout), None, logs));
    }
    let options = AccessLogOptions {
        dropped: metrics.log_lines_dropped("access"),
        failed: metrics.log_lines_failed("access"),
        ..AccessLogOptions::default()
    };
    let (log, thread) =
        AccessLog::start(std::io::stdout(), options).context("cannot start the access log")?;
    Ok((Arc::new(fanout.keeper(Arc::new(log))), Some(thread), logs))
}

fn ports(
    process: &Process,
    environment: &Environment,
    recorder: Arc<dyn Recorder>,
    upstream: Arc<Upstream>,
    clock: Arc<dyn Clock>,
    state: State,
) -> Result<Ports> {
    let identity_ports = IdentityPorts {
        // Token endpoints are the operator's choice; that of a virtual machine is link-local.
        http: upstream.unrestricted(),
        clock: Arc::clone(&clock),
        recorder: Arc::clone(&recorder),
        spawner: tokio_spawner(),
    };
    let jwts =
        JwtVerifier::new(&**environment, identity_ports.clone()).context("tokens cannot be checked")?;
    let config = identity::config(&process.identity);
    let connections = authorizations::connections(&process.connections);
    let connections =
        Connections::new(&connections, identity_ports.clone()).context("`authorizations` cannot work")?;
    let tokens =
        IdentityTokens::new(&config, &**environment, identity_ports).context("`identity` cannot work")?;
    Ok(Ports::from(PortSet {
        counters: state.counters,
        caches: state.caches,
        clock,
        entropy: Arc::new(SystemEntropy),
        tokens: Arc::new(tokens),
        recorder,
        http: upstream,
        jwts: Arc::new(jwts),
        authorizations: Arc::new(connections),
        permits: Arc::default(),
        semantics: Arc::new(semantics::semantics(process, state.vectors)?),
        spawner: tokio_spawner(),
    }))
}

impl Management {
    async fn start(address: SocketAddr, metrics: Arc<Metrics>) -> Result<Management> {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let ready = Arc::new(AtomicBool::new(true));
        let server = MetricsServer::new(metrics, Arc::new(move || ready.load(Ordering::Relaxed)));
        let task = tokio::spawn(server.serve(listener, async {
            let _ = stopped.await;
        }));
        Ok(Management { address, stop, task })
    }
}
