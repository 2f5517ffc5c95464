//! The URL template of an operation, from which the URL of its request is made.

use http::HeaderName;
use sekisho_resources::model::{ContractParameter, ParameterPlace};

use super::arguments::{ArgumentPlace, PathPiece, escaped};

/// A URL template taken apart.
pub(super) struct UrlTemplate {
    pub(super) path: Vec<PathPiece>,
    pub(super) fixed_query: Vec<String>,
    /// Variables of the query with their names on the wire.
    query: Vec<(String, String)>,
}

impl UrlTemplate {
    pub(super) fn new(template: &str) -> Self {
        let (path, query) = template.split_once('?').unwrap_or((template, ""));
        let mut out = Self { path: path_pieces(path), fixed_query: Vec::new(), query: Vec::new() };
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let variable = part.split_once('=').and_then(|(name, value)| {
                let variable = value.strip_prefix('{')?.strip_suffix('}')?;
                Some((variable.to_owned(), name.to_owned()))
            });
            match variable {
                Some(variable) => out.query.push(variable),
                None => out.fixed_query.push(part.to_owned()),
            }
        }
        out
    }

    /// Where a parameter goes; none when there is no place for it.
    pub(super) fn place(&self, parameter: &ContractParameter) -> Option<ArgumentPlace> {
        let name = &parameter.name;
        match parameter.place {
            ParameterPlace::Path => {
                let is_own = |piece: &PathPiece| matches!(piece, PathPiece::Variable { name: own, .. } if **own == **name);
                self.path.iter().any(is_own).then_some(ArgumentPlace::Path)
            }
            ParameterPlace::Query => {
                let on_wire = self.query.iter().find(|(variable, _)| variable == name);
                Some(ArgumentPlace::Query(on_wire.map_or_else(|| escaped(name), |(_, wire)| wire.clone())))
            }
            ParameterPlace::Header => HeaderName::try_from(name.as_str()).ok().map(ArgumentPlace::Header),
        }
    }
}

/// `/a/{b}/{*c}` in pieces. A `*` without a name at the end takes nothing.
fn path_pieces(path: &str) -> Vec<PathPiece> {
    let mut pieces = Vec::new();
    let mut rest = path.strip_suffix("/*").unwrap_or(path);
    while let Some((literal, after)) = rest.split_once('{') {
        let Some((variable, tail)) = after.split_once('}') else { break };
        if !literal.is_empty() {
            pieces.push(PathPiece::Literal(literal.to_owned()));
        }
        let is_rest = variable.starts_with('*');
        pieces.push(PathPiece::Variable { name: variable.trim_start_matches('*').into(), is_rest });
        rest = tail;
    }
    if !rest.is_empty() || pieces.is_empty() {
        let literal = if rest.is_empty() { "/" } else { rest };
        pieces.push(PathPiece::Literal(literal.to_owned()));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_taken_apart() {
        let template = UrlTemplate::new("/orders/{id}/lines/{*rest}?api-version={version}&kind=full");
        let literal = |text: &str| PathPiece::Literal(text.to_owned());
        let variable = |name: &str, is_rest| PathPiece::Variable { name: name.into(), is_rest };
        assert_eq!(
            template.path,
            [literal("/orders/"), variable("id", false), literal("/lines/"), variable("rest", true)]
        );
        assert_eq!(template.query, [("version".to_owned(), "api-version".to_owned())]);
        assert_eq!(template.fixed_query, ["kind=full"]);
        assert_eq!(UrlTemplate::new("/*").path, [literal("/")]);
        assert_eq!(UrlTemplate::new("/a/*").path, [literal("/a")]);
    }
}
