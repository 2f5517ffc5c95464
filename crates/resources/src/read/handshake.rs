//! The one operation of a WebSocket API: the handshake.

use super::{OperationParts, merge_operations};
use crate::model::{Operation, Spanned};
use crate::reading::Reading;
use crate::template;

/// The operation that every WebSocket API has. It cannot be removed, and nothing but its policy is its own.
pub(crate) const ON_HANDSHAKE: &str = "onHandshake";

/// Every path behind that of the API: what follows is appended to the backend's URL.
const TEMPLATE: &str = "/*";

/// The operations of a WebSocket API: `onHandshake`, with the policy and the texts that were given for it.
pub(super) fn operations(
    api: &Spanned<String>,
    parts: Vec<OperationParts>,
    has_specification: bool,
    reading: &mut Reading<'_>,
) -> Vec<Operation> {
    if has_specification {
        let message = format!("the specification of WebSocket api `{}` is not used", api.value);
        let help = "the only operation of a WebSocket api is `onHandshake`; remove the specification";
        reading.warning("specification-not-used", api.span, message, help);
    }
    let mut operations = merge_operations(vec![on_handshake(api)], parts, &api.value, reading);
    for other in operations.iter().skip(1) {
        let message =
            format!("WebSocket api `{}` cannot have the operation `{}`", api.value, other.name.value);
        let help = "its only operation is `onHandshake`";
        reading.error("unknown-operation", other.name.span, message, help);
    }
    operations.truncate(1);
    for operation in &mut operations {
        // Extractors write method and template of the handshake as some service shows them.
        let fixed = on_handshake(api);
        operation.method = fixed.method;
        operation.url_template = fixed.url_template;
        operation.template_parameters = fixed.template_parameters;
    }
    operations
}

fn on_handshake(api: &Spanned<String>) -> Operation {
    let fixed = |text: &str| Spanned::new(text.to_owned(), api.span);
    Operation {
        name: fixed(ON_HANDSHAKE),
        display_name: ON_HANDSHAKE.to_owned(),
        method: fixed("GET"),
        url_template: fixed(TEMPLATE),
        template_parameters: template::parameters(TEMPLATE, Vec::new()),
        description: None,
        policy: None,
        source: None,
        given_contract: None,
    }
}
