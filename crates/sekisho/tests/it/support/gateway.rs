//! The binary as a child process.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

/// How long the process may take to start or to say something.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running `sekisho serve`.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) url: String,
    pub(crate) management: String,
    /// Where it keeps its own files.
    pub(crate) data: PathBuf,
    /// Set when that goes with it.
    _data: Option<TempDir>,
    stderr: Lines<BufReader<ChildStderr>>,
    stdout: Option<Lines<BufReader<ChildStdout>>>,
}

impl Gateway {
    /// Starts it on free ports and waits until it is ready.
    pub(crate) async fn start(path: &Path, environment: &[(String, String)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let gateway = Self::start_in(data.path(), path, environment).await;
        Self { _data: Some(data), ..gateway }
    }

    /// The same with its own files in `data`, which stay.
    pub(crate) async fn start_in(data: &Path, path: &Path, environment: &[(String, String)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .arg("serve")
            .arg(path)
            .args(["--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .envs(environment.iter().cloned())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut url = None;
        let mut management = None;
        while url.is_none() || management.is_none() {
            let line = timeout(PATIENCE, stdout.next_line()).await.expect("not ready in time").unwrap();
            let Some(line) = line else {
                let mut said = String::new();
                while let Ok(Some(line)) = stderr.next_line().await {
                    said.push_str(&line);
                    said.push('\n');
                }
                panic!("the gateway ended before it was ready:\n{said}");
            };
            let address = line.split_whitespace().last().unwrap_or("").to_owned();
            if line.starts_with("gateway listening on") {
                url = Some(address);
            } else if line.starts_with("management listening on") {
                management = Some(address);
            }
        }
        Self {
            child,
            url: url.unwrap(),
            management: management.unwrap(),
            data: data.to_path_buf(),
            _data: None,
            stderr,
            stdout: Some(stdout),
        }
    }

    /// Waits for a line on standard error that holds `text`; gives all lines up to it.
    pub(crate) async fn says(&mut self, text: &str) -> String {
        let mut said = String::new();
        loop {
            let line = timeout(PATIENCE, self.stderr.next_line())
                .await
                .unwrap_or_else(|_| panic!("never said {text:?}, but:\n{said}"));
            let line = line.unwrap().unwrap_or_else(|| panic!("ended without saying {text:?}:\n{said}"));
            said.push_str(&line);
            said.push('\n');
            if line.contains(text) {
                return said;
            }
        }
    }

    /// Takes everything from standard output from now on. Otherwise nobody does, and what writes there waits.
    pub(crate) fn read_output(&mut self) {
        if let Some(mut stdout) = self.stdout.take() {
            tokio::spawn(async move { while let Ok(Some(_)) = stdout.next_line().await {} });
        }
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        let id = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Sends SIGKILL and waits for the end.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits for the end; gives the exit code.
    pub(crate) async fn ended(mut self, limit: Duration) -> Option<i32> {
        timeout(limit, self.child.wait()).await.expect("did not end in time").unwrap().code()
    }
}
