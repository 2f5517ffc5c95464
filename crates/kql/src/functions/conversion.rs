//! Conversion between types: `tostring()`, `tolong()`, `parse_json()` and their like.

use super::cell::Cell;
use super::convert;
use super::declare::Does::Plan;
use super::declare::{Call, Function};
use super::json::path;
use super::kernel::{Kernel, function};
use crate::{Error, Type, Typed};

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function { name: "tostring", takes: VALUE, does: Plan(|call| to(call, Type::String)) },
    Function { name: "toint", takes: VALUE, does: Plan(|call| to(call, Type::Int)) },
    Function { name: "tolong", takes: VALUE, does: Plan(|call| to(call, Type::Long)) },
    Function { name: "toreal", takes: VALUE, does: Plan(|call| to(call, Type::Real)) },
    Function { name: "todouble", takes: VALUE, does: Plan(|call| to(call, Type::Real)) },
    Function { name: "todecimal", takes: VALUE, does: Plan(|call| to(call, Type::Decimal)) },
    Function { name: "tobool", takes: VALUE, does: Plan(|call| to(call, Type::Bool)) },
    Function { name: "toboolean", takes: VALUE, does: Plan(|call| to(call, Type::Bool)) },
    Function { name: "toguid", takes: VALUE, does: Plan(|call| to(call, Type::Guid)) },
    Function { name: "todatetime", takes: VALUE, does: Plan(|call| to(call, Type::DateTime)) },
    Function { name: "totimespan", takes: VALUE, does: Plan(|call| to(call, Type::TimeSpan)) },
    Function { name: "totime", takes: VALUE, does: Plan(|call| to(call, Type::TimeSpan)) },
    Function { name: "todynamic", takes: VALUE, does: Plan(parse_json) },
    Function { name: "toobject", takes: VALUE, does: Plan(parse_json) },
    Function { name: "parse_json", takes: VALUE, does: Plan(parse_json) },
    Function { name: "parsejson", takes: VALUE, does: Plan(parse_json) },
    Function { name: "new_guid", takes: "", does: Plan(new_guid) },
];

const VALUE: &str = "value: any";

fn to(call: Call<'_>, kind: Type) -> Result<Typed, Error> {
    Ok(convert(call.value(0)?, kind))
}

/// What is JSON becomes its value, and what is not becomes a string; a `dynamic` string is read for what it holds.
fn parse_json(call: Call<'_>) -> Result<Typed, Error> {
    let value = call.value(0)?;
    Ok(match value.kind {
        Type::String | Type::Dynamic => path::parse(value),
        _ => convert(value, Type::Dynamic),
    })
}

/// Another one for each row.
fn new_guid(_: Call<'_>) -> Result<Typed, Error> {
    let guid = function(|_| Cell::Owned(uuid::Uuid::new_v4().to_string()));
    Ok(Kernel::new("new_guid", Vec::new(), Type::Guid, guid).call(Vec::new()))
}
