//! A segment becomes files of tables. It is read once from its beginning to its end; its frames become rows in batches, each
//! in the order of its time.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::parquet::{TableWriter, Temporary, failed};
use crate::layout::{Layout, Table, hour_of};
use crate::record::frame::{Frame, Kind};
use crate::record::frames::Frames;
use crate::record::read::ReadCall;
use crate::store::Counters;
use crate::store::segment::{self, End, Reader};
use crate::tables::calls::{CallRow, Calls};
use crate::tables::column::{Rows, batch};
use crate::tables::happenings::{At, Events, Metrics};

/// Writes the files of a segment. Those of the calls get their name last, and are there even when there are none.
pub(super) fn compact(
    layout: &Layout,
    number: u64,
    message_bytes: Option<u64>,
    counters: &Counters,
) -> io::Result<()> {
    let file = File::open(segment::path(&layout.segments(), number))?;
    let modified = file.metadata()?.modified()?;
    let mut reader = Reader::new(Arc::new(file))?;
    let made = match reader.made {
        0 => ticks_of(modified),
        made => made,
    };
    let mut files = Files::begin(layout, number, hour_of(made), message_bytes)?;
    while let Some(frame) = reader.next()? {
        files.add(&frame)?;
    }
    if reader.end() == Some(End::Damaged) {
        counters.damaged.inc();
    }
    files.end()
}

/// A segment without a header tells nothing of its time.
fn ticks_of(time: std::time::SystemTime) -> i64 {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let ticks = i64::try_from(since.as_micros()).unwrap_or_default().saturating_mul(10);
    ticks.saturating_add(sekisho_policy::ports::clock::UNIX_EPOCH_TICKS)
}

/// The files of a segment while they are written. Those of other tables than the calls begin with their first row.
struct Files {
    names: Names,
    message_bytes: Option<u64>,
    calls: TableWriter,
    metrics: Option<TableWriter>,
    events: Option<TableWriter>,
    waiting: Waiting,
}

/// Frames that are not rows yet, by their kind.
#[derive(Default)]
struct Waiting {
    calls: Frames,
    metrics: Frames,
    events: Frames,
}

/// Where the files of a segment lie.
struct Names {
    layout: Layout,
    number: u64,
    hour: i64,
}

impl Names {
    fn begin(&self, table: Table) -> io::Result<TableWriter> {
        let path = self.layout.file(table, self.hour, self.number, self.number);
        let path =
            path.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the segment is of no date"))?;
        TableWriter::begin(table, path)
    }

    /// The writer of a table, which is begun when there is none.
    fn writer<'w>(
        &self,
        table: Table,
        writer: &'w mut Option<TableWriter>,
    ) -> io::Result<&'w mut TableWriter> {
        match writer {
            Some(writer) => Ok(writer),
            none => Ok(none.insert(self.begin(table)?)),
        }
    }
}

impl Files {
    fn begin(layout: &Layout, number: u64, hour: i64, message_bytes: Option<u64>) -> io::Result<Files> {
        let names = Names { layout: layout.clone(), number, hour };
        let calls = names.begin(Table::Calls)?;
        let (metrics, events, waiting) = (None, None, Waiting::default());
        Ok(Files { names, message_bytes, calls, metrics, events, waiting })
    }

    fn add(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let frames = match frame.kind {
            Kind::Call => &mut self.waiting.calls,
            Kind::Metric => &mut self.waiting.metrics,
            Kind::Event => &mut self.waiting.events,
        };
        frames.push(frame.content);
        if frames.is_full() { self.write(frame.kind) } else { Ok(()) }
    }

    /// Makes rows of what waits.
    fn write(&mut self, kind: Kind) -> io::Result<()> {
        match kind {
            Kind::Call => {
                self.write_calls()?;
                self.waiting.calls.clear();
            }
            Kind::Metric => {
                let writer = self.names.writer(Table::Metrics, &mut self.metrics)?;
                put_others::<Metrics, _>(writer, &self.waiting.metrics)?;
                self.waiting.metrics.clear();
            }
            Kind::Event => {
                let writer = self.names.writer(Table::Events, &mut self.events)?;
                put_others::<Events, _>(writer, &self.waiting.events)?;
                self.waiting.events.clear();
            }
        }
        Ok(())
    }

    fn write_calls(&mut self) -> io::Result<()> {
        let frames = self.waiting.calls.in_order();
        // A row is large: room for all is made at once.
        let mut rows = Vec::with_capacity(frames.len());
        let calls = frames.into_iter().filter_map(ReadCall::parse);
        rows.extend(calls.map(|call| CallRow::new(call, self.message_bytes)));
        put::<Calls>(&mut self.calls, &rows)
    }

    fn end(mut self) -> io::Result<()> {
        let kinds = [
            (Kind::Metric, self.waiting.metrics.is_empty()),
            (Kind::Event, self.waiting.events.is_empty()),
            (Kind::Call, self.waiting.calls.is_empty()),
        ];
        for (kind, _) in kinds.into_iter().filter(|(_, is_empty)| !is_empty) {
            self.write(kind)?;
        }
        let others = [self.metrics, self.events].into_iter().flatten();
        let written: Vec<_> = others.chain([self.calls]).map(TableWriter::end).collect::<io::Result<_>>()?;
        written.into_iter().try_for_each(Temporary::keep)
    }
}

fn put_others<'f, T, R>(writer: &mut TableWriter, frames: &'f Frames) -> io::Result<()>
where
    T: Rows<Row<'f> = At<R>>,
    R: serde::Deserialize<'f>,
{
    let rows: Vec<At<R>> = frames.in_order().iter().filter_map(at).collect();
    put::<T>(writer, &rows)
}

fn put<T: Rows>(writer: &mut TableWriter, rows: &[T::Row<'_>]) -> io::Result<()> {
    let batch = batch::<T>(rows, None).map_err(|error| failed(error.into()))?;
    writer.write(&batch)
}

/// An entry that is no call, with its time.
pub(crate) fn at<'a, T: serde::Deserialize<'a>>(frame: &Frame<'a>) -> Option<At<T>> {
    Some((frame.ticks, postcard::from_bytes(frame.head).ok()?))
}
