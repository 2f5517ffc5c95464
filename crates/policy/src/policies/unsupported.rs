//! Policies of API Management whose names are known and that do not run yet: an error with its place, never a silent skip.

use crate::declaration::{ALL_SCOPES, ANYWHERE, Children, Declaration, Reference};

pub(super) const fn unsupported(names: &'static [&'static str]) -> Declaration {
    Declaration {
        names,
        summary: "Known and not supported yet.",
        sections: ANYWHERE,
        scopes: ALL_SCOPES,
        attributes: &[],
        children: Children::Markup,
        once: false,
        reference: Reference::NONE,
        compile: None,
    }
}

/// The names; both names of a twin stand together.
pub(super) static DECLARATIONS: &[Declaration] = &[
    unsupported(&["http-data-source", "cosmosdb-data-source", "sql-data-source"]),
    unsupported(&["invoke-dapr-binding", "invoke-darp-binding"]),
    unsupported(&["llm-content-safety"]),
    unsupported(&["llm-emit-token-metric", "azure-openai-emit-token-metric"]),
    unsupported(&["llm-semantic-cache-lookup", "azure-openai-semantic-cache-lookup"]),
    unsupported(&["llm-semantic-cache-store", "azure-openai-semantic-cache-store"]),
    unsupported(&["llm-token-limit", "azure-openai-token-limit"]),
    unsupported(&["log-to-eventhub"]),
    unsupported(&["publish-event"]),
    unsupported(&["publish-to-dapr", "publish-to-darp"]),
    unsupported(&["send-service-bus-message"]),
    unsupported(&["set-graphql-resolver"]),
    unsupported(&["validate-graphql-request"]),
    unsupported(&["validate-odata-request"]),
    unsupported(&["xsl-transform"]),
];
