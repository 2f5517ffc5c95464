//! The resources of a gateway in ARM's own names and shapes, and the loaders that read them.
//!
//! - [`model`]: the resources of one service
//! - [`process`]: how the process runs (`sekisho.yaml`)

pub mod model;
pub mod process;
