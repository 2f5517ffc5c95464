//! How the files of tables are written.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::schema::types::ColumnPath;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use sekisho_kql::Type;

use crate::layout::Table;
use crate::tables::column::{Column, Rows};

/// The most rows of a row group.
const GROUP_ROWS: usize = 65_536;
/// A row group ends once it takes this much, in bytes.
const GROUP_BYTES: usize = 32 * 1024 * 1024;
/// A page ends once it takes this much before it is compressed, in bytes. It stays in the caches of a processor, and its buffers are small
/// enough for the allocator to keep them.
const PAGE_BYTES: usize = 64 * 1024;
/// How many rows are added to a page before it is looked at again.
const PAGE_ROWS: usize = 128;

/// A file under a temporary name, which a crash leaves behind and [`TableWriter::begin`] overwrites.
pub(super) struct Temporary {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
}

impl Temporary {
    pub(super) fn create(path: PathBuf) -> io::Result<Temporary> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let temporary = path.with_extension("writing");
        let file = File::create(&temporary)?;
        Ok(Temporary { path, temporary, file })
    }

    pub(super) fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Gives the file its name, once all of it outlasts a loss of power.
    pub(super) fn keep(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.path)?;
        if let Some(directory) = self.path.parent() {
            sync_directory(directory);
        }
        Ok(())
    }
}

/// Where directories cannot be synchronised, names are safe by themselves.
fn sync_directory(directory: &Path) {
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
}

/// Writes one file.
pub(super) struct TableWriter {
    writer: ArrowWriter<File>,
    temporary: Temporary,
}

impl TableWriter {
    pub(super) fn begin(table: Table, path: PathBuf) -> io::Result<TableWriter> {
        let temporary = Temporary::create(path)?;
        let schema: SchemaRef = table.schema();
        let writer =
            ArrowWriter::try_new(temporary.file()?, schema, Some(properties(table))).map_err(failed)?;
        Ok(TableWriter { writer, temporary })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.writer.write(batch).map_err(failed)?;
        if self.writer.in_progress_size() >= GROUP_BYTES {
            self.writer.flush().map_err(failed)?;
        }
        Ok(())
    }

    /// Ends the file; it has no name yet.
    pub(super) fn end(self) -> io::Result<Temporary> {
        self.writer.close().map_err(failed)?;
        Ok(self.temporary)
    }
}

fn properties(table: Table) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_write_batch_size(PAGE_ROWS)
        .set_max_row_group_row_count(Some(GROUP_ROWS));
    for facts in facts(table) {
        let path = ColumnPath::from(facts.name);
        if !facts.has_dictionary {
            properties = properties.set_column_dictionary_enabled(path.clone(), false);
        }
        if !facts.has_statistics {
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    properties.build()
}

struct ColumnFacts {
    name: &'static str,
    /// False where values hardly ever repeat.
    has_dictionary: bool,
    /// The least and the largest tell something of times and numbers, nothing of texts.
    has_statistics: bool,
}

fn facts(table: Table) -> Vec<ColumnFacts> {
    use crate::tables::calls::Calls;
    use crate::tables::happenings::{Events, Metrics};
    fn of<T: Rows>() -> Vec<ColumnFacts> {
        let facts = |column: &Column<T>| ColumnFacts {
            name: column.name,
            has_dictionary: !column.is_large && !column.is_unique,
            has_statistics: !matches!(column.kind, Type::String | Type::Dynamic),
        };
        T::COLUMNS.iter().map(facts).collect()
    }
    match table {
        Table::Calls => of::<Calls>(),
        Table::Metrics => of::<Metrics>(),
        Table::Events => of::<Events>(),
    }
}

pub(super) fn failed(error: ParquetError) -> io::Error {
    io::Error::other(error)
}
