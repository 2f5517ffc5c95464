//! Version sets.

use super::{display_name, plain};
use crate::fields::{Fields, Unknown};
use crate::model::{Spanned, VersionSet, VersioningScheme};
use crate::reading::Reading;
use crate::value::Node;

#[derive(Clone, Copy)]
enum Scheme {
    Segment,
    Query,
    Header,
}

/// Reads a version set.
pub(crate) fn version_set(
    name: Spanned<String>,
    node: &Node,
    reading: &mut Reading<'_>,
) -> Option<VersionSet> {
    let mut fields = Fields::of_resource(node, "version set", reading)?;
    let display_name = display_name(&mut fields, &name, reading);
    let allowed = [("Segment", Scheme::Segment), ("Query", Scheme::Query), ("Header", Scheme::Header)];
    let has_scheme = fields.node("versioningScheme").is_some();
    let scheme = fields.choice("versioningScheme", &allowed, reading);
    let query = plain(&mut fields, "versionQueryName", reading);
    let header = plain(&mut fields, "versionHeaderName", reading);
    fields.also_known(&["description"]);
    if !has_scheme {
        fields.missing("versioningScheme", reading);
    }
    let scheme = match scheme {
        Some(Scheme::Segment) => Some(VersioningScheme::Segment),
        Some(Scheme::Query) => {
            if query.is_none() {
                fields.missing("versionQueryName", reading);
            }
            query.map(VersioningScheme::Query)
        }
        Some(Scheme::Header) => {
            if header.is_none() {
                fields.missing("versionHeaderName", reading);
            }
            header.map(VersioningScheme::Header)
        }
        None => None,
    };
    fields.finish(Unknown::Tolerated, reading);
    Some(VersionSet { name, display_name, scheme: scheme? })
}
