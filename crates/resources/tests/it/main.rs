//! The loaders as their users see them: files in, configuration and findings out.

mod directory;
mod mistakes;
mod openapi;
mod process;
mod protocols;
mod robustness;
mod support;
mod unified;
mod websockets;
mod yaml;
