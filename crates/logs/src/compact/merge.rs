//! The files of an hour that is over become one, or some of bounded size. Row groups are copied as they are: neither
//! decoded nor compressed again.

use std::fs::File;
use std::io;
use std::sync::Arc;

use ::parquet::column::writer::ColumnCloseResult;
use ::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;

use super::parquet::{Temporary, failed};
use crate::layout::{Layout, Table, TableFile};

/// The most bytes of a merged file, unless one of its parts is larger already.
const MERGED_BYTES: u64 = 256 * 1024 * 1024;

/// Merges the files of hours before `hour`. Sources stay until [readers](super::retention::remove_left_over) are done.
pub(super) fn merge(layout: &Layout, table: Table, hour: i64) -> io::Result<()> {
    let files = layout.files(table)?;
    let over: Vec<TableFile> = files.into_iter().filter(|file| file.hour < hour).collect();
    for of_hour in over.chunk_by(|one, other| one.hour == other.hour) {
        for group in groups(of_hour) {
            merge_group(layout, table, group)?;
        }
    }
    Ok(())
}

/// Neighbours that fit into one file; single ones are left out.
fn groups(files: &[TableFile]) -> Vec<&[TableFile]> {
    let mut groups = Vec::new();
    let mut rest = files;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take_while(|file| {
            bytes += file.bytes;
            bytes <= MERGED_BYTES
        });
        let (group, later) = rest.split_at(fits.count().max(1));
        rest = later;
        if group.len() > 1 {
            groups.push(group);
        }
    }
    groups
}

fn merge_group(layout: &Layout, table: Table, group: &[TableFile]) -> io::Result<()> {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return Ok(()) };
    let sources = group.iter().map(open).collect::<io::Result<Vec<_>>>()?;
    let Some((_, facts)) = sources.first() else { return Ok(()) };
    let schema = facts.file_metadata().schema_descr().root_schema_ptr();
    let is_alike = |(_, other): &(File, ParquetMetaData)| *other.file_metadata().schema() == *schema;
    // Files of another version of this program stay apart.
    if !sources.iter().all(is_alike) {
        return Ok(());
    }
    let Some(path) = layout.file(table, first.hour, first.first, last.last) else { return Ok(()) };
    let merged = Temporary::create(path)?;
    let properties = WriterProperties::builder()
        .set_key_value_metadata(facts.file_metadata().key_value_metadata().cloned())
        .build();
    let mut writer = SerializedFileWriter::new(merged.file()?, Arc::clone(&schema), Arc::new(properties))
        .map_err(failed)?;
    for (source, facts) in &sources {
        copy_groups(&mut writer, source, facts)?;
    }
    writer.close().map_err(failed)?;
    merged.keep()
}

fn open(file: &TableFile) -> io::Result<(File, ParquetMetaData)> {
    let source = File::open(&file.path)?;
    let facts = ParquetMetaDataReader::new()
        .with_page_index_policy(PageIndexPolicy::Optional)
        .parse_and_finish(&source)
        .map_err(failed)?;
    Ok((source, facts))
}

fn copy_groups(
    writer: &mut SerializedFileWriter<File>,
    source: &File,
    facts: &ParquetMetaData,
) -> io::Result<()> {
    for (number, group) in facts.row_groups().iter().enumerate() {
        let columns = facts.column_index().and_then(|index| index.get(number));
        let offsets = facts.offset_index().and_then(|index| index.get(number));
        let mut copy = writer.next_row_group().map_err(failed)?;
        for (place, column) in group.columns().iter().enumerate() {
            let close = ColumnCloseResult {
                bytes_written: u64::try_from(column.compressed_size()).unwrap_or_default(),
                rows_written: u64::try_from(group.num_rows()).unwrap_or_default(),
                metadata: column.clone(),
                bloom_filter: None,
                column_index: columns.and_then(|columns| columns.get(place)).cloned(),
                offset_index: offsets.and_then(|offsets| offsets.get(place)).cloned(),
            };
            copy.append_column(source, close).map_err(failed)?;
        }
        copy.close().map_err(failed)?;
    }
    Ok(())
}
