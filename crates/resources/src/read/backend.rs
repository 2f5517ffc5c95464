//! Backends and pools.

use super::breaker::{circuit_breaker, failure_status};
use super::credentials::credentials;
use super::{plain, reference};
use crate::fields::{Fields, Unknown, opening};
use crate::model::{
    Backend, BackendKind, BackendProtocol, BackendProxy, BackendTls, Pool, PoolMember, SingleBackend, Spanned,
};
use crate::reading::Reading;
use crate::value::Node;

/// Reads a backend.
pub(crate) fn backend(name: Spanned<String>, node: &Node, reading: &mut Reading<'_>) -> Option<Backend> {
    let mut fields = Fields::of_resource(node, "backend", reading)?;
    let is_pool = fields.choice("type", &[("Single", false), ("Pool", true)], reading);
    // Without a type, what is there decides, so that one mistake gives one finding.
    let is_pool = is_pool.unwrap_or_else(|| fields.node("pool").is_some() && fields.node("url").is_none());
    let title = plain(&mut fields, "title", reading);
    let description = plain(&mut fields, "description", reading);
    let azure_region = plain(&mut fields, "azureRegion", reading);
    let resource_id = plain(&mut fields, "resourceId", reading);
    let kind = if is_pool {
        fields.also_known(&["url", "protocol", "circuitBreaker", "credentials", "tls", "proxy"]);
        pool(&mut fields, reading).map(BackendKind::Pool)
    } else {
        fields.also_known(&["pool"]);
        single(&mut fields, reading).map(|single| BackendKind::Single(Box::new(single)))
    };
    let span = fields.span;
    fields.finish(Unknown::Tolerated, reading);
    Some(Backend { name, title, description, azure_region, resource_id, kind: kind?, span })
}

fn single(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<SingleBackend> {
    let url = fields.required_text("url", reading);
    let protocols = [("http", BackendProtocol::Http), ("soap", BackendProtocol::Soap)];
    let protocol = fields.choice("protocol", &protocols, reading).unwrap_or_default();
    let credentials = credentials(fields, reading);
    let tls = tls(fields, reading);
    let proxy = proxy(fields, reading);
    let circuit_breaker = circuit_breaker(fields, reading);
    Some(SingleBackend { url: url?, protocol, credentials, tls, proxy, circuit_breaker })
}

fn tls(backend: &mut Fields<'_>, reading: &mut Reading<'_>) -> BackendTls {
    let Some(mut fields) = backend.object("tls", reading) else { return BackendTls::default() };
    let tls = BackendTls {
        validate_certificate_chain: fields.boolean("validateCertificateChain", reading).unwrap_or(true),
        validate_certificate_name: fields.boolean("validateCertificateName", reading).unwrap_or(true),
    };
    fields.also_known(&["serverCertificateThumbprints", "serverX509Names"]);
    fields.finish(Unknown::Tolerated, reading);
    tls
}

fn proxy(backend: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<BackendProxy> {
    let mut fields = backend.object("proxy", reading)?;
    let url = fields.required_text("url", reading);
    let username = plain(&mut fields, "username", reading);
    let password = fields.secret("password", reading).map(|password| password.value);
    fields.finish(Unknown::Tolerated, reading);
    Some(BackendProxy { url: url?, username, password })
}

fn pool(backend: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<Pool> {
    let Some(mut fields) = backend.object("pool", reading) else {
        if backend.node("pool").is_none() {
            backend.missing("pool", reading);
        }
        return None;
    };
    let span = fields.span;
    let members = fields.list("services", reading);
    let services: Vec<PoolMember> = members.iter().filter_map(|node| member(node, reading)).collect();
    if members.is_empty() {
        let help = "add `services`, each with the `id` of a backend";
        reading.error("empty-pool", opening(span), "the pool has no members", help);
    }
    if let Some(first_too_many) = members.get(Pool::MAXIMUM_MEMBERS) {
        let message =
            format!("a pool has {} members at most, this has {}", Pool::MAXIMUM_MEMBERS, members.len());
        let help = "split the pool, or put a load balancer behind one backend";
        reading.error("too-many-pool-members", opening(first_too_many.span), message, help);
    }
    let pool = Pool {
        services,
        session_affinity_cookie: session_cookie(&mut fields, reading),
        failure_status: failure_status(&mut fields, reading),
    };
    fields.finish(Unknown::Tolerated, reading);
    Some(pool)
}

fn member(node: &Node, reading: &mut Reading<'_>) -> Option<PoolMember> {
    let mut fields = Fields::of(node, "pool member", reading)?;
    let id = fields.required_text("id", reading);
    let priority = fields.whole_number("priority", 0..=100, reading);
    let weight = fields.whole_number("weight", 0..=100, reading);
    fields.also_known(&["preferredCarbonEmission"]);
    fields.finish(Unknown::Tolerated, reading);
    let narrow = |number: Spanned<u64>| u8::try_from(number.value).ok();
    Some(PoolMember {
        backend: reference(id?, "backends", reading)?,
        priority: priority.and_then(narrow).unwrap_or(0),
        weight: weight.and_then(narrow),
    })
}

fn session_cookie(pool: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<String> {
    let mut affinity = pool.object("sessionAffinity", reading)?;
    let session = affinity.object("sessionId", reading);
    affinity.finish(Unknown::Tolerated, reading);
    let mut session = session?;
    let source = session.choice("source", &[("Cookie", ())], reading);
    let name = session.required_text("name", reading);
    let has_source = session.node("source").is_some();
    session.finish(Unknown::Tolerated, reading);
    if has_source && source.is_none() {
        return None;
    }
    name.map(|name| name.value)
}
