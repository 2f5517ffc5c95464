//! Queries over small tables.

mod cases;
mod limits;
mod pages;
mod pushdown;
mod support;
