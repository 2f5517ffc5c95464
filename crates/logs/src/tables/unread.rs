//! A segment that is not compacted yet, as rows of a table. Only the columns that are asked for are made.

use std::fs::File;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::PartitionStream;

use super::calls::Calls;
use super::column::{Rows, batch};
use super::happenings::{Events, Metrics};
use super::physical::projected;
use crate::layout::Table;
use crate::llm::{self, Llm};
use crate::record::call::ReadCall;
use crate::record::frame::{Frame, Kind};
use crate::store::segment::Reader;

/// The most rows of a batch.
const BATCH_ROWS: usize = 1024;
/// A batch ends once its frames take this much, in bytes.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Unread {
    file: Arc<File>,
    table: Table,
    projection: Option<Vec<usize>>,
    schema: SchemaRef,
    message_bytes: Option<u64>,
}

impl Unread {
    pub(super) fn new(
        file: File,
        table: Table,
        projection: Option<&Vec<usize>>,
        schema: &SchemaRef,
        message_bytes: Option<u64>,
    ) -> Result<Unread> {
        let schema = projected(schema, projection)?;
        Ok(Unread { file: Arc::new(file), table, projection: projection.cloned(), schema, message_bytes })
    }
}

impl PartitionStream for Unread {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut stream = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), 2);
        let to = stream.tx();
        let (file, table, projection) = (Arc::clone(&self.file), self.table, self.projection.clone());
        let message_bytes = self.message_bytes;
        stream.spawn_blocking(move || {
            let mut batches = Batches { table, projection, message_bytes, frames: Frames::default() };
            // A receiver that is gone has all it wanted.
            let give = |batch| to.blocking_send(Ok(batch)).is_ok();
            batches.read(file, give)
        });
        stream.build()
    }
}

/// Frames that are a batch soon, one behind the other.
#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Frames {
    fn push(&mut self, content: &[u8]) {
        self.bytes.extend_from_slice(content);
        self.ends.push(self.bytes.len());
    }

    fn is_full(&self) -> bool {
        self.ends.len() >= BATCH_ROWS || self.bytes.len() >= BATCH_BYTES
    }

    fn iter(&self) -> impl Iterator<Item = Frame<'_>> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, end)| Frame::parse(self.bytes.get(start..*end)?))
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

struct Batches {
    table: Table,
    projection: Option<Vec<usize>>,
    message_bytes: Option<u64>,
    frames: Frames,
}

impl Batches {
    /// Reads the segment and gives its batches until nobody wants them any more.
    fn read(&mut self, file: Arc<File>, mut give: impl FnMut(RecordBatch) -> bool) -> Result<()> {
        let kind = match self.table {
            Table::Calls | Table::Llm => Kind::Call,
            Table::Metrics => Kind::Metric,
            Table::Events => Kind::Event,
        };
        let mut reader = Reader::new(file)?;
        loop {
            let is_end = match reader.next()? {
                Some((_, frame)) if frame.kind == kind => {
                    self.frames.push(frame.content);
                    false
                }
                Some(_) => false,
                None => true,
            };
            if (is_end && !self.frames.ends.is_empty()) || self.frames.is_full() {
                let batch = self.batch()?;
                self.frames.clear();
                if batch.num_rows() > 0 && !give(batch) {
                    return Ok(());
                }
            }
            if is_end {
                return Ok(());
            }
        }
    }

    fn batch(&self) -> Result<RecordBatch> {
        let calls = || self.frames.iter().filter_map(ReadCall::parse);
        match self.table {
            Table::Calls => self.of::<Calls>(&calls().collect::<Vec<_>>()),
            Table::Llm => {
                let mut rows = Vec::new();
                calls().for_each(|call| llm::append(&mut rows, &call, self.message_bytes));
                self.of::<Llm>(&rows)
            }
            Table::Metrics => self.of::<Metrics>(&self.others()),
            Table::Events => self.of::<Events>(&self.others()),
        }
    }

    fn others<'a, T: serde::Deserialize<'a>>(&'a self) -> Vec<(i64, T)> {
        self.frames.iter().filter_map(|frame| crate::compact::at(&frame)).collect()
    }

    fn of<T: Rows>(&self, rows: &[T::Row<'_>]) -> Result<RecordBatch> {
        batch::<T>(rows, self.projection.as_deref()).map_err(DataFusionError::from)
    }
}
