//! Counters that a call was counted in, each with how much: policies with the same counter count the call once.

/// Counters by their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted(Vec<(String, u64)>);

impl Counted {
    /// How much of the call a counter holds; none when it was not counted there.
    pub(crate) fn amount(&self, key: &str) -> Option<u64> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, amount)| *amount)
    }

    /// Counts the call in a counter; true when it was not counted there before.
    pub(crate) fn add(&mut self, key: &str, amount: u64) -> bool {
        match self.0.iter_mut().find(|(known, _)| known == key) {
            Some((_, counted)) => {
                *counted = counted.saturating_add(amount);
                false
            }
            None => {
                self.0.push((key.to_owned(), amount));
                true
            }
        }
    }

    /// Takes over what a branch of the call was counted in; what the branch began with is known already.
    pub(crate) fn take_over(&mut self, branch: Counted) {
        for (key, amount) in branch.0 {
            let known = self.amount(&key);
            if known.is_none_or(|known| known < amount) {
                self.add(&key, amount - known.unwrap_or(0));
            }
        }
    }
}
