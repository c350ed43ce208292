//! The pages that are Markdown, in the order of the navigation.

use std::sync::LazyLock;

use super::markdown::{self, Text};

pub struct Guide {
    pub slug: &'static str,
    /// What the navigation calls it.
    pub label: &'static str,
    /// The heading it stands under in the navigation.
    pub group: &'static str,
    pub source: &'static str,
    /// Whether its code stands beside the prose.
    beside: bool,
}

macro_rules! guides {
    ($($group:literal { $($slug:literal $label:literal $file:literal $beside:literal,)+ })+) => {
        pub const ALL: &[Guide] = &[$($(Guide {
            slug: $slug,
            label: $label,
            group: $group,
            source: include_str!(concat!("../../../", $file)),
            beside: $beside,
        },)+)+];
    };
}

guides! {
    "Start" {
        "overview" "Overview" "docs/guides/overview.md" true,
        "authentication" "Authentication and keys" "docs/guides/authentication.md" true,
        "test-mode" "Test mode" "docs/guides/test-mode.md" true,
    }
    "Guides" {
        "analyze" "Analyse a description" "docs/guides/analyze.md" true,
        "implement" "Generate code" "docs/guides/implement.md" true,
        "artifacts" "Download artifacts" "docs/guides/artifacts.md" true,
        "webhooks" "Webhooks" "docs/webhooks.md" false,
        "github-actions" "GitHub Actions" "docs/guides/github-actions.md" true,
        "cli" "Command line" "docs/cli.md" false,
    }
    "Conventions" {
        "errors" "Errors" "docs/guides/errors.md" true,
        "idempotency" "Idempotency" "docs/guides/idempotency.md" true,
        "pagination" "Pagination" "docs/guides/pagination.md" true,
        "conditional-requests" "Conditional requests" "docs/guides/conditional-requests.md" true,
        "rate-limits" "Rate limits and units" "docs/guides/rate-limits.md" true,
        "versioning" "Versioning" "docs/guides/versioning.md" true,
        "cors" "CORS" "docs/guides/cors.md" true,
    }
    "News" {
        "changelog" "Changelog" "CHANGELOG.md" false,
    }
}

/// What the pages show, in the order of [`ALL`]; read once.
pub fn texts() -> &'static [Text] {
    static TEXTS: LazyLock<Vec<Text>> =
        LazyLock::new(|| ALL.iter().map(|it| markdown::read(it.source, it.beside)).collect());
    &TEXTS
}

pub fn find(slug: &str) -> Option<&'static Guide> {
    ALL.iter().find(|it| it.slug == slug)
}
