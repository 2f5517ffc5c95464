//! Queries over small tables.

#![allow(clippy::unwrap_used, clippy::panic)] // A test fails by panicking, in its helpers too.

mod cases;
mod limits;
mod pages;
mod pushdown;
mod support;
