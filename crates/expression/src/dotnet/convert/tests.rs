//! Behaviour pinned against .NET.
