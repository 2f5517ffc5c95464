//! `Match`, `Group`, `Capture` and their collections.

use std::any::Any;
use std::sync::Arc;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Text, Value};

use super::compiled::{Compiled, Span};
use super::replacement::Replacement;

pub(super) static CAPTURE: TypeDeclaration = TypeDeclaration::class("System.Text.RegularExpressions.Capture")
    .members(&[
        pure("string Value", |call| Ok(Value::String(piece(call)?.text()))),
        pure("int Index", |call| {
            let piece = piece(call)?;
            Ok(Value::Int32(position(piece.span.map_or(0, |(start, _)| piece.input.unit_index(start)))))
        }),
        pure("int Length", |call| Ok(Value::Int32(position(piece(call)?.text().length())))),
        pure("string ToString()", |call| Ok(Value::String(piece(call)?.text()))),
    ]);

pub(super) static GROUP: TypeDeclaration =
    TypeDeclaration::class("System.Text.RegularExpressions.Group").base("Capture").members(&[
        pure("bool Success", |call| Ok(Value::Boolean(piece(call)?.span.is_some()))),
        pure("string Name", |call| Ok(Value::from(piece(call)?.name.as_str()))),
        pure("CaptureCollection Captures", |call| {
            let spans = all_captures(call)?;
            let piece = piece(call)?;
            let capture =
                |span| Value::object(Piece { kind: Kind::Capture, span: Some(span), ..piece.plain() });
            Ok(Value::object(Items { kind: Kind::Capture, items: spans.into_iter().map(capture).collect() }))
        }),
    ]);

pub(super) static MATCH: TypeDeclaration =
    TypeDeclaration::class("System.Text.RegularExpressions.Match").base("Group").members(&[
        pure("static Match Empty", |_| Ok(empty())),
        pure("GroupCollection Groups", |call| Ok(Value::object(Groups(piece(call)?.found.clone())))),
        pure("Match NextMatch()", next_match),
        pure("string Result(string replacement)", |call| {
            let replacement = call.text(0)?;
            let Some(found) = &piece(call)?.found else {
                return Err(Exception::not_supported("Result cannot be called on a failed Match."));
            };
            let mut out = String::new();
            Replacement::new(&replacement, &found.regex).expand(&found.input, &found.spans, &mut out);
            Ok(Value::from(out))
        }),
    ]);

pub(super) static CAPTURES: TypeDeclaration =
    TypeDeclaration::class("System.Text.RegularExpressions.CaptureCollection")
        .interfaces(&["IEnumerable<Capture>"])
        .members(&[
            pure("int Count", |call| Ok(Value::Int32(position(call.object::<Items>()?.items.len())))),
            pure("Capture this[int i]", item),
        ]);

pub(super) static MATCHES: TypeDeclaration =
    TypeDeclaration::class("System.Text.RegularExpressions.MatchCollection")
        .interfaces(&["IEnumerable<Match>"])
        .members(&[
            pure("int Count", |call| Ok(Value::Int32(position(call.object::<Items>()?.items.len())))),
            pure("Match this[int i]", item),
        ]);

pub(super) static GROUPS: TypeDeclaration =
    TypeDeclaration::class("System.Text.RegularExpressions.GroupCollection")
        .interfaces(&["IEnumerable<Group>"])
        .members(&[
            pure("int Count", |call| {
                // A failed match has one group, itself.
                let found = &call.object::<Groups>()?.0;
                Ok(Value::Int32(position(found.as_ref().map_or(1, |found| found.spans.len()))))
            }),
            pure("Group this[int groupnum]", |call| {
                let number = i64::from(call.int(0));
                Ok(group_or_failed(&call.object::<Groups>()?.0, |regex| regex.by_number(number)))
            }),
            pure("Group this[string groupname]", |call| {
                let name = call.text(0)?;
                Ok(group_or_failed(&call.object::<Groups>()?.0, |regex| regex.by_name(&name)))
            }),
            pure("bool ContainsKey(string key)", |call| {
                let name = call.text(0)?;
                let found = &call.object::<Groups>()?.0;
                Ok(Value::Boolean(found.as_ref().is_some_and(|found| found.regex.by_name(&name).is_some())))
            }),
            pure("bool TryGetValue(string key, out Group value)", |call| {
                let name = call.text(0)?;
                let found = call.object::<Groups>()?.0.clone();
                let at = found.as_ref().and_then(|found| found.regex.by_name(&name));
                call.set_out(1, at.map_or(Value::Null, |at| group(found.as_ref(), at)));
                Ok(Value::Boolean(at.is_some()))
            }),
            pure("IEnumerable<string> Keys", |call| {
                let found = call.object::<Groups>()?.0.clone();
                let names =
                    found.iter().flat_map(|found| found.regex.groups.iter().map(|group| group.name.as_str()));
                Ok(Value::string_array(names))
            }),
            pure("IEnumerable<Group> Values", |call| {
                let items = call.object::<Groups>()?.items().unwrap_or_default();
                Ok(Value::array(Type::Named(Kind::Group.type_name()), items))
            }),
        ]);

/// A match with all its groups.
pub(super) struct Found {
    pub(super) regex: Arc<Compiled>,
    pub(super) input: Text,
    pub(super) spans: Vec<Span>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Capture,
    Group,
    Match,
}

impl Kind {
    fn type_name(self) -> &'static str {
        match self {
            Kind::Capture => CAPTURE.full_name,
            Kind::Group => GROUP.full_name,
            Kind::Match => MATCH.full_name,
        }
    }
}

/// A part of a text: a `Match`, `Group` or `Capture`.
struct Piece {
    kind: Kind,
    input: Text,
    /// None when it did not take part.
    span: Span,
    name: String,
    /// Of a group inside a quantifier, which may have captured more than once: its match and its position.
    repeated: Option<(Arc<Found>, usize)>,
    /// Of a match that succeeded.
    found: Option<Arc<Found>>,
}

impl DotnetObject for Piece {
    fn type_of(&self) -> Type {
        Type::Named(self.kind.type_name())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        self.text().to_string()
    }
}

impl Piece {
    fn text(&self) -> Text {
        self.span.and_then(|(start, end)| self.input.get(start..end)).map_or_else(Text::empty, Text::from)
    }

    /// The same text as a piece without groups.
    fn plain(&self) -> Piece {
        Piece {
            kind: self.kind,
            input: self.input.clone(),
            span: self.span,
            name: self.name.clone(),
            repeated: None,
            found: None,
        }
    }
}

struct Items {
    kind: Kind,
    items: Vec<Value>,
}

impl DotnetObject for Items {
    fn type_of(&self) -> Type {
        Type::Named(if self.kind == Kind::Match { MATCHES.full_name } else { CAPTURES.full_name })
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.items.clone())
    }
}

struct Groups(Option<Arc<Found>>);

impl DotnetObject for Groups {
    fn type_of(&self) -> Type {
        Type::Named(GROUPS.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn items(&self) -> Option<Vec<Value>> {
        let count = self.0.as_ref().map_or(1, |found| found.spans.len());
        Some((0..count).map(|at| group(self.0.as_ref(), at)).collect())
    }
}

/// A `Match` that succeeded.
pub(super) fn matched(found: Found) -> Value {
    match_of(Arc::new(found))
}

fn match_of(found: Arc<Found>) -> Value {
    Value::object(Piece {
        kind: Kind::Match,
        input: found.input.clone(),
        span: found.spans.first().copied().flatten(),
        name: "0".to_owned(),
        repeated: None,
        found: Some(found),
    })
}

/// `Match.Empty`.
pub(super) fn empty() -> Value {
    Value::object(failed(Kind::Match))
}

fn failed(kind: Kind) -> Piece {
    Piece { kind, input: Text::empty(), span: None, name: "0".to_owned(), repeated: None, found: None }
}

/// `MatchCollection`.
pub(super) fn collection(items: Vec<Value>) -> Value {
    Value::object(Items { kind: Kind::Match, items })
}

/// Group 0 is the match itself.
fn group(found: Option<&Arc<Found>>, at: usize) -> Value {
    let Some(found) = found else { return empty() };
    if at == 0 {
        return match_of(Arc::clone(found));
    }
    let facts = found.regex.groups.get(at);
    Value::object(Piece {
        kind: Kind::Group,
        input: found.input.clone(),
        span: found.spans.get(at).copied().flatten(),
        name: facts.map_or_else(String::new, |group| group.name.clone()),
        repeated: facts.filter(|group| group.repeated).map(|_| (Arc::clone(found), at)),
        found: None,
    })
}

fn group_or_failed(found: &Option<Arc<Found>>, find: impl FnOnce(&Compiled) -> Option<usize>) -> Value {
    match found.as_ref().and_then(|found| find(&found.regex)) {
        Some(at) => group(found.as_ref(), at),
        None => Value::object(failed(Kind::Group)),
    }
}

/// Where a group captured, in the order of its captures.
fn all_captures(call: &mut Call<'_>) -> Result<Vec<(usize, usize)>, Exception> {
    let piece = piece(call)?;
    let (Some(span), repeated) = (piece.span, piece.repeated.clone()) else { return Ok(Vec::new()) };
    let Some((found, at)) = repeated else { return Ok(vec![span]) };
    let whole = found.spans.first().copied().flatten().unwrap_or(span);
    found.regex.captures(&found.input, whole, at, call.budget())
}

fn piece<'c>(call: &'c Call<'_>) -> Result<&'c Piece, Exception> {
    call.object()
}

fn position(at: usize) -> i32 {
    i32::try_from(at).unwrap_or(i32::MAX)
}

fn item(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = &call.object::<Items>()?.items;
    let found = usize::try_from(call.int(0)).ok().and_then(|at| items.get(at));
    found.cloned().ok_or_else(|| Exception::argument_out_of_range("i", ""))
}

fn next_match(call: &mut Call<'_>) -> Result<Value, Exception> {
    let Some(found) = piece(call)?.found.clone() else { return Ok(empty()) };
    let whole = found.spans.first().copied().flatten().unwrap_or((0, 0));
    let Some(from) = found.regex.next_start(&found.input, whole) else { return Ok(empty()) };
    let spans = found.regex.find(&found.input, from, call.budget())?;
    Ok(spans.map_or_else(empty, |spans| {
        matched(Found { regex: Arc::clone(&found.regex), input: found.input.clone(), spans })
    }))
}
