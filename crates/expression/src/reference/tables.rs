//! A heading and a table for each type.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::binder::shown;
use crate::dotnet::registry;
use crate::dotnet::registry::{Declared, DeclaredType, MemberKind};
use crate::members::{FIRST_VERSION, TypeDeclaration, TypeKind};
use crate::types::Type;

/// The types of a section. Exceptions that declare nothing of their own share one table at the end.
pub(super) fn types(out: &mut String, types: &[&DeclaredType]) {
    let (exceptions, others): (Vec<_>, Vec<_>) = types.iter().partition(|found| is_plain_exception(found));
    for declared in others {
        heading(out, declared);
        match declared.source.kind {
            TypeKind::Enum => values(out, declared.source),
            TypeKind::Delegate => {}
            _ => members(out, declared),
        }
    }
    if !exceptions.is_empty() {
        out.push_str("\n### Exceptions\n\nEach with `new()`, `new(string message)`, `new(string message, Exception innerException)` and the members of ");
        let _ =
            writeln!(out, "{}.\n\n| exception | derives from |\n|---|---|", reference("System.Exception"));
        for declared in exceptions {
            let base = declared.base.as_ref().and_then(Type::declaration_name).unwrap_or("System.Exception");
            let name = declared.source.full_name;
            let _ = writeln!(
                out,
                "| <a id=\"{}\"></a>`{}` | {} |",
                name.to_lowercase(),
                declared.source.short_name(),
                reference(base)
            );
        }
    }
}

/// True for exceptions whose table would be that of `System.Exception`.
pub(super) fn is_plain_exception(declared: &DeclaredType) -> bool {
    declared.source.full_name.ends_with("Exception")
        && declared.base.is_some()
        && declared.members.iter().all(|member| member.kind == MemberKind::Constructor)
}

/// A link to a type's table.
pub(super) fn link(declared: &TypeDeclaration) -> String {
    format!("[{}](#{})", declared.short_name(), declared.full_name.to_lowercase())
}

fn reference(full_name: &str) -> String {
    match registry().by_full_name(full_name) {
        Some(declared) => link(declared.source),
        None => code(full_name),
    }
}

/// A type as C# has it, with a link where it has a table.
fn linked(ty: &Type) -> String {
    match ty.declaration_name().and_then(|name| registry().by_full_name(name)) {
        Some(declared) => {
            format!("[{}](#{})", escaped(&shown(ty)), declared.source.full_name.to_lowercase())
        }
        None => code(&shown(ty)),
    }
}

/// Text outside of code.
fn escaped(text: &str) -> String {
    text.replace('<', "&lt;").replace('|', "\\|")
}

/// Text as code that may stand in a table.
pub(super) fn code(text: &str) -> String {
    let fence = if text.contains('`') { "``" } else { "`" };
    format!("{fence}{text}{fence}")
}

/// Code in a cell: a bar would end the cell.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

fn heading(out: &mut String, declared: &DeclaredType) {
    let source = declared.source;
    let parameters = match source.type_parameters {
        [] => String::new(),
        names => format!("&lt;{}&gt;", names.join(", ")),
    };
    let word = match source.kind {
        TypeKind::Class => "class",
        TypeKind::Struct => "struct",
        TypeKind::Interface => "interface",
        TypeKind::Enum => "enum",
        TypeKind::Static => "static class",
        TypeKind::Delegate => "delegate",
    };
    let anchor = source.full_name.to_lowercase();
    let _ = write!(out, "\n<a id=\"{anchor}\"></a>\n\n### {}{parameters}\n\n", source.short_name());
    let _ = write!(out, "`{word} {}`", source.full_name);
    let parents: Vec<String> = declared.base.iter().chain(&declared.interfaces).map(linked).collect();
    if !parents.is_empty() {
        let _ = write!(out, " : {}", parents.join(", "));
    }
    out.push('\n');
    if let Some(note) = source.note {
        let _ = write!(out, "\n{note}\n");
    }
    if source.kind == TypeKind::Delegate
        && let Some(invoke) = source.members.first()
    {
        let _ = write!(out, "\n{}\n", code(invoke.signature));
    }
}

fn values(out: &mut String, source: &TypeDeclaration) {
    if source.values.is_empty() {
        return;
    }
    out.push_str("\n| value | number |\n|---|---|\n");
    for (name, value) in source.values {
        let _ = writeln!(out, "| `{name}` | {value} |");
    }
}

/// The order of a table: how one makes it, what it has, what it does, and the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Constructors,
    StaticProperties,
    Properties,
    Indexers,
    Methods,
    Operators,
    Conversions,
}

impl Group {
    fn of(member: &Declared) -> Self {
        match member.kind {
            MemberKind::Constructor => Self::Constructors,
            MemberKind::Property | MemberKind::PropertySetter if member.is_static => Self::StaticProperties,
            MemberKind::Property | MemberKind::PropertySetter => Self::Properties,
            MemberKind::Indexer | MemberKind::IndexSetter => Self::Indexers,
            MemberKind::Method | MemberKind::Extension => Self::Methods,
            MemberKind::Operator => Self::Operators,
            MemberKind::Implicit | MemberKind::Explicit => Self::Conversions,
        }
    }

    /// What the first column says.
    fn name(self, member: &Declared) -> String {
        match self {
            Self::Constructors => "new".to_owned(),
            Self::Indexers => "[ ]".to_owned(),
            Self::Operators => "operators".to_owned(),
            Self::Conversions => "conversions".to_owned(),
            Self::StaticProperties | Self::Properties | Self::Methods => member.name.to_owned(),
        }
    }
}

/// One row: overloads together, and what is to be said of them.
#[derive(Default)]
struct Row {
    signatures: Vec<String>,
    notes: Vec<String>,
}

fn members(out: &mut String, declared: &DeclaredType) {
    let mut rows: BTreeMap<(Group, String, String), Row> = BTreeMap::new();
    for member in &declared.members {
        let group = Group::of(member);
        let name = group.name(member);
        let row = rows.entry((group, name.to_lowercase(), name)).or_default();
        match member.kind {
            MemberKind::PropertySetter | MemberKind::IndexSetter => settable(row, member),
            _ => row.signatures.push(member.member.signature.to_owned()),
        }
        let since = member.member.since;
        let version = (since != FIRST_VERSION).then(|| format!("Since {since}."));
        for note in member.member.note.map(str::to_owned).into_iter().chain(version) {
            if !row.notes.contains(&note) {
                row.notes.push(note);
            }
        }
    }
    if rows.is_empty() {
        return;
    }
    let has_notes = rows.values().any(|row| !row.notes.is_empty());
    out.push_str(if has_notes {
        "\n| member | signature | notes |\n|---|---|---|\n"
    } else {
        "\n| member | signature |\n|---|---|\n"
    });
    for ((_, _, name), row) in rows {
        let signatures: Vec<String> = row.signatures.iter().map(|signature| cell(signature)).collect();
        let _ = write!(out, "| {} | {} |", cell(&name), signatures.join("<br>"));
        if has_notes {
            let _ = write!(out, " {} |", row.notes.join(" ").replace('|', "\\|"));
        }
        out.push('\n');
    }
}

/// Marks the getter as one that can be set; a setter alone stands for itself.
fn settable(row: &mut Row, setter: &Declared) {
    let signature = setter.member.signature;
    let getter = signature.strip_prefix("set ").unwrap_or(signature);
    match row.signatures.iter_mut().find(|known| *known == getter) {
        Some(known) => known.push_str(" { get; set; }"),
        None => row.signatures.push(format!("{getter} {{ set; }}")),
    }
}
