//! `docs/expressions.md`: the reference of the language, written from the tables.
//!
//! Sentences stand in `language.md` beside this file and in the notes of the tables; every name and signature comes
//! from the tables, every limit from where it is enforced.

mod tables;

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::Limits;
use crate::dotnet::registry;
use crate::dotnet::registry::DeclaredType;
use crate::members::{FIRST_VERSION, TypeKind};
use crate::parser::{MAXIMUM_CHAIN, MAXIMUM_DEPTH, MAXIMUM_LENGTH};

/// A difference from .NET that is meant.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Why.
    pub reason: String,
    /// Expressions that show it, each with what it gives here.
    pub examples: Vec<(String, String)>,
}

/// Examples shown for one difference.
const EXAMPLES: usize = 3;

const LANGUAGE: &str = include_str!("language.md");

/// The page.
pub fn page(differences: &[Difference]) -> String {
    let sections = sections();
    let mut out = String::new();
    out.push_str(&language());
    out.push_str("\n## Contents\n\n- [Differences from .NET](#differences-from-net)\n");
    for section in &sections {
        let listed = section.types.iter().filter(|declared| !tables::is_plain_exception(declared));
        let links: Vec<String> = listed.map(|declared| tables::link(declared.source)).collect();
        let colon = if links.is_empty() { "" } else { ": " };
        let _ =
            writeln!(out, "- [{}](#{}){colon}{}", section.title, anchor(&section.title), links.join(", "));
    }
    out.push_str(&differences_section(differences));
    for section in &sections {
        let _ = write!(out, "\n## {}\n", section.title);
        if !section.text.is_empty() {
            let _ = write!(out, "\n{}\n", section.text);
        }
        tables::types(&mut out, &section.types);
    }
    out
}

/// The first part, with the limits put in.
fn language() -> String {
    let limits = Limits::default();
    let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
    let values = [
        ("{length}", format!("{} KiB", MAXIMUM_LENGTH >> 10)),
        ("{nesting}", MAXIMUM_DEPTH.to_string()),
        ("{chain}", MAXIMUM_CHAIN.to_string()),
        ("{steps}", thousands(limits.steps)),
        ("{allocated}", mebibytes(limits.allocated_bytes)),
        ("{depth}", thousands(u64::from(limits.depth))),
        ("{time}", format!("{} ms", thousands(u64::try_from(limits.time.as_millis()).unwrap_or(u64::MAX)))),
        ("{output}", mebibytes(limits.output_bytes as u64)),
        ("{version}", FIRST_VERSION.to_owned()),
    ];
    values.iter().fold(LANGUAGE.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// `5,000,000`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A group of types with its heading.
struct Section {
    title: String,
    text: &'static str,
    types: Vec<&'static DeclaredType>,
}

fn sections() -> Vec<Section> {
    let (own, dotnet): (Vec<_>, Vec<_>) =
        registry().types().iter().partition(|declared| !declared.source.full_name.contains('.'));
    let (helpers, context): (Vec<_>, Vec<_>) = own
        .into_iter()
        .partition(|declared| matches!(declared.source.kind, TypeKind::Static | TypeKind::Class));
    let mut out = vec![
        Section {
            title: "context".to_owned(),
            text: "Every member of `context` is read-only. Where a call has no such thing (no product, no response yet) the \
                   member is null.",
            types: context,
        },
        Section {
            title: "Helpers of API Management".to_owned(),
            text: "Methods that API Management adds to types of .NET, and what they give.",
            types: helpers,
        },
    ];
    let mut namespaces: BTreeMap<&str, Vec<&'static DeclaredType>> = BTreeMap::new();
    for declared in dotnet {
        let (namespace, _) = declared.source.full_name.rsplit_once('.').unwrap_or_default();
        namespaces.entry(namespace).or_default().push(declared);
    }
    for (namespace, mut types) in namespaces {
        types.sort_by_key(|declared| declared.source.short_name().to_lowercase());
        out.push(Section { title: namespace.to_owned(), text: "", types });
    }
    out
}

fn differences_section(differences: &[Difference]) -> String {
    let mut out = String::from(
        "\n## Differences from .NET\n\n\
         Every expression of `conformance/expressions/` was run on a real .NET too, and gives the same type, value or \
         exception there, but for these:\n\n",
    );
    if differences.is_empty() {
        out.push_str("None is recorded.\n");
    }
    for difference in differences {
        let _ = writeln!(out, "- {}", one_line(&difference.reason));
        for (expression, value) in difference.examples.iter().take(EXAMPLES) {
            let _ =
                writeln!(out, "  - {} gives {}", tables::code(&one_line(expression)), tables::code(value));
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As pages of Markdown make an anchor of a heading.
fn anchor(title: &str) -> String {
    let kept = |next: char| match next {
        ' ' => Some('-'),
        next if next.is_alphanumeric() || next == '-' => Some(next.to_ascii_lowercase()),
        _ => None,
    };
    title.chars().filter_map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_filled_in() {
        let text = language();
        assert!(text.contains("5,000,000") && text.contains("256 KiB"), "{text}");
        for placeholder in ["{length}", "{nesting}", "{chain}", "{steps}", "{depth}", "{time}", "{version}"] {
            assert!(!text.contains(placeholder), "{placeholder}");
        }
    }

    #[test]
    fn every_type_and_every_name_is_on_the_page() {
        let page = page(&[]);
        for declared in registry().types() {
            let name = declared.source.full_name;
            assert!(page.contains(&format!("<a id=\"{}\"></a>", name.to_lowercase())), "{name}");
        }
        for expected in ["`void Trace(string message)`", "`static Guid NewGuid()`", "`OrdinalIgnoreCase`"] {
            assert!(page.contains(expected), "{expected}");
        }
    }

    #[test]
    fn differences_with_examples() {
        let difference = Difference {
            reason: "Because\nof this.".to_owned(),
            examples: vec![("@(1 | 2)".to_owned(), "3".to_owned())],
        };
        let page = page(&[difference]);
        assert!(page.contains("- Because of this.\n  - `@(1 | 2)` gives `3`\n"));
    }
}
