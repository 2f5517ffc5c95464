//! The store of logs, and queries on it.
