//! AWS Managed Microsoft AD.

use super::password;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Directory};
use crate::engine::requirements::Intent;

binding! {
    Directory {
        service: "directory-service",
        title: "AWS Managed Microsoft AD",
        docs: "https://docs.aws.amazon.com/directoryservice/latest/admin-guide/directory_microsoft_ad.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/directoryservice/sla/",
        }),
        limits: &[Limit {
            what: "Objects in Standard Edition",
            value: "30,000",
            source: "https://docs.aws.amazon.com/directoryservice/latest/admin-guide/ms_ad_limits.html",
        }],
        latency_ms: Some((5.0, 20.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Directory) {
    let login = password::make(stack, it, "Admin");
    let Some(net) = stack.net.clone() else {
        stack.facet(it, Facet::default());
        return;
    };
    let subnets = Expr::List(net.private.iter().take(2).cloned().collect());
    let directory = stack
        .add(it, "", "aws_directory_service_directory", "AWS::DirectoryService::MicrosoftAD")
        .set("name", "Name", spec.domain.as_str())
        .tf("type", "MicrosoftAD")
        .set("edition", "Edition", spec.edition)
        .tf("password", login.tf.clone())
        .cfn("Password", login.cfn.clone())
        .tf(
            "vpc_settings",
            block([("vpc_id", net.vpc_id.clone()), ("subnet_ids", subnets.clone())]),
        )
        .cfn("VpcSettings", block([("VpcId", net.vpc_id), ("SubnetIds", subnets)]))
        .retain()
        .done();
    let secret = login.secret.by_ref("arn");
    let facet = Facet::default()
        .handle("directory", &directory)
        .value("id", directory.id())
        .value("secret_arn", secret.clone())
        .reference("DOMAIN", spec.domain.as_str())
        .reference("SECRET_ARN", secret.clone())
        .grant(&[Intent::Authenticates], &["secretsmanager:GetSecretValue"], vec![secret]);
    stack.output(
        &format!("{}_id", it.id.snake()),
        "Directory that machines and users join.",
        directory.id(),
    );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Directory) {
    let sku = if spec.edition.eq_ignore_ascii_case("enterprise") {
        "microsoft-ad-enterprise-month"
    } else {
        "microsoft-ad-standard-month"
    };
    bill.add(
        it,
        "Domain controllers",
        "directory-service",
        sku,
        Quantity::fixed(2.0),
        "two controllers in two zones",
    );
    bill.add(
        it,
        "Secret",
        "secretsmanager",
        "secret-month",
        Quantity::fixed(1.0),
        "login of the administrator",
    );
}
