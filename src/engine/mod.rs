//! The pure engine: text in, architectures, code and costs out.
