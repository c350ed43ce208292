//! What an architecture costs: quantities times dated list prices.

pub mod catalogue;
