//! Where things lie in the directory of a store.
//!
//! ```text
//! lock                                                        held by the process that writes
//! segments/<number>.log                                       what is not compacted yet
//! tables/<table>/date=YYYY-MM-DD/hour=HH/<number>.parquet     a compacted segment
//! tables/<table>/date=YYYY-MM-DD/hour=HH/<first>-<last>.parquet    several of them
//! copied                                                      names of the files that object storage has
//! ```
//!
//! Date and hour are those at which a segment was begun: the calls in it ended in that hour, and may have arrived before.
//! A file whose numbers another file of the same hour has, too, is left over from a merge and does not count.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use time::{Date, OffsetDateTime};

use crate::store::segment;

const TICKS_PER_SECOND: i64 = 10_000_000;

/// Tables as they lie on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Table {
    Calls,
    Metrics,
    Events,
}

impl Table {
    /// Calls come last: a segment counts as compacted once its calls are there.
    pub(crate) const ALL: [Table; 3] = [Table::Metrics, Table::Events, Table::Calls];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Table::Calls => "calls",
            Table::Metrics => "metrics",
            Table::Events => "events",
        }
    }
}

/// A Parquet file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableFile {
    pub(crate) table: Table,
    pub(crate) path: PathBuf,
    /// Hours since 1970 at which its segments were begun.
    pub(crate) hour: i64,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) bytes: u64,
    pub(crate) modified: SystemTime,
}

impl TableFile {
    pub(crate) fn holds(&self, number: u64) -> bool {
        (self.first..=self.last).contains(&number)
    }

    fn is_part_of(&self, other: &TableFile) -> bool {
        let is_other = (self.first, self.last) != (other.first, other.last);
        is_other && self.hour == other.hour && other.first <= self.first && self.last <= other.last
    }
}

/// The directory of a store.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: PathBuf,
    /// Held while this process writes here.
    _lock: Option<Arc<File>>,
}

impl Layout {
    /// The directory as one that is only read.
    pub(crate) fn of(root: &Path) -> Layout {
        Layout { root: root.to_owned(), _lock: None }
    }

    /// Makes the directory and takes it for this process.
    pub(crate) fn make(root: &Path) -> io::Result<Layout> {
        fs::create_dir_all(root.join("segments"))?;
        fs::create_dir_all(root.join("tables"))?;
        let lock = File::create(root.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::ResourceBusy,
                format!(
                    "another process writes to {}; give each gateway its own data directory",
                    root.display()
                ),
            ),
            fs::TryLockError::Error(error) => error,
        })?;
        Ok(Layout { root: root.to_owned(), _lock: Some(Arc::new(lock)) })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn segments(&self) -> PathBuf {
        self.root.join("segments")
    }

    pub(crate) fn copied(&self) -> PathBuf {
        self.root.join("copied")
    }

    /// The next number that nothing has.
    pub(crate) fn next_number(&self) -> io::Result<u64> {
        let segments = segment::numbers(&self.segments())?.last().copied();
        let tables = self.files(Table::Calls)?.iter().map(|file| file.last).max();
        Ok(segments.max(tables).map_or(1, |last| last + 1))
    }

    /// The file of some segments, in the directory of its hour.
    pub(crate) fn file(&self, table: Table, hour: i64, first: u64, last: u64) -> Option<PathBuf> {
        let at = OffsetDateTime::from_unix_timestamp(hour.checked_mul(3600)?).ok()?;
        let (year, month, day) = at.to_calendar_date();
        let name = match first == last {
            true => format!("{first:010}.parquet"),
            false => format!("{first:010}-{last:010}.parquet"),
        };
        let date = format!("date={year:04}-{:02}-{day:02}", u8::from(month));
        let hour = format!("hour={:02}", at.hour());
        Some(self.root.join("tables").join(table.name()).join(date).join(hour).join(name))
    }

    /// The files of a table that count, in the order of their numbers.
    pub(crate) fn files(&self, table: Table) -> io::Result<Vec<TableFile>> {
        let all = self.all_files(table)?;
        let counts = |file: &&TableFile| !all.iter().any(|other| file.is_part_of(other));
        Ok(all.iter().filter(counts).cloned().collect())
    }

    /// Files that are left over from merges.
    pub(crate) fn left_over(&self, table: Table) -> io::Result<Vec<TableFile>> {
        let all = self.all_files(table)?;
        let is_left = |file: &&TableFile| all.iter().any(|other| file.is_part_of(other));
        Ok(all.iter().filter(is_left).cloned().collect())
    }

    fn all_files(&self, table: Table) -> io::Result<Vec<TableFile>> {
        let mut files = Vec::new();
        for (date, days) in entries(&self.root.join("tables").join(table.name()))? {
            let Some(day) = date.strip_prefix("date=").and_then(day) else { continue };
            for (hour, hours) in entries(&days)? {
                let Some(hour) = hour.strip_prefix("hour=").and_then(|hour| hour.parse::<i64>().ok()) else {
                    continue;
                };
                for (name, path) in entries(&hours)? {
                    files.extend(table_file(table, day * 24 + hour, &name, path)?);
                }
            }
        }
        files.sort_by_key(|file| (file.first, file.last));
        Ok(files)
    }
}

fn table_file(table: Table, hour: i64, name: &str, path: PathBuf) -> io::Result<Option<TableFile>> {
    let Some((first, last)) = name.strip_suffix(".parquet").and_then(numbers) else { return Ok(None) };
    match path.metadata() {
        Ok(facts) => {
            let (bytes, modified) = (facts.len(), facts.modified()?);
            Ok(Some(TableFile { table, path, hour, first, last, bytes, modified }))
        }
        // Removed in the meantime.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn numbers(name: &str) -> Option<(u64, u64)> {
    let (first, last) = name.split_once('-').unwrap_or((name, name));
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// Days since 1970 of `YYYY-MM-DD`.
fn day(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    let date = Date::from_calendar_date(year, month.try_into().ok()?, day).ok()?;
    Some(date.midnight().assume_utc().unix_timestamp() / 86_400)
}

/// Names and paths in a directory; none when it is not there.
fn entries(directory: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let Some(name) = entry.file_name().to_str() {
            found.push((name.to_owned(), entry.path()));
        }
    }
    Ok(found)
}

/// Hours since 1970 of a time in ticks.
pub(crate) fn hour_of(ticks: i64) -> i64 {
    (ticks - UNIX_EPOCH_TICKS).div_euclid(3600 * TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::make(folder.path()).unwrap();
        let hour = hour_of(UNIX_EPOCH_TICKS + 1_790_000_000 * TICKS_PER_SECOND);
        for (first, last) in [(3, 3), (4, 4), (3, 4), (7, 7)] {
            let path = layout.file(Table::Calls, hour, first, last).unwrap();
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let names = |files: Vec<TableFile>| {
            files.iter().map(|file| (file.hour - hour, file.first, file.last)).collect::<Vec<_>>()
        };
        assert_eq!(names(layout.files(Table::Calls).unwrap()), [(0, 3, 4), (0, 7, 7)]);
        assert_eq!(names(layout.left_over(Table::Calls).unwrap()), [(0, 3, 3), (0, 4, 4)]);
        assert_eq!(layout.next_number().unwrap(), 8);
        fs::write(segment::path(&layout.segments(), 12), "").unwrap();
        assert_eq!(layout.next_number().unwrap(), 13);
    }

    #[test]
    fn one_process_at_a_time_writes() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::make(folder.path()).unwrap();
        assert_eq!(Layout::make(folder.path()).unwrap_err().kind(), io::ErrorKind::ResourceBusy);
        drop(layout);
        assert!(Layout::make(folder.path()).is_ok());
    }
}
