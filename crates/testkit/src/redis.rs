//! Real Redis servers as child processes, on free ports of the loopback address.
//!
//! They need `redis-server` and `redis-cli`, Debian's package `redis-server`. The one that searches vectors is in
//! `.cache/redis-search`, where `tests/run` installs it: its licence (RSALv2 or SSPL) lets it be run here and not be passed on.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

/// How long a server may take to start, and a cluster to form.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at whether it has.
const PAUSE: Duration = Duration::from_millis(10);
/// How many ports a new server tries: another process may take one between the choice and the start.
const ATTEMPTS: usize = 3;
/// The slots of a cluster.
const SLOTS: usize = 16_384;

/// A server. It ends with this value.
pub struct Redis {
    /// The port it listens on.
    pub port: u16,
    program: PathBuf,
    /// Where the program finds libraries that this machine does not have.
    libraries: Option<PathBuf>,
    arguments: Vec<String>,
    /// What `redis-cli` needs to reach it.
    login: Vec<String>,
    directory: tempfile::TempDir,
    child: Option<Child>,
}

impl Redis {
    /// Starts a server that keeps nothing on disk, with further settings such as `["--requirepass", "x"]`.
    pub async fn start(settings: &[&str]) -> Result<Redis> {
        Self::build(settings, &[], true).await
    }

    /// Starts a server with RediSearch; none where it is not installed.
    pub async fn start_with_search() -> Result<Option<Redis>> {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/redis-search");
        if !home.join("complete").exists() {
            return Ok(None);
        }
        let module = home.join("redisearch.so").display().to_string();
        let started = Self::first(|| {
            let mut redis = Self::prepare(&["--loadmodule", &module], &[], true)?;
            redis.program = home.join("redis-server");
            redis.libraries = Some(home.join("libraries"));
            Ok(redis)
        });
        started.await.map(Some)
    }

    /// The same where `redis-cli` needs further options, such as `["--pass", "x"]`.
    pub async fn start_with_login(settings: &[&str], login: &[&str]) -> Result<Redis> {
        Self::build(settings, login, true).await
    }

    /// Starts a server that speaks TLS only, with a certificate and its key in PEM.
    pub async fn start_with_tls(certificate: &Path, key: &Path) -> Result<Redis> {
        let [certificate, key] = [certificate, key].map(|path| path.display().to_string());
        let settings =
            ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &certificate];
        let settings = [&settings[..], &["--tls-auth-clients", "no"]].concat();
        Self::build(&settings, &["--tls", "--cacert", &certificate], false).await
    }

    async fn build(settings: &[&str], login: &[&str], is_plain: bool) -> Result<Redis> {
        Self::first(|| Self::prepare(settings, login, is_plain)).await
    }

    /// The first of some servers that starts, each on another port.
    async fn first(prepare: impl Fn() -> Result<Redis>) -> Result<Redis> {
        let mut redis = prepare()?;
        for _ in 1..ATTEMPTS {
            match redis.restart().await {
                Ok(()) => return Ok(redis),
                Err(_) => redis = prepare()?,
            }
        }
        redis.restart().await?;
        Ok(redis)
    }

    /// A server that is not started yet.
    fn prepare(settings: &[&str], login: &[&str], is_plain: bool) -> Result<Redis> {
        let port = free_port()?;
        let ports = if is_plain { ["--port", "--tls-port"] } else { ["--tls-port", "--port"] };
        let mut arguments = vec![ports[0].to_owned(), port.to_string()];
        if !is_plain {
            arguments.extend([ports[1].to_owned(), "0".to_owned()]);
        }
        let fixed = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"];
        arguments.extend(fixed.iter().chain(settings).map(|word| (*word).to_owned()));
        let login = login.iter().map(|word| (*word).to_owned()).collect();
        let program = PathBuf::from("redis-server");
        let directory = tempfile::tempdir()?;
        Ok(Redis { port, program, libraries: None, arguments, login, directory, child: None })
    }

    /// Starts it again after [`Redis::kill`], empty, on the same port.
    pub async fn restart(&mut self) -> Result<()> {
        let child = Command::new(&self.program)
            .envs(self.libraries.iter().map(|path| ("LD_LIBRARY_PATH", path)))
            .args(&self.arguments)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start redis-server; install Debian's package `redis-server`")?;
        self.child = Some(child);
        self.answers().await
    }

    /// Waits until it is this server that answers, not another one on the same port.
    async fn answers(&mut self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let child = self.child.as_mut().context("the server does not run")?;
            let own = format!("process_id:{}\r", child.id().unwrap_or_default());
            if let Some(status) = child.try_wait()? {
                bail!("redis-server on port {} ended with {status}", self.port);
            }
            if self.command(&["INFO", "server"]).await?.contains(&own) {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("the server on port {} did not answer in time", self.port)
    }

    /// Ends it at once, as a crash does.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Stops it without closing its connections, as a machine that hangs does.
    pub async fn freeze(&self) -> Result<()> {
        self.signal("-STOP").await
    }

    /// Goes on after [`Redis::freeze`].
    pub async fn thaw(&self) -> Result<()> {
        self.signal("-CONT").await
    }

    async fn signal(&self, signal: &str) -> Result<()> {
        let id = self.child.as_ref().and_then(Child::id).context("the server does not run")?;
        let status = Command::new("kill").args([signal, &id.to_string()]).status().await?;
        if !status.success() {
            bail!("kill {signal} {id} failed");
        }
        Ok(())
    }

    /// What `redis-cli` says to a command.
    pub async fn command(&self, words: &[&str]) -> Result<String> {
        let output = Command::new("redis-cli")
            .args(["-p", &self.port.to_string(), "--no-auth-warning"])
            .args(&self.login)
            .args(words)
            .kill_on_drop(true)
            .output()
            .await
            .context("cannot start redis-cli; install Debian's package `redis-tools`")?;
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Waits until a command is answered with a text that holds `expected`.
    pub async fn until(&self, expected: &str, words: &[&str]) -> Result<()> {
        let start = Instant::now();
        loop {
            let said = self.command(words).await?;
            if said.contains(expected) {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                bail!("the server on port {} never answered {words:?} with {expected:?}: {said}", self.port);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A place for files of the test.
    pub fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }
}

/// A cluster of nodes without replicas, each with its share of the slots.
pub struct RedisCluster {
    /// The nodes.
    pub nodes: Vec<Redis>,
}

impl RedisCluster {
    /// Starts the nodes and waits until all of them know all.
    pub async fn start(count: usize) -> Result<RedisCluster> {
        let mut nodes = Vec::new();
        let mut bus_ports = Vec::new();
        for _ in 0..count {
            let bus_port = free_port()?.to_string();
            let settings =
                ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", &bus_port];
            nodes.push(Redis::start(&settings).await?);
            bus_ports.push(bus_port);
        }
        for (index, node) in nodes.iter().enumerate() {
            let [first, end] = [index, index + 1].map(|index| SLOTS * index / count);
            node.command(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &(end - 1).to_string()]).await?;
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]).await?;
            for (other, bus_port) in nodes.iter().zip(&bus_ports) {
                node.command(&["CLUSTER", "MEET", "127.0.0.1", &other.port.to_string(), bus_port]).await?;
            }
        }
        let cluster = RedisCluster { nodes };
        cluster.formed().await?;
        Ok(cluster)
    }

    /// Waits until every node says that all slots are served.
    pub async fn formed(&self) -> Result<()> {
        for node in &self.nodes {
            node.until("cluster_state:ok", &["CLUSTER", "INFO"]).await?;
            node.until(&format!("cluster_known_nodes:{}", self.nodes.len()), &["CLUSTER", "INFO"]).await?;
        }
        Ok(())
    }
}

/// A port that nobody listens on just now, below those that the system gives to connections: no client gets it by chance. Processes
/// that run at the same time look at different ones first.
fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    for _ in 0..COUNT {
        let place =
            std::process::id().wrapping_mul(16).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed).into());
        let port = u16::try_from(FIRST + place % COUNT)?;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}
