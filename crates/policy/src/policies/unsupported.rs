//! Policies of API Management whose names are known and that do not run: an error with its place and the reason, never a
//! silent skip.

use crate::declaration::{ALL_SCOPES, ANYWHERE, Children, Declaration, Reference};

/// A policy that does not run for this reason: a clause that goes on after "is not supported: ".
pub(super) const fn unsupported_because(names: &'static [&'static str], reason: &'static str) -> Declaration {
    Declaration {
        names,
        summary: reason,
        sections: ANYWHERE,
        scopes: ALL_SCOPES,
        attributes: &[],
        children: Children::Markup,
        once: false,
        reference: Reference::NONE,
        compile: None,
    }
}

const DAPR: &str = "it calls the Dapr runtime beside a self-hosted gateway, which is not there";
const RESOLVER: &str = "it resolves fields of a GraphQL API, and GraphQL APIs are not supported";

/// The names; both names of a twin stand together.
pub(super) static DECLARATIONS: &[Declaration] = &[
    unsupported_because(&["http-data-source", "cosmosdb-data-source", "sql-data-source"], RESOLVER),
    unsupported_because(&["invoke-dapr-binding", "invoke-darp-binding"], DAPR),
    unsupported_because(
        &["publish-event"],
        "it serves subscriptions of a GraphQL API, and GraphQL APIs are not supported",
    ),
    unsupported_because(&["publish-to-dapr", "publish-to-darp"], DAPR),
    unsupported_because(
        &["send-service-bus-message"],
        "there is no connection to Azure Service Bus; `send-request` reaches its REST interface",
    ),
    unsupported_because(&["set-graphql-resolver"], RESOLVER),
    unsupported_because(
        &["validate-graphql-request"],
        "it checks requests to a GraphQL API, and GraphQL APIs are not supported",
    ),
    unsupported_because(
        &["validate-odata-request"],
        "it checks requests to an OData API, and OData metadata is not read",
    ),
    unsupported_because(
        &["xsl-transform"],
        "no maintained library runs XSLT 1.0 with bounds on time and memory; `set-body` takes a Liquid template",
    ),
];
