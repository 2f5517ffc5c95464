//! The loaders as their users see them: files in, configuration and findings out.

mod directory;
mod mistakes;
mod openapi;
mod process;
mod robustness;
mod support;
mod websockets;
mod yaml;
