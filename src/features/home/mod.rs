//! The way in: landing page, dashboard, health.

pub mod pages;
