//! A segment becomes files of tables: its frames are listed, put in the order of their time, and read again in batches.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::parquet::{TableWriter, failed};
use crate::layout::{Layout, Table, hour_of};
use crate::llm::{self, Llm};
use crate::record::call::ReadCall;
use crate::record::frame::{Frame, Kind};
use crate::store::Counters;
use crate::store::segment::{self, End, Reader};
use crate::tables::calls::Calls;
use crate::tables::column::{Rows, batch};
use crate::tables::happenings::{At, Events, Metrics};

/// The most rows of a batch.
const BATCH_ROWS: usize = 4096;
/// A batch ends once its frames take this much, in bytes.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Where a frame lies.
#[derive(Clone, Copy)]
struct Place {
    ticks: i64,
    kind: Kind,
    at: u64,
    length: usize,
}

/// Writes the files of a segment. Those of the calls get their name last, and are there even when there are none.
pub(super) fn compact(
    layout: &Layout,
    number: u64,
    message_bytes: Option<u64>,
    counters: &Counters,
) -> io::Result<()> {
    let file = Arc::new(File::open(segment::path(&layout.segments(), number))?);
    let (made, mut places) = list(Arc::clone(&file), counters)?;
    places.sort_by_key(|place| place.ticks);
    let mut writers = Writers { layout, number, hour: hour_of(made), message_bytes, written: Vec::new() };
    for kind in [Kind::Metric, Kind::Event, Kind::Call] {
        let of_kind: Vec<Place> = places.iter().filter(|place| place.kind == kind).copied().collect();
        writers.write(kind, &file, &of_kind)?;
    }
    writers.written.into_iter().try_for_each(super::parquet::Temporary::keep)
}

/// When the segment was made, and its frames.
fn list(file: Arc<File>, counters: &Counters) -> io::Result<(i64, Vec<Place>)> {
    let modified = file.metadata()?.modified()?;
    let mut reader = Reader::new(file)?;
    let mut places = Vec::new();
    while let Some((at, frame)) = reader.next()? {
        let length = frame.content.len();
        places.push(Place { ticks: frame.ticks, kind: frame.kind, at, length });
    }
    if reader.end() == Some(End::Damaged) {
        counters.damaged.inc();
    }
    let made = match reader.made {
        0 => ticks_of(modified),
        made => made,
    };
    Ok((made, places))
}

/// A segment without a header tells nothing of its time.
fn ticks_of(time: std::time::SystemTime) -> i64 {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let ticks = i64::try_from(since.as_micros()).unwrap_or_default().saturating_mul(10);
    ticks.saturating_add(sekisho_policy::ports::clock::UNIX_EPOCH_TICKS)
}

struct Writers<'a> {
    layout: &'a Layout,
    number: u64,
    hour: i64,
    message_bytes: Option<u64>,
    /// In the order in which they get their names.
    written: Vec<super::parquet::Temporary>,
}

impl Writers<'_> {
    fn write(&mut self, kind: Kind, file: &File, places: &[Place]) -> io::Result<()> {
        match kind {
            Kind::Metric if places.is_empty() => {}
            Kind::Event if places.is_empty() => {}
            Kind::Metric => {
                let mut writer = self.begin(Table::Metrics)?;
                batches(file, places, |frames| {
                    let rows: Vec<_> = frames.iter().filter_map(at).collect();
                    put::<Metrics>(&mut writer, &rows)
                })?;
                self.written.push(writer.end()?);
            }
            Kind::Event => {
                let mut writer = self.begin(Table::Events)?;
                batches(file, places, |frames| {
                    let rows: Vec<_> = frames.iter().filter_map(at).collect();
                    put::<Events>(&mut writer, &rows)
                })?;
                self.written.push(writer.end()?);
            }
            Kind::Call => self.write_calls(file, places)?,
        }
        Ok(())
    }

    fn write_calls(&mut self, file: &File, places: &[Place]) -> io::Result<()> {
        let mut calls = self.begin(Table::Calls)?;
        let mut models = None;
        batches(file, places, |frames| {
            let rows: Vec<_> = frames.iter().copied().filter_map(ReadCall::parse).collect();
            put::<Calls>(&mut calls, &rows)?;
            let mut said = Vec::new();
            rows.iter().for_each(|call| llm::append(&mut said, call, self.message_bytes));
            if said.is_empty() {
                return Ok(());
            }
            let writer = match &mut models {
                Some(writer) => writer,
                models => models.insert(self.begin(Table::Llm)?),
            };
            put::<Llm>(writer, &said)
        })?;
        if let Some(models) = models {
            self.written.push(models.end()?);
        }
        self.written.push(calls.end()?);
        Ok(())
    }

    fn begin(&self, table: Table) -> io::Result<TableWriter> {
        let path = self.layout.file(table, self.hour, self.number, self.number);
        let path =
            path.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the segment is of no date"))?;
        TableWriter::begin(table, path)
    }
}

fn put<T: Rows>(writer: &mut TableWriter, rows: &[T::Row<'_>]) -> io::Result<()> {
    let batch = batch::<T>(rows, None).map_err(|error| failed(error.into()))?;
    writer.write(&batch)
}

/// An entry that is no call, with its time.
pub(crate) fn at<'a, T: serde::Deserialize<'a>>(frame: &Frame<'a>) -> Option<At<T>> {
    Some((frame.ticks, postcard::from_bytes(frame.head).ok()?))
}

/// Reads frames in batches of bounded size; a frame that changed in between is left out.
fn batches(
    file: &File,
    places: &[Place],
    mut give: impl FnMut(&[Frame<'_>]) -> io::Result<()>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut rest = places;
    while !rest.is_empty() {
        let mut total = 0;
        let count = rest.iter().take(BATCH_ROWS).take_while(|place| {
            let fits = total < BATCH_BYTES;
            total += place.length;
            fits
        });
        let (now, later) = rest.split_at(count.count());
        rest = later;
        bytes.clear();
        bytes.resize(now.iter().map(|place| place.length).sum(), 0);
        let mut unread = bytes.as_mut_slice();
        for place in now {
            let (content, behind) = unread.split_at_mut(place.length.min(unread.len()));
            file.read_exact_at(content, place.at)?;
            unread = behind;
        }
        let mut unread = bytes.as_slice();
        let mut frames = Vec::with_capacity(now.len());
        for place in now {
            let (content, behind) = unread.split_at(place.length.min(unread.len()));
            frames.extend(Frame::parse(content));
            unread = behind;
        }
        give(&frames)?;
    }
    Ok(())
}
