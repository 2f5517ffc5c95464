//! `sekisho simulate`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use sekisho_simulator::{Config, Simulator};

use crate::cli;

/// Runs the simulator until SIGTERM or SIGINT.
pub(crate) async fn run(arguments: cli::Simulate) -> Result<ExitCode> {
    let config = match &arguments.config {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            serde_saphyr::from_str(&text)
                .with_context(|| format!("{} is not a simulator configuration", path.display()))?
        }
        None => Config::default(),
    };
    let running = Simulator::start(config).await?;
    anstream::println!("simulated Azure on {}", running.url());
    for (name, address) in &running.addresses().resources {
        anstream::println!("  `{name}` on http://{address}");
    }
    super::terminated().await?;
    running.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
