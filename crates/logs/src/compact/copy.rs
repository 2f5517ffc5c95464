//! Copies of compacted files in object storage, each made once: a ledger of names tells which are there.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::time::Duration;

use object_store::path::Path;
use object_store::{ObjectStoreExt, WriteMultipart};

use super::target::Target;
use crate::layout::{Layout, Table, TableFile};
use crate::store::Counters;

/// What is sent at once, in bytes.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// How long one file may take.
const FILE_PATIENCE: Duration = Duration::from_secs(600);

pub(super) struct Copier {
    target: Target,
    layout: Layout,
    counters: Counters,
    runtime: tokio::runtime::Runtime,
    copied: HashSet<String>,
}

impl Copier {
    pub(super) fn new(target: Target, layout: Layout, counters: Counters) -> io::Result<Copier> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let copied = match fs::read_to_string(layout.copied()) {
            Ok(names) => names.lines().map(str::to_owned).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => HashSet::new(),
            Err(error) => return Err(error),
        };
        Ok(Copier { target, layout, counters, runtime, copied })
    }

    /// Copies what is not there yet of hours before `hour`, which are merged. False when something could not be copied; it
    /// is tried again.
    pub(super) fn step(&mut self, hour: i64) -> bool {
        let result = self.pending(hour).and_then(|files| files.iter().try_for_each(|file| self.copy(file)));
        if result.is_err() {
            self.counters.failed.inc();
        }
        result.is_ok()
    }

    fn pending(&self, hour: i64) -> io::Result<Vec<TableFile>> {
        let mut pending = Vec::new();
        for table in Table::ALL {
            let is_new = |file: &TableFile| self.name(file).is_some_and(|name| !self.copied.contains(&name));
            let files = self.layout.files(table)?;
            pending.extend(files.into_iter().filter(|file| file.hour < hour && is_new(file)));
        }
        Ok(pending)
    }

    fn name(&self, file: &TableFile) -> Option<String> {
        Some(file.path.strip_prefix(self.layout.root()).ok()?.to_str()?.to_owned())
    }

    fn copy(&mut self, file: &TableFile) -> io::Result<()> {
        let Some(name) = self.name(file) else { return Ok(()) };
        let (store, to) = (self.target.store(), Path::from_iter(name.split('/')));
        let mut source = fs::File::open(&file.path)?;
        let work = async {
            let upload = store.put_multipart(&to).await?;
            let mut upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
            let mut part = vec![0; PART_BYTES];
            loop {
                let read = source.read(&mut part)?;
                if read == 0 {
                    break;
                }
                upload.wait_for_capacity(2).await?;
                upload.write(part.get(..read).unwrap_or_default());
            }
            upload.finish().await?;
            Ok::<(), io::Error>(())
        };
        let patient = async { tokio::time::timeout(FILE_PATIENCE, work).await };
        self.runtime.block_on(patient).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        let mut ledger = OpenOptions::new().create(true).append(true).open(self.layout.copied())?;
        ledger.write_all(format!("{name}\n").as_bytes())?;
        ledger.sync_data()?;
        self.copied.insert(name);
        self.counters.copied.inc();
        Ok(())
    }
}
