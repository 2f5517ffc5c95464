//! `make_list`, `make_set` and `make_bag`: values of many rows as one `dynamic`.

use std::collections::HashSet;

use datafusion::common::{DataFusionError, Result};

use super::gather::{Gather, broken};
use crate::Type;
use crate::functions::cell::{Cell, Row};
use crate::functions::json::text;

/// The elements of an array in the order of the rows, or of a bag. Null is passed over.
#[derive(Debug)]
pub(super) struct List {
    kind: Type,
    what: What,
    /// How many elements at most; further ones are left out, as Kusto does.
    most: usize,
    /// How large the result may become, in bytes.
    limit: usize,
    /// The elements, each with a comma behind it.
    json: String,
    count: usize,
    known: HashSet<String>,
    known_bytes: usize,
}

/// What is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// An array of all values.
    List,
    /// An array of all values, with null where there is none.
    ListWithNulls,
    /// An array of the distinct values.
    Set,
    /// A bag of the properties of bags; of those with the same name the first one.
    Bag,
}

impl List {
    /// Of values of a type.
    pub(super) fn new(what: What, kind: Type, most: usize, limit: usize) -> Self {
        Self { kind, what, most, limit, json: String::new(), count: 0, known: HashSet::new(), known_bytes: 0 }
    }

    fn value(&mut self, json: &str) -> Result<()> {
        if self.what != What::Bag {
            return self.add(json, json);
        }
        for (name, value) in text::properties(json).unwrap_or_default() {
            let property = format!("{}:{}", text::quote(&name), text::compact(value));
            self.add(&name, &property)?;
        }
        Ok(())
    }

    fn add(&mut self, key: &str, json: &str) -> Result<()> {
        let distinct = matches!(self.what, What::Set | What::Bag);
        if self.count >= self.most || (distinct && self.known.contains(key)) {
            return Ok(());
        }
        if self.json.len() + json.len() + 2 > self.limit {
            let limit = self.limit;
            return Err(DataFusionError::ResourcesExhausted(format!(
                "a list or bag would be larger than {limit} bytes; gather fewer values or name a maximum"
            )));
        }
        if distinct {
            self.known.insert(key.to_owned());
            self.known_bytes += key.len();
        }
        self.json.push_str(json);
        self.json.push(',');
        self.count += 1;
        Ok(())
    }

    fn whole(&self) -> String {
        let inner = self.json.strip_suffix(',').unwrap_or(&self.json);
        if self.what == What::Bag { format!("{{{inner}}}") } else { format!("[{inner}]") }
    }
}

impl Gather for List {
    fn row(&mut self, row: &Row<'_, '_>) -> Result<()> {
        match row.cell(0) {
            Cell::Null if self.what != What::ListWithNulls => Ok(()),
            cell => self.value(&text::of_cell(cell, self.kind)),
        }
    }

    fn state(&self) -> Vec<u8> {
        self.whole().into_bytes()
    }

    fn merge(&mut self, state: &[u8]) -> Result<()> {
        let Ok(state) = std::str::from_utf8(state) else { return broken() };
        if self.what == What::Bag {
            return self.value(state);
        }
        let Some(elements) = text::elements(state) else { return broken() };
        elements.into_iter().try_for_each(|element| self.value(element))
    }

    fn result(&mut self) -> Result<Cell<'static>> {
        Ok(self.whole().into())
    }

    fn size(&self) -> usize {
        self.json.capacity() + self.known_bytes + self.known.capacity() * size_of::<String>()
    }
}
