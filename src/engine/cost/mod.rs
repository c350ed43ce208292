//! What an architecture costs: quantities times dated list prices.

pub mod bill;
pub mod catalogue;
pub mod whatif;
