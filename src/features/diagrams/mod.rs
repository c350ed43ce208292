//! Pictures of options, for programs: drawn when they are asked for, of what
//! went into the analysis, so equal analyses give equal bytes.

pub mod api;
