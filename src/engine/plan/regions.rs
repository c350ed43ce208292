//! Which region, and where to recover: inside the residency and what the
//! organisation allows.

use super::Policy;
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::requirements::Needs;

/// Residency groups and the AWS regions within them, preferred first.
const RESIDENCY: &[(&str, &[&str])] = &[
    ("eu", &["eu-west-1", "eu-central-1", "eu-west-3", "eu-north-1", "eu-south-1", "eu-south-2"]),
    ("eea", &["eu-west-1", "eu-central-1", "eu-west-3", "eu-north-1"]),
    ("europe", &["eu-west-1", "eu-central-1", "eu-west-3", "eu-north-1"]),
    ("us", &["us-east-1", "us-west-2", "us-east-2", "us-west-1"]),
    ("us-gov", &["us-gov-west-1", "us-gov-east-1"]),
    ("de", &["eu-central-1"]),
    ("fr", &["eu-west-3"]),
    ("ie", &["eu-west-1"]),
    ("it", &["eu-south-1"]),
    ("es", &["eu-south-2"]),
    ("se", &["eu-north-1"]),
    ("uk", &["eu-west-2"]),
    ("gb", &["eu-west-2"]),
    ("ch", &["eu-central-2"]),
    ("ca", &["ca-central-1", "ca-west-1"]),
    ("au", &["ap-southeast-2", "ap-southeast-4"]),
    ("in", &["ap-south-1", "ap-south-2"]),
    ("jp", &["ap-northeast-1", "ap-northeast-3"]),
    ("kr", &["ap-northeast-2"]),
    ("sg", &["ap-southeast-1"]),
    ("id", &["ap-southeast-3"]),
    ("br", &["sa-east-1"]),
    ("za", &["af-south-1"]),
    ("ae", &["me-central-1"]),
    ("bh", &["me-south-1"]),
    ("il", &["il-central-1"]),
    ("apac", &["ap-southeast-1", "ap-northeast-1", "ap-southeast-2", "ap-south-1"]),
    ("asia", &["ap-southeast-1", "ap-northeast-1", "ap-south-1"]),
];

/// Where to recover from the loss of a region: far enough for another weather,
/// on the same side of a border.
const RECOVERY: &[(&str, &str)] = &[
    ("us-east-1", "us-west-2"),
    ("us-east-2", "us-west-2"),
    ("us-west-1", "us-east-1"),
    ("us-west-2", "us-east-1"),
    ("us-gov-west-1", "us-gov-east-1"),
    ("us-gov-east-1", "us-gov-west-1"),
    ("ca-central-1", "ca-west-1"),
    ("ca-west-1", "ca-central-1"),
    ("eu-west-1", "eu-central-1"),
    ("eu-west-2", "eu-west-1"),
    ("eu-west-3", "eu-central-1"),
    ("eu-central-1", "eu-west-1"),
    ("eu-central-2", "eu-central-1"),
    ("eu-north-1", "eu-west-1"),
    ("eu-south-1", "eu-central-1"),
    ("eu-south-2", "eu-west-3"),
    ("ap-southeast-1", "ap-southeast-2"),
    ("ap-southeast-2", "ap-southeast-4"),
    ("ap-southeast-4", "ap-southeast-2"),
    ("ap-northeast-1", "ap-northeast-3"),
    ("ap-northeast-2", "ap-northeast-1"),
    ("ap-northeast-3", "ap-northeast-1"),
    ("ap-south-1", "ap-south-2"),
    ("ap-south-2", "ap-south-1"),
    ("sa-east-1", "us-east-1"),
];

const DEFAULT_REGION: &str = "us-east-1";

/// Region codes of AWS end in a hyphen and a digit: `eu-west-1`.
fn is_aws_region(code: &str) -> bool {
    let mut parts = code.rsplitn(2, '-');
    let digit = parts.next().unwrap_or("");
    let rest = parts.next().unwrap_or("");
    digit.len() == 1
        && digit.starts_with(|c: char| c.is_ascii_digit())
        && rest.contains('-')
        && rest.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

pub(super) fn choose(
    needs: &Needs,
    policy: &Policy,
    diagnostics: &mut Vec<Diagnostic>,
) -> (String, Option<String>) {
    let residency = needs.residency.as_deref().map(str::to_ascii_lowercase);
    let home: Option<&[&str]> = residency
        .as_deref()
        .and_then(|it| RESIDENCY.iter().find(|(name, _)| *name == it))
        .map(|(_, regions)| *regions);
    if let (Some(residency), None) = (&residency, home) {
        diagnostics.push(
            Diagnostic::new(
                "unknown-residency",
                Severity::Warning,
                format!("No region is known to lie within \"{residency}\"."),
            )
            .help("Name the region to use."),
        );
    }
    let resident = |region: &str| home.is_none_or(|it| it.contains(&region));
    let permitted = |region: &str| policy.allows_region(region);
    let welcome = |region: &str| permitted(region) && !needs.avoids(region);
    let mut stated: Vec<&str> = Vec::new();
    for region in &needs.regions {
        if !is_aws_region(region) {
            diagnostics.push(
                Diagnostic::new(
                    "unknown-region",
                    Severity::Warning,
                    format!("{region} is not a region of AWS."),
                )
                .help("Name a region such as eu-west-1."),
            );
        } else if !permitted(region) {
            diagnostics.push(
                Diagnostic::new(
                    "region-forbidden",
                    Severity::Error,
                    format!("The organisation does not allow the region {region}."),
                )
                .help("Ask for one of the allowed regions."),
            );
        } else {
            stated.push(region);
        }
    }
    let region = stated
        .first()
        .copied()
        .or_else(|| policy.region.as_deref().filter(|it| permitted(it) && resident(it)))
        .or_else(|| home.and_then(|it| it.iter().copied().find(|it| permitted(it))))
        .or_else(|| Some(DEFAULT_REGION).filter(|it| permitted(it) && home.is_none()))
        .or_else(|| policy.allowed_regions.as_ref().and_then(|it| it.first()).map(String::as_str))
        .unwrap_or(DEFAULT_REGION)
        .to_owned();
    let recovery = stated
        .get(1)
        .copied()
        .or_else(|| policy.recovery_region.as_deref().filter(|it| *it != region))
        .or_else(|| RECOVERY.iter().find(|(from, _)| *from == region).map(|(_, to)| *to))
        .filter(|it| welcome(it) && resident(it))
        .or_else(|| home.and_then(|it| it.iter().copied().find(|it| *it != region && welcome(it))))
        .map(str::to_owned);
    (region, recovery)
}
