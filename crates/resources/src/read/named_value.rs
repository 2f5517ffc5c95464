//! Named values.

use super::plain;
use crate::fields::{Fields, Unknown};
use sekisho_diagnostics::reference::is_display_name;

use crate::model::{NamedValue, Spanned};
use crate::reading::Reading;
use crate::value::Node;

/// The longest value that API Management takes, in characters.
const MAXIMUM_VALUE_LENGTH: usize = 4096;

/// Reads a named value.
pub(crate) fn named_value(
    name: Spanned<String>,
    node: &Node,
    reading: &mut Reading<'_>,
) -> Option<NamedValue> {
    use secrecy::ExposeSecret;

    let mut fields = Fields::of_resource(node, "named value", reading)?;
    let display_name = fields.filled_text("displayName", reading).unwrap_or_else(|| name.clone());
    if !is_display_name(&display_name.value) {
        let help = "use letters, digits, `-`, `.` and `_`, at most 256";
        reading.error("invalid-display-name", display_name.span, "no reference can hold this name", help);
    }
    let value = fields.secret("value", reading);
    if let Some(value) = &value
        && value.value.expose_secret().chars().count() > MAXIMUM_VALUE_LENGTH
    {
        let message = format!("the value is longer than {MAXIMUM_VALUE_LENGTH} characters");
        reading.warning("value-too-long", name.span, message, "the cloud service refuses it; shorten it");
    }
    let key_vault_secret = fields.object("keyVault", reading).and_then(|mut vault| {
        let identifier = plain(&mut vault, "secretIdentifier", reading);
        vault.also_known(&["identityClientId", "lastStatus"]);
        vault.finish(Unknown::Tolerated, reading);
        identifier
    });
    let named_value = NamedValue {
        name,
        display_name,
        value: value.map(|value| value.value),
        secret: fields.boolean("secret", reading).unwrap_or(false),
        key_vault_secret,
    };
    fields.also_known(&["tags"]);
    fields.finish(Unknown::Tolerated, reading);
    Some(named_value)
}
