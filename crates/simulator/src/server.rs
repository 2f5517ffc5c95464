//! Start and end.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::{Clock, SystemClock};
use crate::config::{Config, ConfigError, TokenCounting};
use crate::faults::{Fault, FaultSet};
use crate::identity::Identity;
use crate::listener::{Role, accept};
use crate::resource::Resource;
use crate::stats::Stats;

/// Starts simulated Azures.
#[derive(Debug)]
pub struct Simulator;

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be simulated.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A port could not be had.
    #[error("cannot listen on {address} for {listener}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// `the main port`, or the resource.
        listener: String,
        /// What the system said.
        source: io::Error,
    },
}

/// The handler gave up: the connection ends without a reply.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends without a reply")]
pub(crate) struct Abort;

/// Everything requests share.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) resources: Vec<Arc<Resource>>,
    pub(crate) identity: Identity,
    pub(crate) identity_faults: FaultSet,
    /// Numbers the calls; ids are made of it.
    serial: AtomicU64,
    /// Changes when the simulator ends.
    pub(crate) stopped: watch::Receiver<bool>,
}

impl Shared {
    /// The next number of a call.
    pub(crate) fn next_serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn resource(&self, name: &str) -> Option<&Arc<Resource>> {
        self.resources.iter().find(|resource| resource.config.name == name)
    }

    pub(crate) fn stats(&self) -> Stats {
        let each = self
            .resources
            .iter()
            .map(|resource| (resource.config.name.clone(), resource.recorder.snapshot()));
        Stats { resources: each.collect(), identity: self.identity.calls() }
    }

    pub(crate) fn reset(&self) {
        self.resources.iter().for_each(|resource| resource.reset());
        self.identity.reset_calls();
        self.identity_faults.replace(Vec::new());
    }
}

/// Where the simulator listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The main port: identity endpoints, control, every resource under its name.
    pub main: SocketAddr,
    /// The own port of each resource.
    pub resources: BTreeMap<String, SocketAddr>,
}

/// A running simulator. Dropping it ends it too, without waiting.
pub struct Running {
    addresses: Addresses,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    listeners: JoinSet<()>,
}

impl Simulator {
    /// Starts with the machine's clock.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        Self::start_with_clock(config, Arc::new(SystemClock)).await
    }

    /// Starts with a clock of one's own, which drives windows, token lifetimes and dates.
    pub async fn start_with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Running, StartError> {
        config.check()?;
        warm(&config).await;
        let (main, main_address) = listen(config.address, config.port, "the main port").await?;
        let mut listeners = vec![(main, Role::Main)];
        let mut addresses = Addresses { main: main_address, resources: BTreeMap::new() };
        let mut resources = Vec::new();
        for resource in config.resources {
            let name = resource.name.clone();
            let (listener, address) =
                listen(config.address, resource.port, &format!("resource {name}")).await?;
            let resource = Arc::new(Resource::new(resource));
            addresses.resources.insert(name, address);
            listeners.push((listener, Role::Resource(resource.clone())));
            resources.push(resource);
        }
        let identity = Identity::new(config.identity, clock.clone());
        let identity_faults = FaultSet::default();
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared {
            clock,
            resources,
            identity,
            identity_faults,
            serial: AtomicU64::default(),
            stopped: stopped.clone(),
        });
        let mut tasks = JoinSet::new();
        for (listener, role) in listeners {
            tasks.spawn(accept(listener, role, shared.clone(), stopped.clone()));
        }
        Ok(Running { addresses, shared, stop, listeners: tasks })
    }
}

impl Running {
    /// Where it listens.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// `http://127.0.0.1:{port}` of the main port, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.addresses.main)
    }

    /// The same for the own port of a resource.
    pub fn resource_url(&self, name: &str) -> Option<String> {
        self.addresses.resources.get(name).map(|address| format!("http://{address}"))
    }

    /// What `GET /__sim/stats` tells.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// Replaces the faults of a resource that were set while running; an empty list clears them. False when there is
    /// no such resource.
    pub fn set_faults(&self, resource: &str, faults: Vec<Fault>) -> bool {
        let found = self.shared.resource(resource);
        if let Some(resource) = found {
            resource.faults.replace(faults);
        }
        found.is_some()
    }

    /// Replaces the faults of the identity endpoints.
    pub fn set_identity_faults(&self, faults: Vec<Fault>) {
        self.shared.identity_faults.replace(faults);
    }

    /// What `POST /__sim/reset` does.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Stops listening, gives running requests a second, then closes every connection.
    pub async fn shutdown(mut self) {
        // Without a receiver every listener has ended already.
        let _ = self.stop.send(true);
        while self.listeners.join_next().await.is_some() {}
    }
}

/// Loads the vocabularies that will be counted with, so that no call waits for one.
async fn warm(config: &Config) {
    let deployments = config.resources.iter().flat_map(|resource| &resource.deployments);
    for deployment in deployments.filter(|deployment| deployment.tokens == TokenCounting::Bpe) {
        let model = deployment.model.clone().unwrap_or_else(|| deployment.name.clone());
        // Loading can only fail by a panic, and then the first call tries again.
        let _ = tokio::task::spawn_blocking(move || sekisho_llm::warm(Some(&model))).await;
    }
}

async fn listen(ip: IpAddr, port: u16, listener: &str) -> Result<(TcpListener, SocketAddr), StartError> {
    let address = SocketAddr::new(ip, port);
    let failed = |source| StartError::Listen { address, listener: listener.to_owned(), source };
    let bound = TcpListener::bind(address).await.map_err(failed)?;
    let local = bound.local_addr().map_err(failed)?;
    Ok((bound, local))
}
