//! Columns: names, types, and where their values come from. A table is a list of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, RecordBatch, RecordBatchOptions,
    StringBuilder, TimestampMicrosecondBuilder, new_null_array,
};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use sekisho_kql::Type;
use sekisho_kql::types::TYPE_KEY;
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;

use super::room::Room;

/// What a text takes about, in bytes: room for it is made beforehand.
const EXPECTED: usize = 32;

/// The rows of a table before they are columns.
pub(crate) trait Rows: Sized + 'static {
    /// One row, borrowed from where it was read.
    type Row<'a>;
    /// The columns in their order; the first is the time.
    const COLUMNS: &'static [Column<Self>];
}

/// A column.
pub(crate) struct Column<T: Rows> {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    /// Texts of any length: compressed, but neither in a dictionary nor with statistics.
    pub(crate) is_large: bool,
    /// Its values are hardly ever the same: a dictionary of them is of no use.
    pub(crate) is_unique: bool,
    get: Get<T>,
}

pub(crate) type TextOf<T> = for<'r, 'a> fn(&'r <T as Rows>::Row<'a>) -> Option<Cow<'r, str>>;
/// Appends a text; none where there is no value.
pub(crate) type Write<T> = for<'r, 'a> fn(&'r <T as Rows>::Row<'a>, &mut String) -> Option<()>;
pub(crate) type Of<T, V> = for<'r, 'a> fn(&'r <T as Rows>::Row<'a>) -> Option<V>;

enum Get<T: Rows> {
    Text(TextOf<T>),
    Written(Write<T>),
    Int(Of<T, i32>),
    Long(Of<T, i64>),
    Real(Of<T, f64>),
    Bool(Of<T, bool>),
    /// Ticks.
    Time(Of<T, i64>),
}

impl<T: Rows> Column<T> {
    pub(crate) const fn text(name: &'static str, get: TextOf<T>) -> Self {
        Self { name, kind: Type::String, is_large: false, is_unique: false, get: Get::Text(get) }
    }

    /// Texts that are made from something else.
    pub(crate) const fn written(name: &'static str, write: Write<T>) -> Self {
        Self { name, kind: Type::String, is_large: false, is_unique: false, get: Get::Written(write) }
    }

    /// Names of single things.
    pub(crate) const fn id(name: &'static str, write: Write<T>) -> Self {
        Self { name, kind: Type::String, is_large: false, is_unique: true, get: Get::Written(write) }
    }

    pub(crate) const fn large(name: &'static str, get: TextOf<T>) -> Self {
        Self { name, kind: Type::String, is_large: true, is_unique: false, get: Get::Text(get) }
    }

    /// JSON as text.
    pub(crate) const fn dynamic(name: &'static str, write: Write<T>) -> Self {
        Self { name, kind: Type::Dynamic, is_large: true, is_unique: false, get: Get::Written(write) }
    }

    pub(crate) const fn int(name: &'static str, get: Of<T, i32>) -> Self {
        Self { name, kind: Type::Int, is_large: false, is_unique: false, get: Get::Int(get) }
    }

    pub(crate) const fn long(name: &'static str, get: Of<T, i64>) -> Self {
        Self { name, kind: Type::Long, is_large: false, is_unique: false, get: Get::Long(get) }
    }

    pub(crate) const fn real(name: &'static str, get: Of<T, f64>) -> Self {
        Self { name, kind: Type::Real, is_large: false, is_unique: false, get: Get::Real(get) }
    }

    /// Durations.
    pub(crate) const fn duration(name: &'static str, get: Of<T, f64>) -> Self {
        Self { name, kind: Type::Real, is_large: false, is_unique: true, get: Get::Real(get) }
    }

    pub(crate) const fn bool(name: &'static str, get: Of<T, bool>) -> Self {
        Self { name, kind: Type::Bool, is_large: false, is_unique: false, get: Get::Bool(get) }
    }

    pub(crate) const fn time(name: &'static str, get: Of<T, i64>) -> Self {
        Self { name, kind: Type::DateTime, is_large: false, is_unique: true, get: Get::Time(get) }
    }

    fn field(&self) -> Field {
        field(self.name, self.kind)
    }

    /// True when no row has a value. Most columns are empty for most calls: then nothing is built.
    fn is_empty(&self, rows: &[T::Row<'_>]) -> bool {
        match self.get {
            Get::Text(get) => rows.iter().all(|row| get(row).is_none()),
            // Written once, and seen then.
            Get::Written(_) => false,
            Get::Int(get) => rows.iter().all(|row| get(row).is_none()),
            Get::Long(get) | Get::Time(get) => rows.iter().all(|row| get(row).is_none()),
            Get::Real(get) => rows.iter().all(|row| get(row).is_none()),
            Get::Bool(get) => rows.iter().all(|row| get(row).is_none()),
        }
    }

    fn array(&self, rows: &[T::Row<'_>], room: &mut Room) -> ArrayRef {
        if self.is_empty(rows) {
            return new_null_array(&self.kind.arrow(), rows.len());
        }
        match self.get {
            Get::Text(get) if self.is_large => large_texts(rows.iter().map(get)),
            Get::Text(get) => {
                let mut array = StringBuilder::with_capacity(rows.len(), rows.len() * EXPECTED);
                rows.iter().for_each(|row| array.append_option(get(row)));
                Arc::new(array.finish())
            }
            Get::Written(write) => room.column(rows, write),
            Get::Int(get) => {
                let mut array = Int32Builder::with_capacity(rows.len());
                rows.iter().for_each(|row| array.append_option(get(row)));
                Arc::new(array.finish())
            }
            Get::Long(get) => {
                let mut array = Int64Builder::with_capacity(rows.len());
                rows.iter().for_each(|row| array.append_option(get(row)));
                Arc::new(array.finish())
            }
            Get::Real(get) => {
                let mut array = Float64Builder::with_capacity(rows.len());
                rows.iter().for_each(|row| array.append_option(get(row)));
                Arc::new(array.finish())
            }
            Get::Bool(get) => {
                let mut array = BooleanBuilder::with_capacity(rows.len());
                rows.iter().for_each(|row| array.append_option(get(row)));
                Arc::new(array.finish())
            }
            Get::Time(get) => {
                let array = TimestampMicrosecondBuilder::with_capacity(rows.len());
                let mut array = array.with_data_type(Type::DateTime.arrow());
                rows.iter().for_each(|row| array.append_option(get(row).map(microseconds)));
                Arc::new(array.finish())
            }
        }
    }
}

/// Texts of any length are counted first: an array that grows is copied each time.
fn large_texts<'r>(texts: impl Iterator<Item = Option<Cow<'r, str>>>) -> ArrayRef {
    let texts: Vec<_> = texts.collect();
    let bytes = texts.iter().flatten().map(|text| text.len()).sum();
    let mut array = StringBuilder::with_capacity(texts.len(), bytes);
    texts.into_iter().for_each(|text| array.append_option(text));
    Arc::new(array.finish())
}

/// A field of a type of KQL; may be null.
pub(crate) fn field(name: &str, kind: Type) -> Field {
    let field = Field::new(name, kind.arrow(), true);
    match kind {
        Type::Dynamic | Type::Guid => {
            field.with_metadata(HashMap::from([(TYPE_KEY.to_owned(), kind.name().to_owned())]))
        }
        _ => field,
    }
}

/// Microseconds since 1970 of a time in ticks.
pub(crate) fn microseconds(ticks: i64) -> i64 {
    (ticks - UNIX_EPOCH_TICKS).div_euclid(10)
}

/// All columns of a table.
pub(crate) fn schema<T: Rows>() -> SchemaRef {
    Arc::new(Schema::new(T::COLUMNS.iter().map(Column::field).collect::<Vec<_>>()))
}

/// Rows as columns: those of the projection, or all.
pub(crate) fn batch<T: Rows>(
    rows: &[T::Row<'_>],
    projection: Option<&[usize]>,
    room: &mut Room,
) -> Result<RecordBatch, ArrowError> {
    let columns: Vec<&Column<T>> = match projection {
        None => T::COLUMNS.iter().collect(),
        Some(places) => places.iter().filter_map(|place| T::COLUMNS.get(*place)).collect(),
    };
    let schema = Schema::new(columns.iter().map(|column| column.field()).collect::<Vec<_>>());
    let arrays = columns.iter().map(|column| column.array(rows, room)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(Arc::new(schema), arrays, &options)
}
