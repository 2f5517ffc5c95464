//! Reading a store, also one that another process writes to: nothing is locked, and nothing is changed.

use std::path::Path;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use sekisho_kql::Catalog;

use crate::layout::{Layout, Table};
use crate::tables::models::Models;
use crate::tables::physical::Physical;
use crate::tables::views::{Compatibility, gateway, insights};

/// What a query may take of memory unless it is set otherwise, in bytes.
pub const QUERY_BYTES: usize = 1024 * 1024 * 1024;
/// How many threads work on one query.
const THREADS: usize = 2;

/// The tables of a store.
#[derive(Clone, Debug)]
pub struct Reader {
    tables: Vec<(&'static str, Arc<dyn TableProvider>)>,
    memory: usize,
}

impl Reader {
    /// The store of a directory; one that is not there has no rows.
    ///
    /// # Errors
    /// None are expected: tables are made without looking at the disk.
    pub fn open(directory: &Path, compatibility: Compatibility) -> Result<Reader> {
        let layout = Layout::of(directory);
        let physical = |table| -> Arc<dyn TableProvider> {
            Arc::new(Physical::new(layout.clone(), table, compatibility.message_bytes))
        };
        let calls = physical(Table::Calls);
        let models: Arc<dyn TableProvider> = Arc::new(Models::new(&calls)?);
        let (metrics, events) = (physical(Table::Metrics), physical(Table::Events));
        let tables = vec![
            ("ApiManagementGatewayLogs", gateway::logs(&calls, compatibility)?),
            ("ApiManagementGatewayLlmLog", gateway::llm(&models)?),
            ("ApiManagementGatewayMCPLog", gateway::mcp(&calls)?),
            ("ApiManagementWebSocketConnectionLogs", gateway::web_sockets(&calls)?),
            ("requests", insights::requests(&calls)?),
            ("dependencies", insights::dependencies(&calls)?),
            ("exceptions", insights::exceptions(&calls)?),
            ("traces", insights::traces(&calls)?),
            ("customMetrics", insights::custom_metrics(&metrics)?),
            ("calls", calls),
            ("llm", models),
            ("metrics", metrics),
            ("events", events),
        ];
        Ok(Reader { tables, memory: QUERY_BYTES })
    }

    /// With another bound of the memory of one query, in bytes.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Reader {
        self.memory = bytes;
        self
    }

    /// The tables as queries name them.
    pub fn catalog(&self) -> &dyn Catalog {
        self
    }

    /// Where queries run: with bounds on memory and threads, and without spilling to disk.
    ///
    /// # Errors
    /// When the environment of DataFusion cannot be made.
    pub fn context(&self) -> Result<SessionContext> {
        let mut config = SessionConfig::new().with_target_partitions(THREADS);
        config.options_mut().execution.parquet.pushdown_filters = true;
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(GreedyMemoryPool::new(self.memory)))
            .build_arc()?;
        Ok(SessionContext::new_with_config_rt(config, environment))
    }
}

impl Catalog for Reader {
    fn table(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        self.tables.iter().find(|(own, _)| *own == name).map(|(_, table)| Arc::clone(table))
    }

    fn names(&self) -> Vec<String> {
        self.tables.iter().map(|(name, _)| (*name).to_owned()).collect()
    }
}
