//! The candidates for each kind of place.

use std::collections::BTreeMap;

use super::{Candidate, Kind, available_members};
use crate::binder::{VisibleName, shown};
use crate::dotnet::registry;
use crate::dotnet::registry::{Declared, MemberKind};
use crate::members::{TypeDeclaration, TypeKind};
use crate::types::{KEYWORDS, Type};

/// Words that begin or join values.
const VALUE_WORDS: &[&str] =
    &["checked", "default", "false", "from", "nameof", "new", "null", "throw", "true", "typeof", "unchecked"];

/// Words that begin statements.
const STATEMENT_WORDS: &[&str] = &[
    "break", "const", "continue", "do", "for", "foreach", "if", "return", "switch", "throw", "try", "using",
    "var", "while",
];

fn simple(text: &str, kind: Kind, signature: impl Into<String>) -> Candidate {
    Candidate { text: text.to_owned(), kind, signature: signature.into(), overloads: 0, note: None }
}

/// Members of a value or, `is_static`, of the type itself: one candidate for each name.
pub(super) fn members(ty: &Type, is_static: bool) -> Vec<Candidate> {
    let mut found: BTreeMap<String, Candidate> = BTreeMap::new();
    for (name, property) in own_properties(ty, is_static) {
        found.insert(sort_key(&name), simple(&name, Kind::Property, format!("{} {name}", shown(&property))));
    }
    for member in available_members(ty, is_static) {
        let kind = if member.kind == MemberKind::Property { Kind::Property } else { Kind::Method };
        match found.get_mut(&sort_key(member.name)) {
            // A property hides what stands farther away under its name.
            Some(known) if known.kind == Kind::Method && kind == Kind::Method => known.overloads += 1,
            Some(_) => {}
            None => {
                let signature = signature_of(member);
                let note = member.member.note;
                let candidate =
                    Candidate { text: member.name.to_owned(), kind, signature, overloads: 0, note };
                found.insert(sort_key(member.name), candidate);
            }
        }
    }
    if is_static && let Some(declared) = registry().of(ty) {
        for (name, value) in declared.source.values {
            found.insert(sort_key(name), simple(name, Kind::EnumValue, format!("{name} = {value}")));
        }
    }
    found.into_values().collect()
}

/// Letters alike stand together, `a` before `A`-words of other case.
fn sort_key(name: &str) -> String {
    format!("{}\0{name}", name.to_lowercase())
}

/// Properties that no table declares: of anonymous objects, tuples and arrays.
fn own_properties(ty: &Type, is_static: bool) -> Vec<(String, Type)> {
    match ty {
        _ if is_static => Vec::new(),
        Type::Anonymous(shape) => shape.iter().map(|(name, ty)| (name.to_string(), ty.clone())).collect(),
        Type::Generic("System.Tuple", items) => items.iter().enumerate().map(numbered).collect(),
        Type::Tuple(items, names) => {
            let named = |(at, ty): (usize, &Type)| Some((names.get(at)?.to_owned(), ty.clone()));
            let own = items.iter().enumerate().filter_map(named);
            own.chain(items.iter().enumerate().map(numbered)).collect()
        }
        Type::Array(_) => vec![("Length".to_owned(), Type::Int32)],
        _ => Vec::new(),
    }
}

/// An element of a tuple under its general name.
fn numbered((at, ty): (usize, &Type)) -> (String, Type) {
    (format!("Item{}", at + 1), ty.clone())
}

/// As the table declares it, without the words that the place says already.
fn signature_of(member: &Declared) -> String {
    let text = member.member.signature;
    text.strip_prefix("static ").unwrap_or(text).replace("(this ", "(")
}

/// Types and namespaces inside a namespace.
pub(super) fn namespace(name: &str) -> Vec<Candidate> {
    let inside = |full: &'static str| full.strip_prefix(name)?.strip_prefix('.');
    let mut found = BTreeMap::new();
    for declared in registry().types().iter().filter(|found| !found.source.full_name.contains('[')) {
        let Some(rest) = inside(declared.source.full_name) else { continue };
        let candidate = match rest.split_once('.') {
            Some((next, _)) => simple(next, Kind::Namespace, format!("namespace {name}.{next}")),
            None => of_type(declared.source),
        };
        found.entry(sort_key(&candidate.text)).or_insert(candidate);
    }
    found.into_values().collect()
}

/// All types by short name, the keywords for types, and the roots of namespaces.
pub(super) fn types() -> Vec<Candidate> {
    let mut found = BTreeMap::new();
    for (keyword, ty) in KEYWORDS.iter().filter(|(_, ty)| *ty != Type::Void) {
        found.insert(sort_key(keyword), simple(keyword, Kind::Keyword, ty.to_string()));
    }
    for declared in registry().types().iter().filter(|found| !found.source.full_name.contains('[')) {
        let candidate = of_type(declared.source);
        found.entry(sort_key(&candidate.text)).or_insert(candidate);
        if let Some((root, _)) = declared.source.full_name.split_once('.') {
            let namespace = simple(root, Kind::Namespace, format!("namespace {root}"));
            found.entry(sort_key(root)).or_insert(namespace);
        }
    }
    found.into_values().collect()
}

fn of_type(declared: &'static TypeDeclaration) -> Candidate {
    let word = match declared.kind {
        TypeKind::Class => "class",
        TypeKind::Struct => "struct",
        TypeKind::Interface => "interface",
        TypeKind::Enum => "enum",
        TypeKind::Static => "static class",
        TypeKind::Delegate => "delegate",
    };
    let parameters = match declared.type_parameters {
        [] => String::new(),
        names => format!("<{}>", names.join(", ")),
    };
    let signature = format!("{word} {}{parameters}", declared.full_name);
    Candidate { note: declared.note, ..simple(declared.short_name(), Kind::Type, signature) }
}

/// Where a value may begin: locals, `context`, words of C#, types.
pub(super) fn names(visible: Vec<VisibleName>, begins_statement: bool) -> Vec<Candidate> {
    let mut out: Vec<Candidate> = visible
        .into_iter()
        .map(|found| {
            let kind = if found.is_function { Kind::Function } else { Kind::Variable };
            simple(&found.name, kind, found.signature)
        })
        .collect();
    out.push(simple("context", Kind::Variable, "IContext context"));
    let words = if begins_statement { STATEMENT_WORDS } else { &[] };
    let mut words: Vec<&str> = words.iter().chain(VALUE_WORDS).copied().collect();
    words.sort_unstable();
    words.dedup();
    out.extend(words.into_iter().map(|word| simple(word, Kind::Keyword, word)));
    out.extend(types());
    out
}
