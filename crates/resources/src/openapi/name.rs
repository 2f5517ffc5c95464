//! Resource names of imported operations.

use std::collections::BTreeSet;

/// The longest name that import gives.
const MAXIMUM_NAME_LENGTH: usize = 76;

/// The longest display name.
const MAXIMUM_TITLE_LENGTH: usize = 300;

/// The resource name that import makes of an operation id: lower case, one dash for each run of other characters
/// than letters and digits, no dash at the ends, 76 characters at most.
pub(crate) fn normalised(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for character in id.to_lowercase().chars() {
        if character.is_ascii_alphanumeric() {
            out.push(character);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(MAXIMUM_NAME_LENGTH);
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// A display name of allowed length.
pub(super) fn shortened_title(title: String) -> String {
    match title.char_indices().nth(MAXIMUM_TITLE_LENGTH) {
        Some((end, _)) => title.get(..end).unwrap_or("").to_owned(),
        None => title,
    }
}

/// Names given so far.
#[derive(Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// The name itself, or with `-1`, `-2`, … when it is taken.
    pub(super) fn unique(&mut self, name: &str) -> String {
        let numbered = (1_u32..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !self.taken.contains(name));
        let free = free.unwrap_or_else(|| name.to_owned());
        self.taken.insert(free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalised() {
        assert_eq!(normalised("ChatCompletions_Create"), "chatcompletions-create");
        assert_eq!(normalised("get /foo/{bar}"), "get-foo-bar");
        assert_eq!(normalised("--a  b--"), "a-b");
        assert_eq!(normalised(&"x".repeat(90)).len(), 76);
        assert_eq!(normalised(&format!("{}/y", "x".repeat(75))), "x".repeat(75));
    }

    #[test]
    fn taken_names_are_numbered() {
        let mut names = Names::default();
        let given: Vec<_> = (0..3).map(|_| names.unique("a")).collect();
        assert_eq!(given, ["a", "a-1", "a-2"]);
    }
}
