//! The way in: landing page, dashboard, health, the description of the API.

pub mod api;
pub mod docs;
pub mod pages;
