//! The engine as the fuzz targets see it: the same files, compiled alone.

#[path = "../../src/engine/mod.rs"]
pub mod engine;
