//! Where texts are written before they are a column. It is kept from one column to the next: no text has memory of its own, and
//! that of a column is made once, as large as it has to be.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringBuilder};

/// What is kept of the room, in bytes.
const KEPT: usize = 1024 * 1024;

/// Texts, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Room {
    text: String,
    /// Where each ends; none for one that is not there.
    ends: Vec<Option<usize>>,
}

impl Room {
    /// A column of what `write` appends for each row; null where it appends nothing and says so.
    pub(super) fn column<R>(
        &mut self,
        rows: &[R],
        write: impl Fn(&R, &mut String) -> Option<()>,
    ) -> ArrayRef {
        for row in rows {
            let start = self.text.len();
            let is_there = write(row, &mut self.text).is_some();
            if !is_there {
                self.text.truncate(start);
            }
            self.ends.push(is_there.then_some(self.text.len()));
        }
        let mut array = StringBuilder::with_capacity(rows.len(), self.text.len());
        let mut start = 0;
        for end in &self.ends {
            array.append_option(end.and_then(|end| self.text.get(start..end)));
            start = end.unwrap_or(start);
        }
        self.text.clear();
        self.text.shrink_to(KEPT);
        self.ends.clear();
        Arc::new(array.finish())
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::cast::AsArray;

    use super::*;

    #[test]
    fn texts_are_told_from_those_that_are_not_there() {
        let mut room = Room::default();
        for _ in 0..2 {
            let column = room.column(&[3, 0, -1, 2], |row, text| {
                text.push('a');
                (*row >= 0).then(|| text.push_str(&"b".repeat(usize::try_from(*row).unwrap_or_default())))
            });
            let found: Vec<_> = column.as_string::<i32>().iter().collect();
            assert_eq!(found, [Some("abbb"), Some("a"), None, Some("abb")]);
        }
    }
}
