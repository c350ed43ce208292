//! Amazon RDS and Aurora: relational databases.

mod cluster;
mod engine;
mod instance;
mod member;
mod proxy;

use super::kit;
use super::password::{self, Password};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, list};
use crate::engine::bind::stack::{Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::{
    Component, RelationalDatabase, RelationalEngine, RelationalStyle, Tier,
};
use crate::engine::requirements::Intent;
use engine::Engine;

binding! {
    RelationalDatabase {
        service: "rds",
        title: "Amazon RDS",
        docs: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Welcome.html",
        sla: Some(Sla {
            // Aurora over several zones; RDS Multi-AZ 0.9995.
            availability: 0.9999,
            single: 0.995,
            source: "https://aws.amazon.com/rds/sla/",
        }),
        limits: &[
            Limit {
                what: "Storage of an instance",
                value: "64 TiB (16 TiB for SQL Server)",
                source: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html",
            },
            Limit {
                what: "Storage of an Aurora cluster",
                value: "128 TiB (256 TiB in the newest versions)",
                source: "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html",
            },
        ],
        latency_ms: Some((3.0, 15.0)),
    }
}

/// The name of the administrator that every database starts with.
const ADMIN: &str = "dbadmin";

/// What instances and clusters have in common.
struct Base {
    group: Option<Handle>,
    subnets: Option<Handle>,
    /// Takes part in enhanced monitoring.
    monitor: Handle,
    /// Where RDS cannot manage the password itself.
    login: Option<Password>,
}

/// Where a database is reached, by what name and with which secret.
struct Access {
    host: Expr,
    reader: Option<Expr>,
    secret: Expr,
    /// Security group of what listens: the database, or its proxy.
    group: Option<Expr>,
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &RelationalDatabase) {
    let engine = Engine::of(spec, stack.tier());
    if engine.aurora != wants_cluster(spec) {
        stack.diagnose(
            Diagnostic::new(
                "database-engine-without-cluster",
                Severity::Warning,
                format!(
                    "{} does not run as an Aurora cluster: {} is a Multi-AZ instance instead.",
                    engine.title, it.title
                ),
            )
            .help("Choose PostgreSQL or MySQL for a cluster.")
            .on(it.id.as_str()),
        );
    }
    let group = kit::security_group(stack, it, "");
    let subnets = subnet_group(stack, it);
    let monitor = kit::role(
        stack,
        it,
        "monitor",
        "monitoring.rds.amazonaws.com",
        &["service-role/AmazonRDSEnhancedMonitoringRole"],
    );
    // RDS refuses to manage the password of what is copied into replicas or regions.
    let copied = if engine.aurora { spec.global } else { spec.replicas > 0 && engine.replicas };
    let login = copied.then(|| password::make(stack, it, ADMIN));
    let base = Base { group, subnets, monitor, login };
    let (mut facet, access) = if engine.aurora {
        cluster::lower(stack, it, spec, &engine, &base)
    } else {
        instance::lower(stack, it, spec, &engine, &base)
    };
    let access = match (spec.connection_pool, engine.proxy_family) {
        (true, Some(family)) => proxy::lower(stack, it, &engine, family, &base, access, &facet),
        (true, None) => {
            stack.diagnose(
                Diagnostic::new(
                    "connection-pool-unsupported",
                    Severity::Warning,
                    format!("RDS Proxy does not know {}; clients connect directly.", engine.title),
                )
                .help("Use a pool in the application.")
                .on(it.id.as_str()),
            );
            access
        }
        _ => access,
    };
    facet = facet
        .value("secret_arn", access.secret.clone())
        .reference("HOST", access.host.clone())
        .reference("PORT", engine.port.to_string())
        .reference("SECRET_ARN", access.secret.clone())
        .grant(
            &[Intent::Reads, Intent::Writes, Intent::Replicates],
            &["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            vec![access.secret.clone()],
        );
    if let Some(database) = &engine.database {
        facet = facet.reference("NAME", database.as_str());
    }
    if let Some(reader) = access.reader {
        facet = facet.reference("READER_HOST", reader);
    }
    if let Some(group) = access.group {
        facet = facet.listener(group, engine.port);
    }
    let name = it.id.snake();
    stack.output(&format!("{name}_host"), &format!("Address of {}.", it.title), access.host);
    stack.output(
        &format!("{name}_secret_arn"),
        &format!("Secret with the login of {}.", it.title),
        access.secret,
    );
    stack.facet(it, facet);
}

fn wants_cluster(spec: &RelationalDatabase) -> bool {
    matches!(spec.style, RelationalStyle::Cluster | RelationalStyle::Serverless)
}

/// The data subnets as RDS wants them; none outside a network of our own.
fn subnet_group(stack: &mut Stack<'_>, it: &Component) -> Option<Handle> {
    let subnets = stack.net.as_ref()?.data.clone();
    let name = stack.name(it);
    let text = format!("Subnets of {}", kit::ascii(&it.title));
    Some(
        stack
            .add(it, "subnets", "aws_db_subnet_group", "AWS::RDS::DBSubnetGroup")
            .set("name", "DBSubnetGroupName", name)
            .set("description", "DBSubnetGroupDescription", text)
            .set("subnet_ids", "SubnetIds", Expr::List(subnets))
            .done(),
    )
}

/// Log groups that RDS would make itself, without retention or key.
fn log_groups(
    stack: &mut Stack<'_>,
    it: &Component,
    shelf: &str,
    identifier: &Expr,
    logs: &[&str],
) -> Vec<Handle> {
    logs.iter()
        .map(|log| {
            let name = crate::engine::bind::expr::join![
                format!("/aws/rds/{shelf}/"),
                identifier.clone(),
                format!("/{log}")
            ];
            kit::log_group(stack, it, &format!("{log}_logs"), name)
        })
        .collect()
}

/// The database group's id as a list, as both formats take it.
fn groups(base: &Base) -> Option<Expr> {
    base.group.as_ref().map(|group| list![kit::group_id(group)])
}

/// Smallest storage that RDS makes.
fn storage_gb(spec: &RelationalDatabase) -> f64 {
    spec.storage_gb.ceil().max(20.0)
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &RelationalDatabase) {
    let engine = Engine::of(spec, bill.graph.tier);
    if engine.aurora {
        cluster::cost(bill, it, spec, &engine);
    } else {
        instance::cost(bill, it, spec, &engine);
    }
    if spec.connection_pool && engine.proxy_family.is_some() {
        let (vcpus, text) = if spec.style == RelationalStyle::Serverless && engine.aurora {
            // Serverless capacity counts like vCPU, with a minimum of eight.
            (spec.capacity_average.max(8.0), "capacity units, at least 8")
        } else {
            (engine.vcpus(&engine.class(spec, &bill.graph.region)), "vCPU of the database")
        };
        bill.add(
            it,
            "Connection pool",
            "rds",
            "proxy-vcpu-hour",
            Quantity::fixed(vcpus.max(2.0) * HOURS),
            format!("{vcpus} {text} × 730 h"),
        );
    }
    bill.add(
        it,
        "Secret",
        "secretsmanager",
        "secret-month",
        Quantity::fixed(1.0),
        "login of the administrator",
    );
    // Backups up to the size of the data are free; what more days keep is about
    // a tenth of the data for each week.
    let kept = storage_gb(spec) * (f64::from(spec.backup_days) / 7.0 - 1.0).max(0.0) * 0.1;
    let (service, sku) =
        if engine.aurora { ("aurora", "backup-gb-month") } else { ("rds", "backup-gb-month") };
    bill.add(
        it,
        "Backups",
        service,
        sku,
        Quantity::fixed(kept),
        format!("a tenth of the data for each week of {} days beyond the first", spec.backup_days),
    );
    bill.add(
        it,
        "Logs",
        "cloudwatch",
        "logs-gb",
        Quantity::usage(1.0),
        "GB of database and monitoring logs",
    );
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::{cloudformation, graph, terraform};
    use crate::engine::cost::bill::Bill;
    use crate::engine::graph::{RelationalDatabase, RelationalEngine, RelationalStyle};

    fn spec(engine: RelationalEngine, style: RelationalStyle) -> RelationalDatabase {
        RelationalDatabase { engine, style, ..RelationalDatabase::default() }
    }

    #[test]
    fn every_engine_forces_tls_and_hides_its_password() {
        for engine in [
            RelationalEngine::Postgres,
            RelationalEngine::MySql,
            RelationalEngine::MariaDb,
            RelationalEngine::SqlServer,
            RelationalEngine::Oracle,
        ] {
            let text = terraform("db", spec(engine, RelationalStyle::Single));
            assert!(text.contains("manage_master_user_password"), "{text}");
            assert!(
                ["rds.force_ssl", "require_secure_transport", "NATIVE_NETWORK_ENCRYPTION"]
                    .iter()
                    .any(|word| text.contains(word)),
                "{text}"
            );
        }
    }

    #[test]
    fn replicas_share_a_login_that_the_stack_makes() {
        let spec = RelationalDatabase {
            replicas: 1,
            ..spec(RelationalEngine::Postgres, RelationalStyle::MultiZone)
        };
        let text = terraform("db", spec.clone());
        assert!(text.contains("replicate_source_db"), "{text}");
        assert!(!text.contains("manage_master_user_password"), "{text}");
        assert!(cloudformation("db", spec).contains("resolve:secretsmanager"));
    }

    #[test]
    fn a_standby_and_an_exact_class_are_in_the_price() {
        let spec = RelationalDatabase {
            instance_class: Some("db.m5.large".to_owned()),
            ..spec(RelationalEngine::Postgres, RelationalStyle::MultiZone)
        };
        let graph = graph("db", spec);
        let mut bill = Bill::new(&graph);
        (super::BINDING.cost)(&mut bill, &graph.components[0]);
        assert!(bill.lines.iter().any(|it| it.sku == "db.m5.large|postgres|multi-az"));
        assert!(bill.unpriced.is_empty(), "{:?}", bill.unpriced);
    }
}
