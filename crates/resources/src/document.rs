//! Resources in one YAML file.
//!
//! The sections are `apis`, `products`, `subscriptions`, `backends`, `namedValues`, `policyFragments`, `versionSets`,
//! `loggers`, `diagnostics`, `caches`, `authorizationServers`, `openidConnectProviders` and more, each an object of
//! resources by name, and `policy` or `policyFile`. A resource has ARM's properties, in a `properties` object or directly.

use crate::fields::{Fields, wrong_type};
use crate::model::{Configuration, Spanned};
use crate::read;
use crate::reading::Reading;
use crate::sections::{self, Beside, Section};
use crate::value::Value;

/// Reads the sections out of an object.
pub(crate) fn read(fields: &mut Fields<'_>, configuration: &mut Configuration, reading: &mut Reading<'_>) {
    for section in Section::ALL {
        for entry in fields.members(section.key(), reading) {
            if !matches!(entry.value.value, Value::Object(_)) {
                wrong_type(&entry.key, "an object", &entry.value, reading);
                continue;
            }
            let name = Spanned::new(entry.key.clone(), entry.key_span);
            sections::add(section, name, &entry.value, Beside::default(), configuration, reading);
        }
    }
    configuration.policy = read::policy(fields, reading);
}
