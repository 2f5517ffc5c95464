//! What is removed: files that are too old, the oldest while all together are too large, and leftovers of merges.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::layout::{Layout, Table, TableFile, hour_of};

/// How long the sources of a merge stay for queries that began before it.
const LEFT_OVER: Duration = Duration::from_secs(60);

/// What is removed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Files are removed once all in them is older.
    pub age: Duration,
    /// The most that compacted files take together, in bytes; the oldest are removed first.
    pub bytes: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { age: Duration::from_secs(30 * 24 * 3600), bytes: 50 * 1024 * 1024 * 1024 }
    }
}

/// Removes what is too old or too much, of all tables together.
pub(super) fn retain(layout: &Layout, retention: &Retention, now: i64) -> io::Result<()> {
    let mut files = Vec::new();
    for table in Table::ALL {
        files.extend(layout.files(table)?);
    }
    // Of one segment, the calls go last.
    files.sort_by_key(|file| (file.hour, file.last));
    let age = i64::try_from(retention.age.as_secs()).unwrap_or(i64::MAX).saturating_mul(10_000_000);
    let oldest = hour_of(now.saturating_sub(age));
    let mut bytes: u64 = files.iter().map(|file| file.bytes).sum();
    for file in &files {
        // What an hour holds was written before the next one began.
        let is_old = file.hour < oldest;
        if !is_old && bytes <= retention.bytes {
            break;
        }
        remove(file)?;
        bytes = bytes.saturating_sub(file.bytes);
    }
    Ok(())
}

/// Removes the sources of merges that nobody can still be reading.
pub(super) fn remove_left_over(layout: &Layout) -> io::Result<()> {
    for table in Table::ALL {
        let merged = layout.files(table)?;
        for file in layout.left_over(table)? {
            let by = merged.iter().find(|merged| merged.hour == file.hour && merged.holds(file.first));
            let since = by.and_then(|merged| merged.modified.elapsed().ok());
            if since.is_some_and(|since| since >= LEFT_OVER) {
                remove(&file)?;
            }
        }
    }
    Ok(())
}

/// Removes a file, and the directories of its hour and date when they are empty.
fn remove(file: &TableFile) -> io::Result<()> {
    match fs::remove_file(&file.path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let directories = file.path.ancestors().skip(1).take(2);
    // A directory that is not empty stays.
    let _ = directories.map(Path::to_owned).try_for_each(fs::remove_dir);
    Ok(())
}
