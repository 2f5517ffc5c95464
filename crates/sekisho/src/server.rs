//! Joins adapters to ports, runs the gateway, and takes changed configurations into service.

mod authorizations;
mod azure_monitor;
mod event_hubs;
mod export;
mod identity;
mod insights;
mod logs;
mod management;
mod prices;
mod safety;
mod semantics;
mod state;
mod telemetry;
mod watch;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use sekisho_diagnostics::{Diagnostic, Severity, has_errors, render};
use sekisho_eventhubs::Hubs;
use sekisho_gateway::{Gateway, GatewayConfig, Snapshot, SnapshotOptions, Upstream, UpstreamSettings};
use sekisho_identity::{Connections, IdentityPorts, IdentityTokens, JwtVerifier, tokio_spawner};
use sekisho_policy::ports::{Clock, Event, EventHubs, PortSet, Ports, Recorder, Tokens};
use sekisho_resources::Loaded;
use sekisho_resources::process::{OpenTelemetry, Process};
use sekisho_telemetry::{BuildInfo, Fanout, Metrics};

use crate::system::{SystemClock, SystemEntropy};
use management::{Bound, Management};
use state::State;
use telemetry::Telemetry;
use watch::Watch;

/// Gives environment variables: the real ones, or those of a demonstration.
pub(crate) type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

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
    hubs: Arc<Hubs>,
    telemetry: Telemetry,
    watch: Option<Watch>,
}

impl Server {
    /// Loads the configuration, checks it and opens the listeners. The error of a refused configuration was already
    /// shown.
    pub(crate) async fn start(options: Options) -> Result<Server> {
        let loaded = load(&options);
        let mut process = loaded.process.clone();
        override_by_flags(&mut process, &options);
        process.open_telemetry =
            OpenTelemetry::with_environment(process.open_telemetry.take(), &*options.environment);
        refuse_open_management(&process)?;
        let metrics = Arc::new(Metrics::new(BuildInfo { version: env!("CARGO_PKG_VERSION") }));
        let upstream = Arc::new(Upstream::new(UpstreamSettings::from(&process.upstream))?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let (recorder, mut telemetry) =
            Telemetry::start(&process, &metrics, upstream.unrestricted(), &clock).await?;
        let state = State::start(&process, &loaded.configuration, &clock, &recorder)?;
        state.tried().await;
        let (ports, hubs) =
            ports(&process, &options.environment, recorder, Arc::clone(&upstream), clock, state)?;
        let snapshots = SnapshotOptions::new(&process, ports.clone(), upstream);
        let Some(snapshot) = compile(&loaded, &snapshots, None) else {
            bail!("the configuration is refused")
        };
        for name in event_hubs::unknown(&process, &loaded.configuration) {
            anstream::eprintln!("`eventHubs` names `{name}`, which is no logger; it has no effect");
        }
        hubs.replace(event_hubs::settings(&process, &loaded.configuration));
        telemetry.connect(&process, &loaded.configuration, &ports, &metrics);
        let bound = match process.management.address {
            Some(address) => Some(Bound::open(address, &process).await?),
            None => None,
        };
        let traces = management::traces(&process, bound.as_ref(), Arc::clone(&ports.clock))?;
        let config = GatewayConfig::from(&process);
        let gateway = Gateway::start(config, ports, Arc::new(snapshot), Arc::clone(&traces)).await?;
        let queries = logs::queries(&process)?;
        let management = bound.map(|bound| bound.serve(&process, metrics, traces, queries, &gateway));
        let watch = match options.watch {
            true => {
                Some(Watch::start(&loaded.files).context("cannot watch the configuration; use --no-watch")?)
            }
            false => None,
        };
        Ok(Server { options, process, snapshots, gateway, management, hubs, telemetry, watch })
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

    /// Where the access token of the management listener is, when it was made for it.
    pub(crate) fn token_file(&self) -> Option<&std::path::Path> {
        self.management.as_ref()?.token_file.as_deref()
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
        self.hubs.finish(event_hubs::PATIENCE).await;
        if let Some(management) = self.management {
            management.stop().await;
        }
        self.telemetry.finish().await;
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
        let (previous, process) = (self.gateway.snapshot(), self.process.clone());
        let work = tokio::task::spawn_blocking(move || {
            let loaded = sekisho_resources::load(&path, &*environment);
            let snapshot = compile(&loaded, &snapshots, Some(&previous));
            let hubs = event_hubs::settings(&process, &loaded.configuration);
            let loggers = snapshot.is_some().then(|| insights::wanted(&loaded.configuration));
            (loaded.files, snapshot, hubs, loggers)
        });
        let Ok((files, snapshot, hubs, loggers)) = work.await else {
            anstream::eprintln!("the configuration could not be read; the running one stays in service");
            return;
        };
        if let Some(watch) = &mut self.watch {
            watch.follow(&files);
        }
        if let Some(loggers) = loggers {
            self.telemetry.replace_loggers(loggers);
        }
        match snapshot {
            Some(snapshot) => {
                // First, so that no call of the new configuration misses its logger.
                self.hubs.replace(hubs);
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
    let (ports, _) = ports(&loaded.process, environment, recorder, Arc::clone(&upstream), clock, state)?;
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

fn ports(
    process: &Process,
    environment: &Environment,
    recorder: Arc<dyn Recorder>,
    upstream: Arc<Upstream>,
    clock: Arc<dyn Clock>,
    state: State,
) -> Result<(Ports, Arc<Hubs>)> {
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
    let tokens: Arc<dyn Tokens> = Arc::new(tokens);
    let hubs = Arc::new(event_hubs::hubs(process, &clock, &tokens, &recorder)?);
    let set = PortSet {
        counters: state.counters,
        caches: state.caches,
        clock,
        entropy: Arc::new(SystemEntropy),
        tokens,
        recorder,
        event_hubs: Arc::clone(&hubs) as Arc<dyn EventHubs>,
        http: upstream,
        jwts: Arc::new(jwts),
        authorizations: Arc::new(connections),
        permits: Arc::default(),
        semantics: Arc::new(semantics::semantics(process, state.vectors)?),
        spawner: tokio_spawner(),
    };
    Ok((Ports::from(set), hubs))
}
