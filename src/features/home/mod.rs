//! The way in: landing page, dashboard, health, the description of the API.

pub mod docs;
pub mod pages;
