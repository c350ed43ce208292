//! Amazon VPC Lattice: services that find and trust each other by role.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, document, join, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS};
use crate::engine::graph::{Component, ServiceNetwork};
use crate::engine::requirements::Intent;

binding! {
    ServiceNetwork {
        service: "vpc-lattice",
        title: "Amazon VPC Lattice",
        docs: "https://docs.aws.amazon.com/vpc-lattice/latest/ug/what-is-vpc-lattice.html",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.9999,
            source: "https://aws.amazon.com/vpc/lattice/sla/",
        }),
        limits: &[Limit {
            what: "Services of a service network",
            value: "500",
            source: "https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html",
        }],
        latency_ms: Some((1.0, 4.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &ServiceNetwork) {
    let name = kit::short_name(it, "", 63);
    let network = stack
        .add(it, "", "aws_vpclattice_service_network", "AWS::VpcLattice::ServiceNetwork")
        .set("name", "Name", name)
        .set("auth_type", "AuthType", "AWS_IAM")
        .done();
    // Roles of this account, as far as their own policies allow.
    let policy = map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![map([
                ("Sid", "RolesOfThisAccount".into()),
                ("Effect", "Allow".into()),
                ("Principal", "*".into()),
                ("Action", "vpc-lattice-svcs:Invoke".into()),
                ("Resource", "*".into()),
                (
                    "Condition",
                    map([("StringEquals", map([("aws:PrincipalAccount", Expr::AccountId)]),)]),
                ),
            ])],
        ),
    ]);
    stack
        .add(it, "policy", "aws_vpclattice_auth_policy", "AWS::VpcLattice::AuthPolicy")
        .set("resource_identifier", "ResourceIdentifier", network.att("arn", "Arn"))
        .set("policy", "Policy", document(policy))
        .done();
    let log_name = join!["/aws/vpclattice/", stack.name(it)];
    let logs = kit::log_group(stack, it, "logs", log_name);
    stack
        .add(
            it,
            "log_subscription",
            "aws_vpclattice_access_log_subscription",
            "AWS::VpcLattice::AccessLogSubscription",
        )
        .set("resource_identifier", "ResourceIdentifier", network.att("id", "Id"))
        .tf("destination_arn", join![logs.arn(), ":*"])
        .cfn("DestinationArn", logs.arn())
        .done();
    if let Some(net) = stack.net.clone()
        && let Some(group) = kit::security_group(stack, it, "")
    {
        let id = kit::group_id(&group);
        kit::ingress(
            stack,
            it,
            "https_in",
            &id,
            Some((443, 443)),
            kit::Peer::Cidr(net.cidr),
            "Callers inside the network",
        );
        stack
            .add(
                it,
                "network",
                "aws_vpclattice_service_network_vpc_association",
                "AWS::VpcLattice::ServiceNetworkVpcAssociation",
            )
            .set("service_network_identifier", "ServiceNetworkIdentifier", network.att("id", "Id"))
            .set("vpc_identifier", "VpcIdentifier", net.vpc_id)
            .set("security_group_ids", "SecurityGroupIds", list![id])
            .done();
    }
    let facet = Facet::default()
        .handle("service_network", &network)
        .value("arn", network.att("arn", "Arn"))
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["vpc-lattice-svcs:Invoke"],
            vec![kit::arn("vpc-lattice", join!["service/*"])],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &ServiceNetwork) {
    let services = f64::from(spec.services.max(1));
    bill.unpriced(it, "Services", services * HOURS, "vpc-lattice service-hour");
    bill.unpriced(it, "Data processed", spec.gb_per_month, "vpc-lattice gb");
    bill.unpriced(it, "Requests", spec.requests_per_month, "vpc-lattice request");
}
