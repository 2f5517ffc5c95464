//! The URL template of an operation: `/deployments/{id}/chat?api-version={version}`.

use std::sync::Arc;

use percent_encoding::percent_decode_str;

/// A template taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// The segments of the path; a trailing slash is not one.
    pub(crate) segments: Vec<Segment>,
    /// Names of the path's parameters in their order.
    pub(crate) parameters: Vec<Arc<str>>,
    /// The query part.
    pub(crate) query: Vec<QueryPart>,
}

/// One segment of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Segment {
    /// Text only.
    Literal(Box<str>),
    /// Text and parameters.
    Mixed(Vec<Part>),
    /// One parameter.
    Parameter,
    /// The rest of the path, also an empty one. True when it is a parameter (`{*name}`).
    Wildcard(bool),
}

/// One piece of a mixed segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// Text, compared without letter case.
    Literal(Box<str>),
    /// A parameter: one character or more.
    Parameter,
}

/// One parameter of the query part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueryPart {
    /// Its name, compared without letter case.
    pub(crate) name: Box<str>,
    /// What it must be.
    pub(crate) value: QueryValue,
    /// False when the call matches without it too.
    pub(crate) required: bool,
}

/// The value of a query parameter in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QueryValue {
    /// This text, compared without letter case.
    Fixed(Box<str>),
    /// Any; it becomes the parameter of this name.
    Parameter(Arc<str>),
}

/// Why a template cannot be used; one lower-case sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("a brace of the URL template is not closed")]
    OpenBrace,
    #[error("a parameter of the URL template has no name")]
    NoName,
    #[error("two parameters stand side by side in the URL template, so nothing tells where one ends")]
    Adjacent,
    #[error("a wildcard stands before the end of the URL template")]
    WildcardInside,
}

impl Template {
    /// Reads a template. `is_required` says whether a query parameter of this name is.
    pub(crate) fn parse(text: &str, is_required: impl Fn(&str) -> bool) -> Result<Self, TemplateError> {
        let (path, query) = split_query(text);
        let mut template = Self { segments: Vec::new(), parameters: Vec::new(), query: Vec::new() };
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        if !path.is_empty() {
            for segment in path.split('/') {
                if matches!(template.segments.last(), Some(Segment::Wildcard(_))) {
                    return Err(TemplateError::WildcardInside);
                }
                let segment = template.segment(segment)?;
                template.segments.push(segment);
            }
        }
        for part in query.split('&').filter(|part| !part.is_empty()) {
            template.query.push(query_part(part, &is_required)?);
        }
        Ok(template)
    }

    fn segment(&mut self, text: &str) -> Result<Segment, TemplateError> {
        if text == "*" {
            return Ok(Segment::Wildcard(false));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                parts.push(Part::Literal(before.into()));
            }
            let (name, behind) = after.split_once('}').ok_or(TemplateError::OpenBrace)?;
            if let Some(name) = name.strip_prefix('*') {
                if !parts.is_empty() || !behind.is_empty() {
                    return Err(TemplateError::WildcardInside);
                }
                self.parameters.push(non_empty(name)?);
                return Ok(Segment::Wildcard(true));
            }
            if matches!(parts.last(), Some(Part::Parameter)) {
                return Err(TemplateError::Adjacent);
            }
            self.parameters.push(non_empty(name)?);
            parts.push(Part::Parameter);
            rest = behind;
        }
        if parts.is_empty() {
            let text = percent_decode_str(text).decode_utf8_lossy();
            return Ok(Segment::Literal(text.into()));
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.into()));
        }
        Ok(if parts == [Part::Parameter] { Segment::Parameter } else { Segment::Mixed(parts) })
    }
}

/// The `?` that starts the query: not one inside braces.
fn split_query(text: &str) -> (&str, &str) {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '?' if depth == 0 => return (text.get(..at).unwrap_or(text), text.get(at + 1..).unwrap_or("")),
            _ => {}
        }
    }
    (text, "")
}

fn non_empty(name: &str) -> Result<Arc<str>, TemplateError> {
    let name = name.trim();
    if name.is_empty() { Err(TemplateError::NoName) } else { Ok(name.into()) }
}

fn query_part(text: &str, is_required: &impl Fn(&str) -> bool) -> Result<QueryPart, TemplateError> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let Some(inner) = value.strip_prefix('{') else {
        return Ok(QueryPart { name: name.into(), value: QueryValue::Fixed(value.into()), required: true });
    };
    let parameter = non_empty(inner.strip_suffix('}').ok_or(TemplateError::OpenBrace)?)?;
    let required = is_required(&parameter);
    Ok(QueryPart { name: name.into(), value: QueryValue::Parameter(parameter), required })
}

/// Holds a segment against the pieces of a mixed one and pushes what the parameters are.
///
/// Every text but the last is taken at its first place, the last one at the end: with parameters of any length that
/// finds a match whenever there is one.
pub(crate) fn match_mixed<'p>(parts: &[Part], segment: &'p str, captures: &mut Vec<&'p str>) -> bool {
    let before = captures.len();
    let matched = try_mixed(parts, segment, captures).is_some();
    if !matched {
        captures.truncate(before);
    }
    matched
}

fn try_mixed<'p>(parts: &[Part], segment: &'p str, captures: &mut Vec<&'p str>) -> Option<()> {
    let mut rest = segment;
    let mut parts = parts.iter().peekable();
    while let Some(part) = parts.next() {
        match part {
            Part::Literal(text) => {
                let head = rest.get(..text.len())?;
                if !head.eq_ignore_ascii_case(text) {
                    return None;
                }
                rest = rest.get(text.len()..)?;
            }
            Part::Parameter => {
                let Some(Part::Literal(text)) = parts.next() else {
                    captures.push(rest);
                    return (!rest.is_empty()).then_some(());
                };
                let at = if parts.peek().is_none() {
                    let at = rest.len().checked_sub(text.len())?;
                    rest.get(at..)?.eq_ignore_ascii_case(text).then_some(at)?
                } else {
                    find_ignoring_case(rest, text)?
                };
                if at == 0 {
                    return None;
                }
                captures.push(rest.get(..at)?);
                rest = rest.get(at + text.len()..)?;
            }
        }
    }
    rest.is_empty().then_some(())
}

/// The first place of `text` behind the first character.
fn find_ignoring_case(haystack: &str, text: &str) -> Option<usize> {
    haystack.char_indices().skip(1).map(|(at, _)| at).find(|at| {
        haystack.get(*at..at + text.len()).is_some_and(|candidate| candidate.eq_ignore_ascii_case(text))
    })
}
