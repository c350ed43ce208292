//! What is known to be wrong with the crates that the program is made of.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use semver::{Version, VersionReq};
use serde::Deserialize;
use serde_json::json;

/// How long after it became known a fault may stay, by `docs/security.md`.
const MENDED_WITHIN: Days = Days::new(30);

/// Faults without a mended version, in what is not used; `docs/security.md` says why.
const ACCEPTED: &[&str] = &["RUSTSEC-2023-0071"];

#[derive(Deserialize)]
struct Known {
    /// Until when the database is known, at least.
    read: NaiveDate,
    /// Which crates were looked up.
    crates: BTreeSet<String>,
    advisories: Vec<Advisory>,
}

#[derive(Deserialize)]
struct Advisory {
    id: String,
    package: String,
    date: NaiveDate,
    title: String,
    /// Says that something is not maintained, say, rather than wrong.
    informational: Option<String>,
    withdrawn: Option<String>,
    patched: Vec<VersionReq>,
    unaffected: Vec<VersionReq>,
}

struct Package {
    name: String,
    version: Version,
}

impl Advisory {
    fn concerns(&self, crates: &BTreeMap<&str, Vec<&Version>>) -> Option<String> {
        let fine = |version: &Version| {
            self.patched.iter().chain(&self.unaffected).any(|it| it.matches(version))
        };
        let locked = crates.get(self.package.as_str())?;
        let version = locked.iter().find(|it| !fine(it))?;
        let Self { id, package, title, .. } = self;
        self.withdrawn.is_none().then(|| format!("{id}: {package} {version}: {title}"))
    }
}

fn known() -> Known {
    serde_json::from_str(include_str!("advisories.json")).unwrap()
}

/// What is locked and not our own.
fn locked() -> Vec<Package> {
    let packages = include_str!("../../Cargo.lock").split("[[package]]").skip(1);
    let package = |text: &str| {
        let field =
            |name: &str| text.lines().find_map(|it| it.strip_prefix(name)?.strip_prefix(" = "));
        let plain = |name: &str| field(name).unwrap().trim_matches('"').to_owned();
        field("source")?;
        Some(Package { name: plain("name"), version: plain("version").parse().unwrap() })
    };
    packages.filter_map(package).collect()
}

fn by_name(packages: &[Package]) -> BTreeMap<&str, Vec<&Version>> {
    let mut crates: BTreeMap<&str, Vec<&Version>> = BTreeMap::new();
    for it in packages {
        crates.entry(&it.name).or_default().push(&it.version);
    }
    crates
}

/// ASVS V15.2.1
#[test]
fn no_crate_has_a_fault_that_should_be_mended_by_now() {
    let (known, packages) = (known(), locked());
    let crates = by_name(&packages);
    let unknown: Vec<_> = crates.keys().filter(|it| !known.crates.contains(**it)).collect();
    assert!(unknown.is_empty(), "run scripts/advisories to learn about {unknown:?}");

    // What is not wrong but worth knowing is for whoever updates, see the documentation.
    let faults = known.advisories.iter().filter(|it| it.informational.is_none());
    let faults = faults.filter(|it| !ACCEPTED.contains(&it.id.as_str()));
    let due = faults.filter(|it| it.date + MENDED_WITHIN <= known.read);
    let open: Vec<_> = due.filter_map(|it| it.concerns(&crates)).collect();
    assert!(open.is_empty(), "{open:#?}");
}

#[test]
fn a_fault_of_a_locked_version_is_found() {
    let package = |name: &str, version: &str| Package {
        name: name.to_owned(),
        version: version.parse().unwrap(),
    };
    let packages =
        [package("tokio", "1.7.1"), package("tokio", "1.40.0"), package("time", "0.3.1")];
    let crates = by_name(&packages);
    let advisory = |package: &str, withdrawn: Option<&str>| -> Advisory {
        let text = json!({
            "id": "RUSTSEC-2021-0072", "package": package, "date": "2021-07-07",
            "title": "Task dropped in wrong thread", "withdrawn": withdrawn,
            "patched": [">= 1.5.1, < 1.6.0", ">= 1.7.2, < 1.8.0", ">= 1.8.1"],
            "unaffected": ["< 0.4.0"],
        });
        serde_json::from_value(text).unwrap()
    };
    let found = advisory("tokio", None).concerns(&crates);
    assert_eq!(
        found.as_deref(),
        Some("RUSTSEC-2021-0072: tokio 1.7.1: Task dropped in wrong thread")
    );
    assert_eq!(advisory("tokio", Some("2022-01-01")).concerns(&crates), None);
    assert_eq!(advisory("time", None).concerns(&crates), None, "it is unaffected");
    assert_eq!(advisory("hyper", None).concerns(&crates), None, "it is not there");
}
