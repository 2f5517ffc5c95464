//! Scripts: one round trip each, by the clock of the server.

use std::sync::LazyLock;

use redis::{Cmd, ErrorKind, RedisResult, ServerErrorKind, Value};

use super::link::Link;

/// Decides on counters, adds to them, gives back, or settles.
pub(super) static DECIDE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("decide.lua")));
/// Takes a lock.
pub(super) static LOCK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lock.lua")));
/// Gives a lock back.
pub(super) static UNLOCK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("unlock.lua")));

/// A script, which servers know by its hash once they have seen it.
pub(super) struct Script {
    source: &'static str,
    hash: String,
}

impl Script {
    fn new(source: &'static str) -> Script {
        Script { source, hash: redis::Script::new(source).get_hash().to_owned() }
    }

    /// Runs it: by its hash, and by its text on a server that has not seen it.
    pub(super) async fn run(&self, link: &Link, arguments: &Arguments) -> RedisResult<Value> {
        match link.send(&self.command("EVALSHA", &self.hash, arguments)).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                link.send(&self.command("EVAL", self.source, arguments)).await
            }
            answer => answer,
        }
    }

    /// Runs the text on one counter that nobody reads, so that the server knows the script from then on.
    pub(super) fn probe(&self, key: &str) -> Cmd {
        let values = ["add", "", "sliding", "1000000", "0", "1", "1", "0", "0"];
        let arguments = Arguments { keys: vec![key.to_owned()], values: values.map(str::to_owned).to_vec() };
        self.command("EVAL", self.source, &arguments)
    }

    fn command(&self, name: &str, script: &str, arguments: &Arguments) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(arguments.keys.len()).arg(&arguments.keys).arg(&arguments.values);
        command
    }
}

/// What a script is given.
pub(super) struct Arguments {
    pub(super) keys: Vec<String>,
    pub(super) values: Vec<String>,
}
