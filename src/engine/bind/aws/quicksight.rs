//! Amazon QuickSight: a data source for everything that dashboards read.

use super::wire::{self, Ends};
use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, Dashboards, RelationalEngine, Spec};

binding! {
    Dashboards {
        service: "quicksight",
        title: "Amazon QuickSight",
        docs: "https://docs.aws.amazon.com/quicksight/latest/user/welcome.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &Dashboards) {
    let mut facet = Facet::default();
    if house::reaches_network(stack, it)
        && let Some(net) = stack.net.clone()
        && let Some(group) = house::group(stack, it)
    {
        let role = kit::role(stack, it, "role", "quicksight.amazonaws.com", &[]);
        // Network interfaces have no ARN before they are made.
        let network = kit::allow(
            &[
                "ec2:CreateNetworkInterface",
                "ec2:ModifyNetworkInterfaceAttribute",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeSubnets",
                "ec2:DescribeSecurityGroups",
            ],
            vec!["*".into()],
        );
        let access = kit::role_policy(stack, it, "access", &role, &[network]);
        let name = stack.name(it);
        let connection = stack
            .add(it, "network", "aws_quicksight_vpc_connection", "AWS::QuickSight::VPCConnection")
            .tf("vpc_connection_id", name.clone())
            .cfn("VPCConnectionId", name.clone())
            .cfn("AwsAccountId", Expr::AccountId)
            .set("name", "Name", name)
            .set("role_arn", "RoleArn", role.arn())
            .set("subnet_ids", "SubnetIds", Expr::List(net.private))
            .set("security_group_ids", "SecurityGroupIds", list![kit::group_id(&group)])
            .after(&access)
            .done();
        facet = facet.handle("network", &connection).value("group", kit::group_id(&group));
    }
    stack.facet(it, facet);
}

/// Adds a data source that the account's QuickSight administrator may use.
pub fn source(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let target = &ends.target;
    let value = |name: &str| target.values.get(name).cloned();
    let told = |name: &str| target.references.iter().find(|it| it.0 == name).map(|it| it.1.clone());
    let number = |name: &str| match told(name) {
        Some(Expr::Str(text)) => text.parse::<i64>().ok(),
        _ => None,
    };
    let secret = value("secret_arn");
    // Type, Terraform's block, CloudFormation's property and the fields of both.
    let (kind, tf, cfn, fields, inside) = match &ends.to.spec {
        Spec::QueryService(_) => {
            let group = value("workgroup")?;
            (
                "ATHENA",
                "athena",
                "AthenaParameters",
                vec![("work_group", "WorkGroup", group)],
                false,
            )
        }
        Spec::RelationalDatabase(database) => {
            let (kind, tf, cfn) = match database.engine {
                RelationalEngine::Postgres => ("POSTGRESQL", "postgresql", "PostgreSqlParameters"),
                RelationalEngine::MySql => ("MYSQL", "mysql", "MySqlParameters"),
                RelationalEngine::MariaDb => ("MARIADB", "maria_db", "MariaDbParameters"),
                RelationalEngine::SqlServer => ("SQLSERVER", "sql_server", "SqlServerParameters"),
                RelationalEngine::Oracle => ("ORACLE", "oracle", "OracleParameters"),
            };
            let name = told("NAME").unwrap_or_else(|| "master".into());
            let fields = vec![
                ("host", "Host", told("HOST")?),
                ("port", "Port", number("PORT")?.into()),
                ("database", "Database", name),
            ];
            (kind, tf, cfn, fields, true)
        }
        Spec::Warehouse(_) => {
            let fields = vec![
                ("host", "Host", told("HOST")?),
                ("port", "Port", number("PORT")?.into()),
                ("database", "Database", value("database")?),
            ];
            ("REDSHIFT", "redshift", "RedshiftParameters", fields, true)
        }
        Spec::SearchIndex(_) => {
            let domain = target.handles.get("domain")?.by_ref("domain_name");
            (
                "AMAZON_OPENSEARCH",
                "amazon_elasticsearch",
                "AmazonOpenSearchParameters",
                vec![("domain", "Domain", domain)],
                true,
            )
        }
        _ => return None,
    };
    let user = kit::text_input(
        stack,
        "quicksight_user",
        "Name of the QuickSight user (namespace default) that may use and share the data sources. The account must be subscribed to QuickSight.",
        None,
    );
    let principal = kit::arn("quicksight", join!["user/default/", user]);
    let actions = [
        "quicksight:DescribeDataSource",
        "quicksight:DescribeDataSourcePermissions",
        "quicksight:PassDataSource",
        "quicksight:UpdateDataSource",
        "quicksight:DeleteDataSource",
        "quicksight:UpdateDataSourcePermissions",
    ];
    let own = |cfn: bool| {
        Expr::Block(
            fields
                .iter()
                .map(|(tf, name, value)| {
                    ((if cfn { *name } else { *tf }).to_owned(), value.clone())
                })
                .collect(),
        )
    };
    let name = stack.name_with(ends.from, ends.to.id.as_str());
    // Terraform's provider knows OpenSearch by its former name only.
    let tf_kind = if kind == "AMAZON_OPENSEARCH" { "AMAZON_ELASTICSEARCH" } else { kind };
    let mut draft = stack
        .add(ends.from, &ends.suffix(), "aws_quicksight_data_source", "AWS::QuickSight::DataSource")
        .tf("data_source_id", name.clone())
        .cfn("DataSourceId", name.clone())
        .cfn("AwsAccountId", Expr::AccountId)
        .set("name", "Name", name)
        .tf("type", tf_kind)
        .cfn("Type", kind)
        .tf("parameters", block([(tf, own(false))]))
        .cfn("DataSourceParameters", block([(cfn, own(true))]))
        .tf(
            "permission",
            block([("principal", principal.clone()), ("actions", actions.to_vec().into())]),
        )
        .cfn(
            "Permissions",
            list![map([("Principal", principal), ("Actions", actions.to_vec().into())])],
        );
    draft = kit::nest(draft, "ssl_properties", block([("disable_ssl", false.into())]));
    if let Some(secret) = secret {
        draft = kit::nest(draft, "credentials", block([("secret_arn", secret)]));
    }
    if let (true, Some(network)) = (inside, ends.source.handles.get("network")) {
        let arn = Handle(network.0.clone()).arn();
        let place = block([("vpc_connection_arn", arn)]);
        draft = kit::nest(draft, "vpc_connection_properties", place);
    }
    draft.done();
    if let Some(listener) = &target.listener {
        wire::path(stack, ends, &listener.group, listener.port);
    }
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Dashboards) {
    bill.unpriced(it, "Authors", f64::from(spec.authors), "quicksight author-month");
    bill.unpriced(it, "Readers", f64::from(spec.readers), "quicksight reader-month");
}
