//! One file for each policy, and the catalogue of all names.
//!
//! Adding a policy: a new file with its [`Declaration`], and a line in [`CATALOGUE`].

pub mod authentication_basic;
pub mod authentication_certificate;
pub mod authentication_managed_identity;
pub mod cache_lookup;
pub mod cache_lookup_value;
pub mod cache_remove_value;
pub mod cache_store;
pub mod cache_store_value;
pub mod cache_value;
pub(crate) mod calls;
pub mod check_header;
pub mod choose;
pub mod cors;
pub mod cross_domain;
pub mod emit_metric;
pub mod find_and_replace;
pub mod forward_request;
pub mod get_authorization_context;
pub mod include_fragment;
pub mod invoke_request;
pub mod ip_filter;
pub mod json_to_xml;
pub mod jsonp;
pub mod limit_concurrency;
pub mod llm_content_safety;
pub mod llm_emit_token_metric;
pub mod llm_semantic_cache_lookup;
pub mod llm_semantic_cache_store;
pub mod llm_token_limit;
pub mod log_to_eventhub;
mod metric_dimensions;
pub mod mock_response;
pub mod proxy;
pub mod quota;
pub mod quota_by_key;
pub mod rate_limit;
pub mod rate_limit_by_key;
pub mod redirect_content_urls;
pub mod retry;
pub mod return_response;
pub mod rewrite_uri;
pub mod send_one_way_request;
pub mod send_request;
pub mod set_backend_service;
pub mod set_body;
pub mod set_header;
pub mod set_method;
pub mod set_query_parameter;
pub mod set_status;
pub mod set_variable;
pub mod trace;
mod unsupported;
pub mod validate_azure_ad_token;
pub mod validate_client_certificate;
pub mod validate_content;
pub mod validate_headers;
pub mod validate_jwt;
pub mod validate_parameters;
pub mod validate_status_code;
mod validation;
pub mod wait;
pub mod xml_to_json;

use crate::declaration::Declaration;

/// Every policy that runs.
pub const CATALOGUE: &[&Declaration] = &[
    &authentication_basic::DECLARATION,
    &authentication_certificate::DECLARATION,
    &authentication_managed_identity::DECLARATION,
    &cache_lookup::DECLARATION,
    &cache_lookup_value::DECLARATION,
    &cache_remove_value::DECLARATION,
    &cache_store::DECLARATION,
    &cache_store_value::DECLARATION,
    &cache_value::DECLARATION,
    &check_header::DECLARATION,
    &choose::DECLARATION,
    &cors::DECLARATION,
    &cross_domain::DECLARATION,
    &emit_metric::DECLARATION,
    &find_and_replace::DECLARATION,
    &forward_request::DECLARATION,
    &get_authorization_context::DECLARATION,
    &include_fragment::DECLARATION,
    &invoke_request::DECLARATION,
    &ip_filter::DECLARATION,
    &json_to_xml::DECLARATION,
    &jsonp::DECLARATION,
    &limit_concurrency::DECLARATION,
    &llm_content_safety::DECLARATION,
    &llm_emit_token_metric::DECLARATION,
    &llm_token_limit::DECLARATION,
    &llm_semantic_cache_lookup::DECLARATION,
    &llm_semantic_cache_store::DECLARATION,
    &log_to_eventhub::DECLARATION,
    &mock_response::DECLARATION,
    &proxy::DECLARATION,
    &quota::DECLARATION,
    &quota_by_key::DECLARATION,
    &rate_limit::DECLARATION,
    &rate_limit_by_key::DECLARATION,
    &redirect_content_urls::DECLARATION,
    &retry::DECLARATION,
    &return_response::DECLARATION,
    &rewrite_uri::DECLARATION,
    &send_one_way_request::DECLARATION,
    &send_request::DECLARATION,
    &set_backend_service::DECLARATION,
    &set_body::DECLARATION,
    &set_header::DECLARATION,
    &set_method::DECLARATION,
    &set_query_parameter::DECLARATION,
    &set_status::DECLARATION,
    &set_variable::DECLARATION,
    &trace::DECLARATION,
    &validate_azure_ad_token::DECLARATION,
    &validate_client_certificate::DECLARATION,
    &validate_content::DECLARATION,
    &validate_headers::DECLARATION,
    &validate_jwt::DECLARATION,
    &validate_parameters::DECLARATION,
    &validate_status_code::DECLARATION,
    &wait::DECLARATION,
    &xml_to_json::DECLARATION,
];

/// The declaration of an element name; also of policies that are known and not supported yet.
pub fn find(name: &str) -> Option<&'static Declaration> {
    let runs = CATALOGUE.iter().copied().find(|declaration| declaration.names.contains(&name));
    runs.or_else(|| unsupported::DECLARATIONS.iter().find(|declaration| declaration.names.contains(&name)))
}

/// All element names that run, for "did you mean".
pub fn names() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().flat_map(|declaration| declaration.names.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_declared_twice() {
        let mut names: Vec<&str> = names().collect();
        names.extend(
            unsupported::DECLARATIONS.iter().flat_map(|declaration| declaration.names.iter().copied()),
        );
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_declaration_says_what_it_is() {
        for declaration in CATALOGUE {
            assert!(
                declaration.compile.is_some() && !declaration.summary.is_empty(),
                "{:?}",
                declaration.names
            );
        }
    }
}
