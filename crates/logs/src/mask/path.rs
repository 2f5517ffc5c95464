//! Places in JSON documents: `$.messages[*].content`, `$..secret`, `$.choices[0]['message']`.

/// A path that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{path}` is no path of masking at byte {at}; paths begin with `$` and go on with `.name`, `..name`, `.*`, `[0]`, `[*]` or `['name']`"
)]
pub struct PathError {
    /// The path.
    pub path: String,
    /// Where it cannot be read, in bytes.
    pub at: usize,
}

/// The most steps of a path.
const MAX_STEPS: usize = 64;

/// A path, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonPath {
    pub(super) steps: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A member of an object.
    Member(String),
    /// An element of an array.
    Element(usize),
    /// All members or elements.
    All,
    /// This value and everything in it, however deep.
    Deep,
}

impl JsonPath {
    pub(super) fn parse(path: &str) -> Result<JsonPath, PathError> {
        let refused = |rest: &str| PathError { path: path.to_owned(), at: path.len() - rest.len() };
        let mut rest = path.trim_end();
        let mut steps = Vec::new();
        rest = rest.strip_prefix('$').ok_or_else(|| refused(rest))?;
        while !rest.is_empty() {
            rest = step(rest, &mut steps).ok_or_else(|| refused(rest))?;
            if steps.len() > MAX_STEPS {
                return Err(refused(rest));
            }
        }
        match steps.last() {
            None | Some(Step::Deep) => Err(refused(rest)),
            Some(_) => Ok(JsonPath { steps }),
        }
    }
}

/// Reads one step and gives what follows it.
fn step<'a>(text: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix("..") {
        steps.push(Step::Deep);
        return if rest.starts_with('[') { Some(rest) } else { member(rest, steps) };
    }
    if let Some(rest) = text.strip_prefix('.') {
        return member(rest, steps);
    }
    let inner = text.strip_prefix('[')?;
    if let Some(rest) = inner.strip_prefix("*]") {
        steps.push(Step::All);
        return Some(rest);
    }
    let quote = inner.chars().next().filter(|first| matches!(first, '\'' | '"'));
    if let Some(quote) = quote {
        let (name, rest) = inner.get(1..)?.split_once(quote)?;
        steps.push(Step::Member(name.to_owned()));
        return rest.strip_prefix(']');
    }
    let (number, rest) = inner.split_once(']')?;
    steps.push(Step::Element(number.parse().ok()?));
    Some(rest)
}

fn member<'a>(text: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix('*') {
        steps.push(Step::All);
        return Some(rest);
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    if name.is_empty() {
        return None;
    }
    steps.push(Step::Member(name.to_owned()));
    Some(rest)
}
