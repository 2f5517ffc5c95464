//! A segment that is not compacted yet, as rows of a table. Only the columns that are asked for are made.

use std::fs::File;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::PartitionStream;

use super::calls::{CallRow, Calls};
use super::column::{Rows, batch};
use super::happenings::{Events, Metrics};
use super::physical::projected;
use super::room::Room;
use crate::layout::Table;
use crate::record::frame::{Frame, Kind};
use crate::record::read::ReadCall;
use crate::store::segment::Reader;

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
            let mut batches = Batches { table, projection, message_bytes, room: Room::default() };
            // A receiver that is gone has all it wanted.
            let give = |batch| to.blocking_send(Ok(batch)).is_ok();
            batches.read(file, give)
        });
        stream.build()
    }
}

struct Batches {
    table: Table,
    projection: Option<Vec<usize>>,
    message_bytes: Option<u64>,
    room: Room,
}

impl Batches {
    /// Reads the segment and gives its batches until nobody wants them any more.
    fn read(&mut self, file: Arc<File>, mut give: impl FnMut(RecordBatch) -> bool) -> Result<()> {
        let kind = match self.table {
            Table::Calls => Kind::Call,
            Table::Metrics => Kind::Metric,
            Table::Events => Kind::Event,
        };
        let mut reader = Reader::new(file)?;
        while let Some(mut frames) = reader.next_frames()? {
            frames.retain(|frame| frame.kind == kind);
            let batch = self.batch(&frames)?;
            if batch.num_rows() > 0 && !give(batch) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn batch(&mut self, frames: &[Frame<'_>]) -> Result<RecordBatch> {
        match self.table {
            Table::Calls => {
                let calls = frames.iter().filter_map(|frame| ReadCall::parse(*frame));
                self.of::<Calls>(
                    &calls.map(|call| CallRow::new(call, self.message_bytes)).collect::<Vec<_>>(),
                )
            }
            Table::Metrics => self.of::<Metrics>(&others(frames)),
            Table::Events => self.of::<Events>(&others(frames)),
        }
    }

    fn of<T: Rows>(&mut self, rows: &[T::Row<'_>]) -> Result<RecordBatch> {
        batch::<T>(rows, self.projection.as_deref(), &mut self.room).map_err(DataFusionError::from)
    }
}

fn others<'a, T: serde::Deserialize<'a>>(frames: &[Frame<'a>]) -> Vec<(i64, T)> {
    frames.iter().filter_map(crate::compact::at).collect()
}
