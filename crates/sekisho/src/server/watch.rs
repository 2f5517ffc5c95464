//! Notices that the files of a configuration changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// An editor or a checkout writes several files: a change is over when nothing happened for so long.
const QUIET: Duration = Duration::from_millis(50);
/// However busy the files are, they are read again after so long.
const LONGEST: Duration = Duration::from_secs(1);

/// Watches folders; files are replaced by renaming, which only their folder notices.
pub(crate) struct Watch {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    changes: mpsc::Receiver<()>,
}

impl Watch {
    /// Watches the folders of these files and folders.
    pub(crate) fn start(files: &[PathBuf]) -> notify::Result<Watch> {
        // One place in the queue is enough: it says that something changed, not what.
        let (sender, changes) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading the files is seen too, and must not start the next reading.
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                let _ = sender.try_send(());
            }
        })?;
        let mut watch = Watch { watcher, folders: BTreeSet::new(), changes };
        watch.follow(files);
        Ok(watch)
    }

    /// Watches the folders of these files and folders too, and those that went away and came back.
    pub(crate) fn follow(&mut self, files: &[PathBuf]) {
        let folders: BTreeSet<PathBuf> = files.iter().filter_map(|file| folder(file)).collect();
        for folder in &folders {
            // A folder that is gone is noticed by the one above it.
            let _ = self.watcher.watch(folder, RecursiveMode::NonRecursive);
        }
        for gone in self.folders.difference(&folders) {
            let _ = self.watcher.unwatch(gone);
        }
        self.folders = folders;
    }

    /// Waits for a change and until it is over.
    pub(crate) async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            return std::future::pending().await;
        }
        let quiet = async { while let Ok(Some(())) = timeout(QUIET, self.changes.recv()).await {} };
        let _ = timeout(LONGEST, quiet).await;
    }
}

fn folder(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.to_owned());
    }
    let parent = path.parent()?;
    Some(if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_owned() })
}
