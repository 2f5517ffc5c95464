//! A list that never grows over its bounds: the oldest item goes when another comes.

use std::collections::VecDeque;

/// Items with their sizes in bytes, oldest first.
#[derive(Debug)]
pub(crate) struct Bounded<T> {
    items: VecDeque<(usize, T)>,
    bytes: usize,
    most_items: usize,
    most_bytes: usize,
}

impl<T> Bounded<T> {
    pub(crate) fn new(most_items: usize, most_bytes: usize) -> Self {
        Self { items: VecDeque::new(), bytes: 0, most_items, most_bytes }
    }

    /// Adds an item, unless it is larger than all items may be together.
    pub(crate) fn push(&mut self, item: T, bytes: usize) {
        if bytes > self.most_bytes {
            return;
        }
        while self.items.len() >= self.most_items || self.bytes.saturating_add(bytes) > self.most_bytes {
            let Some((freed, _)) = self.items.pop_front() else { break };
            self.bytes -= freed;
        }
        self.bytes += bytes;
        self.items.push_back((bytes, item));
    }

    /// Takes out the first item of which this is true.
    pub(crate) fn remove(&mut self, is_meant: impl Fn(&T) -> bool) -> Option<T> {
        let place = self.items.iter().position(|(_, item)| is_meant(item))?;
        let (freed, item) = self.items.remove(place)?;
        self.bytes -= freed;
        Some(item)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter().map(|(_, item)| item)
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_bound_is_passed() {
        let mut list = Bounded::new(3, 10);
        let items = |list: &Bounded<u8>| list.iter().copied().collect::<Vec<_>>();
        (1..=4).for_each(|item| list.push(item, 2));
        assert_eq!(items(&list), [2, 3, 4]);
        list.push(5, 7);
        assert_eq!(items(&list), [4, 5]);
        list.push(6, 11);
        assert_eq!(items(&list), [4, 5]);
        assert_eq!(list.remove(|item| *item == 5), Some(5));
        list.push(7, 8);
        assert_eq!(items(&list), [4, 7]);
        list.clear();
        assert!(items(&list).is_empty());
    }
}
