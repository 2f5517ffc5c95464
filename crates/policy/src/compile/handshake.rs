//! Documents of WebSocket APIs: their policies run on the handshake alone.
//!
//! A handshake has no message that some policies are about. In a document of the API they are a mistake; in one of a
//! broader scope, which also holds for other APIs, they are left out. The list is that of API Management's page on
//! WebSocket APIs.

use sekisho_diagnostics::{Diagnostic, FileId};

use super::Compiler;
use crate::declaration::Declaration;
use crate::document::CompiledDocument;
use crate::pipeline::Scope;
use crate::xml::Element;

/// Policies that a handshake does not have.
const NOT_ON_HANDSHAKES: [&str; 15] = [
    "mock-response",
    "cache-lookup",
    "cache-store",
    "cross-domain",
    "cors",
    "jsonp",
    "set-method",
    "set-body",
    "xml-to-json",
    "json-to-xml",
    "xsl-transform",
    "validate-content",
    "validate-parameters",
    "validate-headers",
    "validate-status-code",
];

impl Compiler<'_> {
    /// Compiles the document of a scope for the handshakes of WebSocket APIs. A document that was compiled before for
    /// other calls has its mistakes reported once.
    pub fn handshake_document(&mut self, text: &str, file: FileId, scope: Scope) -> CompiledDocument {
        let known = self.diagnostics.len();
        self.for_handshakes = true;
        let document = self.document(text, file, scope);
        self.for_handshakes = false;
        self.forget_repeated(known);
        document
    }

    /// False for a policy that handshakes do not have; reports it where it can only be a mistake.
    pub(super) fn check_handshake(&mut self, declaration: &Declaration, element: &Element) -> bool {
        let has_name = |name: &&str| NOT_ON_HANDSHAKES.contains(name);
        if !self.for_handshakes || !declaration.names.iter().any(|name| has_name(&name)) {
            return true;
        }
        if matches!(self.scope, Scope::Api | Scope::Operation) {
            let message = format!("`{}` is not supported for WebSocket APIs", element.name);
            let finding = Diagnostic::error("policy-not-allowed-on-handshake", element.name_span, message);
            let help = "policies run on the handshake alone, which has no messages to act on; remove it";
            self.report(finding.with_help(help));
        }
        false
    }
}
