//! The compiled core of artifact-warehouse: turns a usual run_results.json into Arrow columns.
//!
//! The Python package is the reference. `Core::add` answers None for every file in which anything is unusual, and
//! Python's flattener takes that file. Nothing here guesses: a value that Python would read differently is unusual.

#![cfg_attr(not(feature = "python"), forbid(unsafe_code))]
#![deny(unsafe_code)]

mod collector;
mod columns;
mod document;
mod hints;
mod json;
mod responses;
mod times;

pub use crate::collector::{Core, Facts};
pub use crate::hints::Hints;

#[cfg(feature = "python")]
#[allow(unsafe_code)] // the macros of PyO3 expand to it
mod python;
