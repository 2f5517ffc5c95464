//! Clients and their connections: one set for each way to reach backends.

use std::sync::Arc;
use std::time::Duration;

use http::header::PROXY_AUTHORIZATION;
use http::{HeaderValue, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use parking_lot::Mutex;
use rustls::RootCertStore;
use sekisho_policy::body::Body;
use sekisho_policy::ports::backends::HttpVersion;
use sekisho_policy::ports::{ClientCertificate, Proxy};

use super::connector::{self, Connector, Protocols, TlsSettings};
use super::destinations::DestinationRules;
use super::transport::ProxyWay;
use super::{UpstreamError, UpstreamSettings};
use crate::worker::PerWorker;

pub(crate) type HyperClient = Client<Connector, Body>;

/// The most unused connections that one worker keeps for one backend.
const MAX_IDLE_CONNECTIONS: usize = 1024;

/// The most bytes of the headers of a response over HTTP/2: about what HTTP/1.1 has room for.
const MAX_HEADER_BYTES: u32 = 400 * 1024;

/// The most sets that are kept. Policies may choose certificates and proxies by expressions, which would make endless
/// ones; the set that was not used for longest goes, and its unused connections with it.
const MAX_SETS: usize = 64;

/// A way to reach backends: calls that share connections have all of it in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Way {
    /// What of a certificate is checked.
    pub(crate) tls: TlsSettings,
    /// What the gateway shows.
    pub(crate) certificate: Option<Arc<ClientCertificate>>,
    /// What stands between.
    pub(crate) proxy: Option<Arc<Proxy>>,
    /// True when policies chose the destination, so that `upstream.destinations` holds.
    pub(crate) guarded: bool,
}

/// The clients of one way: for each worker one for each choice of protocol, made when first needed.
pub(crate) struct ClientSet {
    way: Way,
    connector: connector::Settings,
    pool_idle_timeout: Duration,
    pub(crate) body_idle_timeout: Duration,
    http1: PerWorker<HyperClient>,
    http2_or_http1: PerWorker<HyperClient>,
    http2: PerWorker<HyperClient>,
}

impl ClientSet {
    pub(super) fn new(
        settings: &UpstreamSettings,
        roots: &Arc<RootCertStore>,
        rules: &Arc<DestinationRules>,
        way: Way,
    ) -> Result<Self, UpstreamError> {
        let tls = match settings.insecure_skip_verify {
            true => TlsSettings { validate_chain: false, validate_name: false },
            false => way.tls,
        };
        let proxy = way.proxy.as_deref().map(ProxyWay::new).transpose().map_err(UpstreamError::Proxy)?;
        let connector = connector::Settings {
            tls: super::verifier::client_config(tls, roots, way.certificate.as_deref())?,
            rules: way.guarded.then(|| Arc::clone(rules)),
            proxy,
            timeout: settings.connect_timeout,
        };
        Ok(Self {
            way,
            connector,
            pool_idle_timeout: settings.pool_idle_timeout,
            body_idle_timeout: settings.body_idle_timeout,
            http1: PerWorker::new(),
            http2_or_http1: PerWorker::new(),
            http2: PerWorker::new(),
        })
    }

    /// The way that these clients go.
    pub(crate) fn way(&self) -> &Way {
        &self.way
    }

    pub(crate) fn client(&self, version: HttpVersion) -> &HyperClient {
        match version {
            HttpVersion::Http1 => self.http1.get_or_init(|| self.build(Protocols::Http1)),
            HttpVersion::Http2OrHttp1 => self.http2_or_http1.get_or_init(|| self.build(Protocols::Both)),
            HttpVersion::Http2 => self.http2.get_or_init(|| self.build(Protocols::Http2)),
        }
    }

    /// Adds the credentials of a proxy that is asked with the request itself. A tunnel gets them when it is opened.
    pub(super) fn authorize(&self, request: &mut Request<Body>, version: HttpVersion) {
        let Some(proxy) = &self.connector.proxy else { return };
        let is_tunnelled = version == HttpVersion::Http2 || request.uri().scheme_str() == Some("https");
        let credentials: Option<&HeaderValue> = proxy.authorization.as_ref().filter(|_| !is_tunnelled);
        if let Some(credentials) = credentials {
            request.headers_mut().insert(PROXY_AUTHORIZATION, credentials.clone());
        }
    }

    fn build(&self, protocols: Protocols) -> HyperClient {
        Client::builder(TokioExecutor::new())
            .pool_idle_timeout(self.pool_idle_timeout)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .http2_only(protocols == Protocols::Http2)
            .http2_adaptive_window(true)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .build(self.connector.connector(protocols))
    }
}

/// The sets in use, the one that was asked for last in front.
#[derive(Default)]
pub(super) struct ClientSets(Mutex<Vec<Arc<ClientSet>>>);

impl ClientSets {
    /// The set for a way, made when there is none.
    pub(super) fn get(
        &self,
        way: Way,
        make: impl FnOnce(Way) -> Result<ClientSet, UpstreamError>,
    ) -> Result<Arc<ClientSet>, UpstreamError> {
        if let Some(known) = self.find(&way) {
            return Ok(known);
        }
        // Made without the lock: keys are read and checked here. Of two that are made at once, the second is found.
        let made = Arc::new(make(way)?);
        let mut sets = self.0.lock();
        sets.insert(0, Arc::clone(&made));
        let kept = sets.len().min(MAX_SETS);
        let surplus = sets.split_off(kept);
        drop(sets);
        // Connections are closed outside of the lock.
        drop(surplus);
        Ok(made)
    }

    fn find(&self, way: &Way) -> Option<Arc<ClientSet>> {
        let mut sets = self.0.lock();
        let place = sets.iter().position(|set| set.way == *way)?;
        sets.get_mut(..=place)?.rotate_right(1);
        sets.first().cloned()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_policy::ports::BaseUrl;

    fn proxied(port: u16) -> Way {
        let url = BaseUrl::parse(&format!("http://proxy.example:{port}")).unwrap();
        Way { proxy: Some(Arc::new(Proxy { url: Arc::new(url), credentials: None })), ..Way::default() }
    }

    #[test]
    fn sets_are_found_again_and_the_oldest_go() {
        let settings = UpstreamSettings::default();
        let (roots, rules) = (Arc::new(RootCertStore::empty()), Arc::default());
        let sets = ClientSets::default();
        let get =
            |port| sets.get(proxied(port), |way| ClientSet::new(&settings, &roots, &rules, way)).unwrap();
        let first = get(1);
        for port in 2..=100 {
            assert!(Arc::ptr_eq(&first, &get(1)), "in use as ever, {port}");
            get(port);
        }
        assert_eq!(sets.len(), MAX_SETS);
        assert!(sets.find(&proxied(100)).is_some() && sets.find(&proxied(1)).is_some());
        assert!(sets.find(&proxied(2)).is_none());
    }
}
