//! The management listener.
