//! Vertical slices, one folder each.
