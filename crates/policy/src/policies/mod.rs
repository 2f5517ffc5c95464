//! One file for each policy, and the catalogue of all names.
//!
//! Adding a policy: a new file with its [`Declaration`], and a line in [`CATALOGUE`].

pub mod authentication_basic;
pub mod authentication_managed_identity;
pub mod check_header;
pub mod choose;
pub mod cors;
pub mod find_and_replace;
pub mod forward_request;
pub mod include_fragment;
pub mod ip_filter;
pub mod retry;
pub mod return_response;
pub mod rewrite_uri;
pub mod set_backend_service;
pub mod set_body;
pub mod set_header;
pub mod set_method;
pub mod set_query_parameter;
pub mod set_status;
pub mod set_variable;
pub mod trace;
mod unsupported;

use crate::declaration::Declaration;

/// Every policy that runs.
pub const CATALOGUE: &[&Declaration] = &[
    &authentication_basic::DECLARATION,
    &authentication_managed_identity::DECLARATION,
    &check_header::DECLARATION,
    &choose::DECLARATION,
    &cors::DECLARATION,
    &find_and_replace::DECLARATION,
    &forward_request::DECLARATION,
    &include_fragment::DECLARATION,
    &ip_filter::DECLARATION,
    &retry::DECLARATION,
    &return_response::DECLARATION,
    &rewrite_uri::DECLARATION,
    &set_backend_service::DECLARATION,
    &set_body::DECLARATION,
    &set_header::DECLARATION,
    &set_method::DECLARATION,
    &set_query_parameter::DECLARATION,
    &set_status::DECLARATION,
    &set_variable::DECLARATION,
    &trace::DECLARATION,
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
