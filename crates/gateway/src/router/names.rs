//! A map from names to values that does not care about ASCII letter case and is read without allocating.

/// Entries sorted by the hash of their lower-case name.
#[derive(Clone, Debug)]
pub(crate) struct Names<V> {
    entries: Vec<(u64, Box<str>, V)>,
}

impl<V> Default for Names<V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<V> Names<V> {
    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        let hash = hash(name);
        let start = self.entries.partition_point(|(known, _, _)| *known < hash);
        let same_hash = self.entries.get(start..)?.iter().take_while(|(known, _, _)| *known == hash);
        same_hash
            .into_iter()
            .find(|(_, known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, _, value)| value)
    }

    /// The value of a name, made when there is none.
    pub(crate) fn get_or_insert_with(&mut self, name: &str, make: impl FnOnce() -> V) -> &mut V {
        let hash = hash(name);
        let mut at = self.entries.partition_point(|(known, _, _)| *known < hash);
        while let Some((known, text, _)) = self.entries.get(at)
            && *known == hash
            && !text.eq_ignore_ascii_case(name)
        {
            at += 1;
        }
        let found = self
            .entries
            .get(at)
            .is_some_and(|(known, text, _)| *known == hash && text.eq_ignore_ascii_case(name));
        if !found {
            self.entries.insert(at, (hash, name.into(), make()));
        }
        &mut self.entries[at].2
    }
}

/// FNV-1a over the lower-case bytes. The names come from the configuration, so nobody can make them collide on purpose.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letter_case_does_not_matter() {
        let mut names = Names::default();
        for (index, name) in ["Echo", "openai", "a", "", "OPENAI"].into_iter().enumerate() {
            names.get_or_insert_with(name, || index);
        }
        assert_eq!(names.get("echo"), Some(&0));
        assert_eq!(names.get("OpenAI"), Some(&1));
        assert_eq!(names.get(""), Some(&3));
        assert_eq!(names.get("b"), None);
    }
}
