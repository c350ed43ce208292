//! What an organisation prescribes, whatever a text asks for.

use super::analysis::Format;
use super::cost::catalogue;
use super::plan::services;
use super::requirements::{Cloud, Compliance};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Defaults and rules of an organisation. A default gives way to what a person
/// says; a rule does not, and what it refuses is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Canonical service names; nothing else may be used when given.
    pub allowed_services: Option<BTreeSet<String>>,
    pub forbidden_services: BTreeSet<String>,
    pub allowed_regions: Option<BTreeSet<String>>,
    /// Cloud where nothing speaks for another.
    pub cloud: Option<Cloud>,
    /// Main region where the text names none.
    pub region: Option<String>,
    pub recovery_region: Option<String>,
    /// Code that is written unless another format is chosen.
    pub format: Option<Format>,
    /// Frameworks that every design has to comply with.
    pub compliance: BTreeSet<Compliance>,
    /// Address range of new networks.
    pub cidr: Option<String>,
    /// Use the organisation's network instead of making one.
    pub existing_network: bool,
    pub domain: Option<String>,
    /// Name that resources start with; else the title of the system.
    pub project: Option<String>,
    /// What the names of all resources start with, before that of the system.
    pub name_prefix: Option<String>,
    /// Tags that every resource carries.
    pub tags: BTreeMap<String, String>,
    /// Tags for which each design has to give a value.
    pub required_tags: BTreeSet<String>,
    /// Where the state of Terraform is kept.
    pub state: Option<StateStore>,
}

/// A backend of Terraform: `s3` with `bucket`, `region` and so on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateStore {
    pub backend: String,
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

/// Longest name prefix: with it, a system and an environment, names still fit
/// into the 63 characters that clouds allow.
pub const PREFIX_LENGTH: usize = 8;

impl Policy {
    pub fn allows_service(&self, service: &str) -> bool {
        !self.forbidden_services.contains(service)
            && self.allowed_services.as_ref().is_none_or(|it| it.contains(service))
    }

    pub fn allows_region(&self, region: &str) -> bool {
        self.allowed_regions.as_ref().is_none_or(|it| it.contains(region))
    }

    /// What is wrong with it: the field, and a sentence for people.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut out = Vec::new();
        let mut says = |field, text: String| out.push((field, text));
        let known = |name: &String| services::AWS.iter().any(|it| it.0 == name.as_str());
        for (field, names) in [
            ("allowed_services", self.allowed_services.as_ref()),
            ("forbidden_services", Some(&self.forbidden_services)),
        ] {
            for name in names.into_iter().flatten().filter(|it| !known(it)) {
                says(
                    field,
                    format!(
                        "{name} is no service that is known; names look like dynamodb or api-gateway."
                    ),
                );
            }
        }
        let regions =
            [("region", self.region.as_ref()), ("recovery_region", self.recovery_region.as_ref())];
        for code in self.allowed_regions.iter().flatten() {
            if catalogue::region("aws", code).is_none() {
                says(
                    "allowed_regions",
                    format!("{code} is no region of AWS; one looks like eu-central-1."),
                );
            }
        }
        for (field, code) in regions {
            let Some(code) = code else { continue };
            if catalogue::region("aws", code).is_none() {
                says(field, format!("{code} is no region of AWS; one looks like eu-central-1."));
            } else if !self.allows_region(code) {
                says(field, format!("{code} is not among the allowed regions."));
            }
        }
        if self.allowed_regions.as_ref().is_some_and(BTreeSet::is_empty) {
            says("allowed_regions", "Allow at least one region, or leave the list out.".to_owned());
        }
        if let Some(cidr) = &self.cidr
            && !is_network(cidr)
        {
            says(
                "cidr",
                format!(
                    "{cidr} is no address range for a network: it looks like 10.20.0.0/16, from /16 to /24."
                ),
            );
        }
        if let Some(prefix) = &self.name_prefix
            && !is_name(prefix, PREFIX_LENGTH)
        {
            says(
                "name_prefix",
                format!(
                    "The prefix has at most {PREFIX_LENGTH} lowercase letters, digits and hyphens, and starts with a letter."
                ),
            );
        }
        if let Some(project) = &self.project
            && !is_name(project, 20)
        {
            says("project", "The name has at most 20 lowercase letters, digits and hyphens, and starts with a letter.".to_owned());
        }
        for (name, value) in &self.tags {
            if let Err(text) = check_tag(name, value) {
                says("tags", text);
            }
        }
        for name in &self.required_tags {
            if let Err(text) = check_tag(name, "x") {
                says("required_tags", text);
            }
        }
        if let Some(state) = &self.state
            && !matches!(
                state.backend.as_str(),
                "s3" | "remote" | "http" | "azurerm" | "gcs" | "pg" | "consul"
            )
        {
            says(
                "state",
                format!(
                    "Terraform has no backend {:?}; known are s3, remote, http, azurerm, gcs, pg, consul.",
                    state.backend
                ),
            );
        }
        out
    }
}

/// AWS takes 128 characters for the name of a tag and 256 for its value.
/// <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>
pub fn check_tag(name: &str, value: &str) -> Result<(), String> {
    let plain = |it: &str| it.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c));
    if name.is_empty() || name.chars().count() > 128 || !plain(name) {
        return Err(format!(
            "{name:?} cannot name a tag: use up to 128 letters, digits, spaces and _.:/=+-@."
        ));
    }
    if name.to_ascii_lowercase().starts_with("aws:") {
        return Err(format!("{name:?} cannot name a tag: aws: is kept for the provider."));
    }
    if value.chars().count() > 256 || !plain(value) {
        return Err(format!(
            "The tag {name} cannot have this value: use up to 256 letters, digits, spaces and _.:/=+-@."
        ));
    }
    Ok(())
}

fn is_name(text: &str, most: usize) -> bool {
    super::graph::NodeId::parse(text).is_some() && text.len() <= most
}

/// A private or public IPv4 range that a network can have.
pub(super) fn is_network(text: &str) -> bool {
    let Some((address, mask)) = text.split_once('/') else { return false };
    let Ok(address) = address.parse::<std::net::Ipv4Addr>() else { return false };
    let Ok(mask) = mask.parse::<u32>() else { return false };
    (16..=24).contains(&mask) && u32::from(address).trailing_zeros() >= 32 - mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_says_all_that_is_wrong_with_it() {
        let policy: Policy = serde_json::from_str(
            r#"{"region": "us-east-1", "allowed_regions": ["eu-central-1", "eu-middle-9"],
                "forbidden_services": ["dynamodb", "dynamo"], "cidr": "10.0.0.1/16",
                "compliance": ["hipaa", "PCI DSS"], "name_prefix": "Acme",
                "tags": {"aws:owner": "x", "team": "blue"}, "cloud": "aws", "format": "cloudformation"}"#,
        )
        .unwrap();
        assert!(policy.compliance.contains(&Compliance::PciDss));
        assert_eq!(policy.format, Some(Format::CloudFormation));
        let fields: Vec<&str> = policy.problems().iter().map(|it| it.0).collect();
        assert_eq!(
            fields,
            ["forbidden_services", "allowed_regions", "region", "cidr", "name_prefix", "tags"]
        );
        assert_eq!(Policy::default().problems(), []);
        assert!(serde_json::from_str::<Policy>(r#"{"regoin": "x"}"#).is_err());
    }
}
