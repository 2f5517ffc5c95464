//! A segment becomes files of tables. It is read once from its beginning to its end; frames that are read together become
//! rows together, in the order of their time.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::parquet::{TableWriter, Temporary, failed};
use crate::layout::{Layout, Table, hour_of};
use crate::record::frame::{Frame, Kind};
use crate::record::read::ReadCall;
use crate::store::Counters;
use crate::store::segment::{self, End, Reader};
use crate::tables::calls::{CallRow, Calls};
use crate::tables::column::{Rows, batch};
use crate::tables::happenings::{At, Events, Metrics};
use crate::tables::room::Room;

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
    while let Some(frames) = reader.next_frames()? {
        files.add(frames)?;
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
    room: Room,
    calls: TableWriter,
    metrics: Option<TableWriter>,
    events: Option<TableWriter>,
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

    /// Writes rows, if there are any, to a table that begins with them.
    fn put<T: Rows>(
        &self,
        table: Table,
        writer: &mut Option<TableWriter>,
        rows: &[T::Row<'_>],
        room: &mut Room,
    ) -> io::Result<()> {
        match (rows, writer) {
            ([], _) => Ok(()),
            (rows, Some(writer)) => put::<T>(writer, rows, room),
            (rows, none) => put::<T>(none.insert(self.begin(table)?), rows, room),
        }
    }
}

impl Files {
    fn begin(layout: &Layout, number: u64, hour: i64, message_bytes: Option<u64>) -> io::Result<Files> {
        let names = Names { layout: layout.clone(), number, hour };
        let calls = names.begin(Table::Calls)?;
        Ok(Files { names, message_bytes, room: Room::default(), calls, metrics: None, events: None })
    }

    fn add(&mut self, mut frames: Vec<Frame<'_>>) -> io::Result<()> {
        frames.sort_by_key(|frame| frame.ticks);
        let of = |kind| frames.iter().filter(move |frame| frame.kind == kind);
        // A row is large: room for all is made at once.
        let mut calls = Vec::with_capacity(of(Kind::Call).count());
        let read = of(Kind::Call).filter_map(|frame| ReadCall::parse(*frame));
        calls.extend(read.map(|call| CallRow::new(call, self.message_bytes)));
        put::<Calls>(&mut self.calls, &calls, &mut self.room)?;
        let metrics: Vec<_> = of(Kind::Metric).filter_map(at).collect();
        self.names.put::<Metrics>(Table::Metrics, &mut self.metrics, &metrics, &mut self.room)?;
        let events: Vec<_> = of(Kind::Event).filter_map(at).collect();
        self.names.put::<Events>(Table::Events, &mut self.events, &events, &mut self.room)
    }

    fn end(self) -> io::Result<()> {
        let others = [self.metrics, self.events].into_iter().flatten();
        let written: Vec<_> = others.chain([self.calls]).map(TableWriter::end).collect::<io::Result<_>>()?;
        written.into_iter().try_for_each(Temporary::keep)
    }
}

fn put<T: Rows>(writer: &mut TableWriter, rows: &[T::Row<'_>], room: &mut Room) -> io::Result<()> {
    let batch = batch::<T>(rows, None, room).map_err(|error| failed(error.into()))?;
    writer.write(&batch)
}

/// An entry that is no call, with its time.
pub(crate) fn at<'a, T: serde::Deserialize<'a>>(frame: &Frame<'a>) -> Option<At<T>> {
    Some((frame.ticks, postcard::from_bytes(frame.head).ok()?))
}
