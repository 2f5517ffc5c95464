//! Where the lines of earlier sessions are kept.

use std::path::PathBuf;

/// `$XDG_STATE_HOME/sekisho/eval_history`, or below `~/.local/state`; none without a home.
pub(super) fn path() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    let folder = state.join("sekisho");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("eval_history"))
}
