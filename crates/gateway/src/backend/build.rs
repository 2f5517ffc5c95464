//! From the resource model to backends that can be called.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use sekisho_diagnostics::{Diagnostic, Span};
use sekisho_expression::context::BackendFacts;
use sekisho_policy::ports::{BaseUrl, ClientCertificate, Ports, Proxy};
use sekisho_resources::model::{
    self, BackendCredentials, BackendKind, BackendProxy, Configuration, NamedValues, SingleBackend,
};
use zeroize::Zeroizing;

use super::affinity::Affinity;
use super::breaker::{Breaker, Rule};
use super::credentials::{Credentials, Identity, sensitive};
use super::pool::{Group, Pool};
use super::rotation::Rotation;
use super::single::Single;
use super::{Backend, BackendSet};
use crate::certificates::{Certificates, Missing};
use crate::upstream::{Endpoint, TlsSettings, Upstream, Way};

impl BackendSet {
    /// Builds the backends of a configuration. `previous` lends the state of backends that did not change.
    pub(crate) fn build(
        configuration: &Configuration,
        certificates: &Certificates,
        upstream: &Arc<Upstream>,
        ports: &Ports,
        seed: &str,
        previous: Option<&BackendSet>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<BackendSet> {
        let clients = |guarded| upstream.clients(Way { guarded, ..Way::default() });
        let (plain, guarded) = match (clients(false), clients(true)) {
            (Ok(plain), Ok(guarded)) => (plain, guarded),
            (Err(error), _) | (_, Err(error)) => {
                diagnostics.push(Diagnostic::error("upstream-tls", Span::default(), error.to_string()));
                return None;
            }
        };
        let mut builder = Builder {
            upstream,
            named_values: &configuration.named_values,
            certificates,
            seed,
            previous,
            diagnostics,
        };
        let mut by_id = HashMap::new();
        for backend in configuration.backends.values() {
            if let BackendKind::Single(single) = &backend.kind
                && let Some(single) = builder.single(backend, single)
            {
                by_id.insert(Arc::clone(&single.id), Backend::Single(Arc::new(single)));
            }
        }
        for backend in configuration.backends.values() {
            if let BackendKind::Pool(pool) = &backend.kind {
                let pool = builder.pool(backend, pool, &by_id);
                by_id.insert(
                    Arc::clone(&pool.id),
                    Backend::Pool { pool: Arc::new(pool), facts: facts(backend, true) },
                );
            }
        }
        let upstream = Arc::clone(upstream);
        let service_origins = HashSet::new();
        Some(BackendSet { by_id, upstream, plain, guarded, service_origins, ports: ports.clone() })
    }
}

struct Builder<'b> {
    upstream: &'b Upstream,
    named_values: &'b NamedValues,
    certificates: &'b Certificates,
    seed: &'b str,
    previous: Option<&'b BackendSet>,
    diagnostics: &'b mut Vec<Diagnostic>,
}

impl Builder<'_> {
    fn single(&mut self, backend: &model::Backend, single: &SingleBackend) -> Option<Single> {
        let url = self.expand(&single.url.value, single.url.span)?;
        let Some(endpoint) = BaseUrl::parse(&url).and_then(|base| Endpoint::new(Arc::new(base))) else {
            let message =
                format!("the URL of backend `{}` is not an absolute http or https URL", backend.name.value);
            self.error("invalid-backend-url", single.url.span, message, "write it as `https://host/path`");
            return None;
        };
        let proxy = match &single.proxy {
            Some(proxy) => Some(self.proxy(proxy)?),
            None => None,
        };
        let tls = TlsSettings {
            validate_chain: single.tls.validate_certificate_chain,
            validate_name: single.tls.validate_certificate_name,
        };
        let certificate = self.certificate(&single.credentials);
        let way = Way { tls, proxy, certificate, ..Way::default() };
        let clients = match self.upstream.clients(way) {
            Ok(clients) => clients,
            Err(error) => {
                self.error(
                    "upstream-tls",
                    backend.span,
                    error.to_string(),
                    "check the settings of `upstream`",
                );
                return None;
            }
        };
        let id: Arc<str> = backend.name.value.as_str().into();
        let rule = single.circuit_breaker.as_ref().map(Rule::from);
        let breaker = rule.map(|rule| self.breaker(&id, &endpoint, rule));
        let credentials = self.credentials(&single.credentials);
        Some(Single { id, facts: facts(backend, false), endpoint, clients, credentials, breaker })
    }

    fn proxy(&mut self, model: &BackendProxy) -> Option<Arc<Proxy>> {
        let span = model.url.span;
        let text = self.expand(&model.url.value, span)?;
        let Some(url) = BaseUrl::parse(&text).filter(|url| &*url.scheme == "http") else {
            let message = "the URL of the proxy is not an absolute http URL".to_owned();
            self.error("invalid-proxy-url", span, message, "write it as `http://host:port`");
            return None;
        };
        let user = model.username.as_deref().filter(|user| !user.is_empty());
        let credentials = match user {
            Some(user) => {
                let password = model.password.as_ref().map_or("", |password| password.expose_secret());
                let (user, password) = (self.expand(user, span)?, self.expand(password, span)?);
                Some((user.into(), Arc::new(Zeroizing::new(password))))
            }
            None => None,
        };
        Some(Arc::new(Proxy { url: Arc::new(url), credentials }))
    }

    /// The certificate that a backend is shown: the first of `certificateIds`, else of `certificate`.
    fn certificate(&mut self, credentials: &BackendCredentials) -> Option<Arc<ClientCertificate>> {
        let ids = &credentials.certificate_ids;
        let (wanted, found, all) = match ids.first() {
            Some(id) => (id, self.certificates.client(&id.value), ids),
            None => {
                let thumbprint = credentials.certificate.first()?;
                let found = self.certificates.client_by_thumbprint(&thumbprint.value);
                (thumbprint, found, &credentials.certificate)
            }
        };
        if let Some(second) = all.get(1) {
            let message = "a backend is shown one certificate: the first one".to_owned();
            let finding = Diagnostic::warning("several-certificates", second.span, message);
            self.diagnostics.push(finding.with_help("remove the others"));
        }
        let written = &wanted.value;
        let (message, help) = match found {
            Ok(certificate) => return Some(certificate),
            Err(Missing::Reported) => return None,
            Err(Missing::Key) => (
                format!("certificate `{written}` has no private key, so that it cannot be shown"),
                "give it a PFX with a key, or a `keyFile`",
            ),
            Err(Missing::Certificate) => (
                format!("certificate `{written}` is not in this configuration"),
                "add it to `certificates`, with `data` or `certificateFile`: no vault is asked",
            ),
        };
        self.error("missing-certificate", wanted.span, message, help);
        None
    }

    /// The breaker of the configuration before, when it is for the same URL and by the same rule.
    fn breaker(&self, id: &Arc<str>, endpoint: &Endpoint, rule: Rule) -> Arc<Breaker> {
        if let Some(Backend::Single(known)) = self.previous.and_then(|previous| previous.by_id.get(id))
            && known.endpoint.base == endpoint.base
            && let Some(breaker) = &known.breaker
            && *breaker.rule() == rule
        {
            return Arc::clone(breaker);
        }
        Arc::new(Breaker::new(Arc::clone(id), rule))
    }

    fn pool(
        &mut self,
        backend: &model::Backend,
        pool: &model::Pool,
        singles: &HashMap<Arc<str>, Backend>,
    ) -> Pool {
        let id: Arc<str> = backend.name.value.as_str().into();
        let mut members = Vec::new();
        let mut by_priority: BTreeMap<u8, Vec<(usize, u32)>> = BTreeMap::new();
        // Surplus members, names without a backend and pools in pools were reported when the configuration was read; a
        // backend that could not be built was reported above.
        for service in pool.services.iter().take(model::Pool::MAXIMUM_MEMBERS) {
            if let Some(Backend::Single(single)) = singles.get(service.backend.value.as_str()) {
                let weight = service.weight.map_or(1, u32::from);
                by_priority.entry(service.priority).or_default().push((members.len(), weight));
                members.push(Arc::clone(single));
            }
        }
        let known = match self.previous.and_then(|previous| previous.by_id.get(&id)) {
            Some(Backend::Pool { pool, .. }) => Some(pool),
            _ => None,
        };
        let same_members = known.filter(|known| {
            known.members.iter().map(|member| &member.id).eq(members.iter().map(|member| &member.id))
        });
        let groups = by_priority.into_values().map(|group| {
            let (members, weights): (Vec<usize>, Vec<u32>) = group.into_iter().unzip();
            let mut kept = same_members.iter().flat_map(|known| &known.groups);
            let kept = kept.find(|group| group.members == members && group.rotation.weights() == weights);
            let rotation = kept.map(|group| Arc::clone(&group.rotation));
            Group { members, rotation: rotation.unwrap_or_else(|| Arc::new(Rotation::new(weights))) }
        });
        let groups = groups.collect();
        let affinity = pool
            .session_affinity_cookie
            .as_ref()
            .map(|cookie| Affinity::new(cookie, self.seed, &id, members.iter().map(|member| &*member.id)));
        Pool { id, members, groups, affinity, failure_status: pool.failure_status.unwrap_or(503) }
    }

    fn credentials(&mut self, model: &BackendCredentials) -> Credentials {
        let mut credentials = Credentials::default();
        for header in &model.header {
            let Ok(name) = HeaderName::from_bytes(header.name.value.as_bytes()) else {
                let message = format!("`{}` is not a header name", header.name.value);
                self.error("invalid-header-name", header.name.span, message, "use letters, digits and `-`");
                continue;
            };
            let values = header
                .values
                .iter()
                .filter_map(|value| self.header_value(value.value.expose_secret(), "", value.span));
            let values = values.collect();
            credentials.headers.push((name, values));
        }
        for parameter in &model.query {
            for value in &parameter.values {
                if let Some(value) = self.expand(value.value.expose_secret(), value.span) {
                    credentials.add_query(&parameter.name.value, &value);
                }
            }
        }
        if let Some(authorization) = &model.authorization {
            let parameter = &authorization.parameter;
            let scheme = format!("{} ", authorization.scheme);
            if let Some(value) = self.header_value(parameter.value.expose_secret(), &scheme, parameter.span) {
                credentials.headers.push((AUTHORIZATION, vec![value]));
            }
        }
        credentials.identity = model.managed_identity.as_ref().map(|identity| Identity {
            resource: identity.resource.value.as_str().into(),
            client_id: identity.client_id.as_deref().map(Arc::from),
        });
        credentials
    }

    fn header_value(&mut self, text: &str, prefix: &str, span: Span) -> Option<HeaderValue> {
        let text = self.expand(text, span)?;
        let value = sensitive(&format!("{prefix}{text}"));
        if value.is_none() {
            let message = "the value cannot stand in a header".to_owned();
            self.error("invalid-header-value", span, message, "remove line breaks and control characters");
        }
        value
    }

    fn expand(&mut self, text: &str, span: Span) -> Option<String> {
        match self.named_values.expand(text) {
            Ok(expanded) => Some(expanded.expose().to_owned()),
            Err(error) => {
                self.error(
                    "unknown-named-value",
                    span,
                    error.to_string(),
                    "define the named value or correct its name",
                );
                None
            }
        }
    }

    fn error(&mut self, code: &'static str, span: Span, message: String, help: &str) {
        self.diagnostics.push(Diagnostic::error(code, span, message).with_help(help));
    }
}

fn facts(backend: &model::Backend, is_pool: bool) -> Arc<BackendFacts> {
    Arc::new(BackendFacts {
        id: backend.name.value.as_str().into(),
        is_pool,
        azure_region: backend.azure_region.as_deref().unwrap_or("").into(),
    })
}
