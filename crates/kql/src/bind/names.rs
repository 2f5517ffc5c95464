//! The names that KQL gives to columns that have none.

use crate::ast::{Expression, Kind, Literal};

/// Functions of which a column is named as their first argument.
const NAMED_AS_ARGUMENT: [&str; 26] = [
    "tostring",
    "tohex",
    "todynamic",
    "toobject",
    "tolong",
    "toint",
    "toreal",
    "todouble",
    "todatetime",
    "totimespan",
    "totime",
    "tobool",
    "toboolean",
    "todecimal",
    "toguid",
    "parse_csv",
    "parse_json",
    "parsejson",
    "parse_xml",
    "bin",
    "floor",
    "bin_at",
    "format_datetime",
    "format_timespan",
    "make_datetime",
    "make_timespan",
];

/// Functions of which a column is named with their own name before it.
const NAMED_WITH_PREFIX: [(&str, &str); 4] =
    [("strlen", "strlen"), ("string_size", "string_size"), ("gettype", "type"), ("repeat", "repeat")];

/// The name that follows from an expression: that of a column, the path into a `dynamic` joined by `_`, that of the argument of a
/// conversion or of `bin`. None when KQL would say `Column1`.
pub(super) fn of(expression: &Expression) -> Option<String> {
    match &expression.kind {
        Kind::Name(name) => Some(name.clone()),
        Kind::Member(value, name) => Some(joined(value, &name.text)),
        Kind::Index(value, index) => match &index.kind {
            Kind::Literal(Literal::String(name)) => Some(joined(value, &identifier(name))),
            Kind::Literal(Literal::Long(number)) => Some(joined(value, &number.to_string())),
            _ => None,
        },
        Kind::Call(name, arguments) => {
            let name = name.text.as_str();
            if name == "column_ifexists" {
                return match arguments.first().map(|argument| &argument.value.kind) {
                    Some(Kind::Literal(Literal::String(column))) => Some(column.clone()),
                    _ => None,
                };
            }
            let argument = arguments.first().and_then(|argument| of(&argument.value))?;
            if NAMED_AS_ARGUMENT.contains(&name) {
                return Some(argument);
            }
            let (_, prefix) = NAMED_WITH_PREFIX.iter().find(|(known, _)| *known == name)?;
            Some(format!("{prefix}_{argument}"))
        }
        _ => None,
    }
}

fn joined(value: &Expression, member: &str) -> String {
    match of(value) {
        Some(value) => format!("{value}_{member}"),
        None => member.to_owned(),
    }
}

/// The name with what cannot be part of one left out.
fn identifier(name: &str) -> String {
    name.chars().map(|character| if character.is_alphanumeric() { character } else { '_' }).collect()
}

/// Counts the columns that have no name of their own: `Column1`, `Column2` ….
#[derive(Debug, Default)]
pub(super) struct Unnamed(usize);

impl Unnamed {
    /// The name that follows from the expression, or the next `Column…`.
    pub(super) fn name(&mut self, expression: &Expression) -> String {
        of(expression).unwrap_or_else(|| self.next())
    }

    pub(super) fn next(&mut self) -> String {
        self.0 += 1;
        format!("Column{}", self.0)
    }
}
