//! `${NAME}` and `${NAME:-default}` in values.

/// A variable that is not set and has no default.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnsetVariable {
    pub(crate) name: String,
    /// The reference as written.
    pub(crate) reference: String,
}

/// Replaces references. The default also stands in for an empty variable, as in a shell. `$${` is a `${` that stays;
/// `${` without a name stays as well.
pub(crate) fn expand(
    text: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<String, UnsetVariable> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let before = rest.get(..at).unwrap_or("");
        let from = rest.get(at..).unwrap_or("");
        if let Some(kept) = before.strip_suffix('$') {
            out.push_str(kept);
            out.push_str("${");
            rest = from.get(2..).unwrap_or("");
            continue;
        }
        out.push_str(before);
        let Some((reference, name, default)) = reference(from) else {
            out.push_str("${");
            rest = from.get(2..).unwrap_or("");
            continue;
        };
        let value = environment(name).filter(|value| default.is_none() || !value.is_empty());
        match value.as_deref().or(default) {
            Some(value) => out.push_str(value),
            None => return Err(UnsetVariable { name: name.to_owned(), reference: reference.to_owned() }),
        }
        rest = from.get(reference.len()..).unwrap_or("");
    }
    out.push_str(rest);
    Ok(out)
}

/// The reference at the start of the text: all of it, the name and the default.
fn reference(text: &str) -> Option<(&str, &str, Option<&str>)> {
    let end = text.find('}')?;
    let inner = text.get(2..end)?;
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_name = starts_well && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((text.get(..=end)?, name, default))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, UnsetVariable> {
        expand(text, &|name| match name {
            "HOST" => Some("example.org".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn references_are_replaced() {
        assert_eq!(expanded("https://${HOST}/a").unwrap(), "https://example.org/a");
        assert_eq!(expanded("${PORT:-80}${HOST:-x}${EMPTY:-e}[${EMPTY}]").unwrap(), "80example.orge[]");
    }

    #[test]
    fn other_dollars_stay() {
        assert_eq!(
            expanded("$${HOST} ${} ${not a name} $HOST ${").unwrap(),
            "${HOST} ${} ${not a name} $HOST ${"
        );
    }

    #[test]
    fn an_unset_variable_is_named() {
        let missing = expanded("a ${NOPE} b").unwrap_err();
        assert_eq!((missing.name.as_str(), missing.reference.as_str()), ("NOPE", "${NOPE}"));
    }
}
