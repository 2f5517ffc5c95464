//! Names that were meant, perhaps.

use crate::Error;

/// The error, with the nearest of the names when one is near.
pub(crate) fn hint<'a>(error: Error, name: &str, names: impl Iterator<Item = &'a str>) -> Error {
    match nearest(name, names) {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// The name that differs in the fewest characters, if it is like enough.
fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const MAX_LENGTH: usize = 64;
    if name.len() > MAX_LENGTH {
        return None;
    }
    let limit = (name.chars().count() / 3).clamp(1, 3);
    let lower = name.to_lowercase();
    names
        .filter(|known| known.len() <= MAX_LENGTH)
        .map(|known| (distance(&lower, &known.to_lowercase()), known))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// How many characters are to be inserted, removed or replaced.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, character) in left.chars().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        let mut next = vec![before];
        for (other, above) in right.iter().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(character != *other);
            before = replaced.min(before + 1).min(above + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["summarize", "project", "where"];
        assert_eq!(nearest("sumarize", names.into_iter()), Some("summarize"));
        assert_eq!(nearest("Where", names.into_iter()), Some("where"));
        assert_eq!(nearest("extend", names.into_iter()), None);
        assert_eq!((distance("kitten", "sitting"), distance("", "ab"), distance("a", "a")), (3, 2, 0));
    }
}
