//! What differs between database engines.

use super::super::sizing;
use super::{RelationalEngine, RelationalStyle, Tier};
use crate::engine::cost::catalogue;
use crate::engine::graph::RelationalDatabase;

/// An engine in the version and edition that a spec asks for.
pub struct Engine {
    /// The provider's word: `aurora-postgresql`, `sqlserver-se`.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    pub aurora: bool,
    /// Version as Terraform takes it: as short as may be, so that minor
    /// versions are left to the maintenance window.
    pub version: String,
    /// Version as CloudFormation takes it.
    pub version_full: String,
    /// Family of its parameter groups.
    pub family: String,
    pub port: u16,
    /// What forces TLS, with other settings worth having.
    pub parameters: Vec<(&'static str, &'static str)>,
    pub logs: &'static [&'static str],
    pub database: Option<String>,
    pub license: Option<&'static str>,
    /// Whether RDS makes read replicas of it here.
    pub replicas: bool,
    pub proxy_family: Option<&'static str>,
    pub iam: bool,
    /// What follows the class in price keys, without the zone.
    sku: &'static str,
    families: &'static [&'static str],
}

const OPEN_FAMILIES: &[&str] = &["db.t4g.", "db.m7g.", "db.m6g.", "db.r7g.", "db.r6g."];
const AURORA_FAMILIES: &[&str] = &["db.t4g.", "db.r7g.", "db.r6g."];
/// Standard edition runs on the larger sizes of the burstable family only.
const LICENSED_FAMILIES: &[&str] =
    &["db.t3.xlarge", "db.t3.2xlarge", "db.m6i.", "db.m5.", "db.r6i.", "db.r5."];

impl Engine {
    pub fn of(spec: &RelationalDatabase, tier: Tier) -> Self {
        let clustered =
            matches!(spec.style, RelationalStyle::Cluster | RelationalStyle::Serverless);
        let wanted = spec.version.as_deref().map(str::trim).filter(|it| !it.is_empty());
        match spec.engine {
            RelationalEngine::Postgres => postgres(spec, wanted, clustered),
            RelationalEngine::MySql if clustered => aurora_mysql(spec, wanted),
            RelationalEngine::MySql => mysql(spec, wanted),
            RelationalEngine::MariaDb => mariadb(spec, wanted),
            RelationalEngine::SqlServer => sql_server(spec, wanted, tier),
            RelationalEngine::Oracle => oracle(spec, wanted),
        }
    }

    /// The class that the text names, else the cheapest that is large enough.
    pub fn class(&self, spec: &RelationalDatabase, region: &str) -> String {
        if let Some(class) = &spec.instance_class {
            return if class.starts_with("db.") { class.clone() } else { format!("db.{class}") };
        }
        let sku = format!("{}|single-az", self.sku);
        sizing::database(self.families, spec.vcpu, spec.memory_gib, &sku, region)
            .unwrap_or(if self.license.is_some() { "db.m5.large" } else { "db.r6g.large" })
            .to_owned()
    }

    pub fn vcpus(&self, class: &str) -> f64 {
        catalogue::instance("aws", class).map_or(2.0, |it| it.vcpus)
    }

    pub fn sku(&self, class: &str, zone: &str) -> String {
        format!("{class}|{}|{zone}", self.sku)
    }

    /// Small classes have no memory for the sampling of MySQL's sessions.
    pub fn has_insights(&self, class: &str) -> bool {
        let small = ["micro", "small"].iter().any(|size| class.ends_with(size));
        let mysql = self.proxy_family == Some("MYSQL");
        !(mysql && (small || self.aurora && class.starts_with("db.t")))
    }
}

/// The leading parts of a version: `two("8.0.35", 2)` is `8.0`.
fn parts(version: &str, count: usize) -> String {
    version.split('.').take(count).collect::<Vec<_>>().join(".")
}

fn name(text: &str, longest: usize) -> String {
    let name: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .skip_while(|c| !c.is_ascii_lowercase())
        .take(longest)
        .collect();
    if name.is_empty() { "app".to_owned() } else { name }
}

const POSTGRES_PARAMETERS: &[(&str, &str)] = &[
    ("rds.force_ssl", "1"),
    ("log_statement", "ddl"),
    // Milliseconds: what takes longer is worth a look.
    ("log_min_duration_statement", "1000"),
];

fn postgres(spec: &RelationalDatabase, wanted: Option<&str>, aurora: bool) -> Engine {
    let version = wanted.unwrap_or("17").to_owned();
    let major = parts(&version, 1);
    Engine {
        name: if aurora { "aurora-postgresql" } else { "postgres" },
        title: "PostgreSQL",
        aurora,
        version_full: match (version.as_str(), aurora) {
            ("18", false) => "18.3".to_owned(),
            ("17", false) => "17.9".to_owned(),
            ("17", true) => "17.7".to_owned(),
            ("16", false) => "16.13".to_owned(),
            ("16", true) => "16.11".to_owned(),
            ("15", false) => "15.17".to_owned(),
            ("15", true) => "15.15".to_owned(),
            _ => version.clone(),
        },
        version,
        family: if aurora {
            format!("aurora-postgresql{major}")
        } else {
            format!("postgres{major}")
        },
        port: 5432,
        parameters: POSTGRES_PARAMETERS.to_vec(),
        logs: if aurora { &["postgresql"] } else { &["postgresql", "upgrade"] },
        database: Some(name(&spec.database, 63)),
        license: None,
        replicas: true,
        proxy_family: Some("POSTGRESQL"),
        iam: true,
        sku: if aurora { "aurora-postgresql" } else { "postgres" },
        families: if aurora { AURORA_FAMILIES } else { OPEN_FAMILIES },
    }
}

fn aurora_mysql(spec: &RelationalDatabase, wanted: Option<&str>) -> Engine {
    // Aurora's versions carry MySQL's in front; people name MySQL's.
    let version = match wanted {
        Some(it) if it.contains("mysql_aurora") => it.to_owned(),
        _ => "8.0.mysql_aurora.3.10.0".to_owned(),
    };
    Engine {
        name: "aurora-mysql",
        title: "MySQL",
        aurora: true,
        version_full: version.clone(),
        version,
        family: "aurora-mysql8.0".to_owned(),
        port: 3306,
        parameters: vec![
            ("require_secure_transport", "ON"),
            ("server_audit_logging", "1"),
            ("server_audit_events", "CONNECT,QUERY_DCL,QUERY_DDL"),
            ("slow_query_log", "1"),
            ("long_query_time", "1"),
        ],
        logs: &["audit", "error", "slowquery"],
        database: Some(name(&spec.database, 64)),
        license: None,
        replicas: true,
        proxy_family: Some("MYSQL"),
        iam: true,
        sku: "aurora-mysql",
        families: AURORA_FAMILIES,
    }
}

const MYSQL_PARAMETERS: &[(&str, &str)] = &[
    ("require_secure_transport", "1"),
    ("slow_query_log", "1"),
    ("long_query_time", "1"),
    ("log_output", "FILE"),
];

fn mysql(spec: &RelationalDatabase, wanted: Option<&str>) -> Engine {
    let version = match wanted {
        None => "8.4".to_owned(),
        Some("8") => "8.0".to_owned(),
        Some(it) => it.to_owned(),
    };
    let version_full = match version.as_str() {
        "8.4" => "8.4.8".to_owned(),
        "8.0" => "8.0.45".to_owned(),
        it => it.to_owned(),
    };
    Engine {
        name: "mysql",
        title: "MySQL",
        aurora: false,
        family: format!("mysql{}", parts(&version, 2)),
        version,
        version_full,
        port: 3306,
        parameters: MYSQL_PARAMETERS.to_vec(),
        logs: &["error", "slowquery"],
        database: Some(name(&spec.database, 64)),
        license: None,
        replicas: true,
        proxy_family: Some("MYSQL"),
        iam: true,
        sku: "mysql",
        families: OPEN_FAMILIES,
    }
}

fn mariadb(spec: &RelationalDatabase, wanted: Option<&str>) -> Engine {
    let version = match wanted {
        None | Some("11") => "11.8".to_owned(),
        Some("10") => "10.11".to_owned(),
        Some(it) => it.to_owned(),
    };
    let version_full = match version.as_str() {
        "11.8" => "11.8.6".to_owned(),
        "11.4" => "11.4.10".to_owned(),
        "10.11" => "10.11.10".to_owned(),
        it => it.to_owned(),
    };
    Engine {
        name: "mariadb",
        title: "MariaDB",
        aurora: false,
        family: format!("mariadb{}", parts(&version, 2)),
        version,
        version_full,
        port: 3306,
        parameters: MYSQL_PARAMETERS.to_vec(),
        logs: &["error", "slowquery"],
        database: Some(name(&spec.database, 64)),
        license: None,
        replicas: true,
        proxy_family: Some("MYSQL"),
        iam: true,
        sku: "mariadb",
        families: OPEN_FAMILIES,
    }
}

fn sql_server(spec: &RelationalDatabase, wanted: Option<&str>, tier: Tier) -> Engine {
    let version = match wanted {
        Some(it) if it.contains("2019") || it.starts_with("15") => "15.00",
        Some(it) if it.contains("2017") || it.starts_with("14") => "14.00",
        _ => "16.00",
    };
    let version_full = match version {
        "15.00" => "15.00.4430.1.v1",
        "14.00" => "14.00.3495.9.v1",
        _ => "16.00.4225.2.v1",
    };
    // Express is free and ends at 10 GB, 1.4 GB of memory and one zone.
    let express = tier == Tier::Good
        && spec.style == RelationalStyle::Single
        && spec.instance_class.is_none()
        && spec.storage_gb <= 10.0;
    let (name, sku, families): (_, _, &'static [&'static str]) = if express {
        ("sqlserver-ex", "sqlserver-ex|li", &["db.t3."])
    } else {
        ("sqlserver-se", "sqlserver-se|li", LICENSED_FAMILIES)
    };
    Engine {
        name,
        title: if express { "SQL Server Express" } else { "SQL Server" },
        aurora: false,
        version: version.to_owned(),
        version_full: version_full.to_owned(),
        family: format!("{name}-{}", parts(version, 2).replace(".00", ".0")),
        port: 1433,
        parameters: vec![("rds.force_ssl", "1")],
        logs: if express { &["error"] } else { &["agent", "error"] },
        database: None,
        license: Some("license-included"),
        replicas: false,
        proxy_family: if express { None } else { Some("SQLSERVER") },
        iam: false,
        sku,
        families,
    }
}

fn oracle(spec: &RelationalDatabase, wanted: Option<&str>) -> Engine {
    let version = match wanted {
        Some(it) if it.starts_with("21") => "21",
        _ => "19",
    };
    Engine {
        name: "oracle-se2",
        title: "Oracle Database",
        aurora: false,
        version: version.to_owned(),
        version_full: version.to_owned(),
        family: format!("oracle-se2-{version}"),
        port: 1521,
        parameters: vec![("audit_trail", "DB")],
        logs: &["alert", "audit", "listener", "trace"],
        database: Some(name(&spec.database, 8).replace('_', "").to_ascii_uppercase()),
        license: Some("bring-your-own-license"),
        replicas: false,
        proxy_family: None,
        iam: false,
        // Without the licence, both editions cost the same.
        sku: "oracle-ee|byol",
        families: LICENSED_FAMILIES,
    }
}
