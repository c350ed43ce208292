//! AWS Transfer Family: files of partners over SFTP and its kin.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, FileTransfer, Kind};

binding! {
    FileTransfer {
        service: "transfer-family",
        title: "AWS Transfer Family",
        docs: "https://docs.aws.amazon.com/transfer/latest/userguide/what-is-aws-transfer-family.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/aws-transfer-family/sla/",
        }),
        limits: &[Limit {
            what: "Users of a server that keeps them itself",
            value: "10,000",
            source: "https://docs.aws.amazon.com/transfer/latest/userguide/limits.html",
        }],
        latency_ms: Some((50.0, 200.0)),
    }
}

/// FTP has no encryption, FTPS needs a certificate of the team: SFTP is always there.
fn protocols(spec: &FileTransfer) -> Vec<&'static str> {
    let known: Vec<&'static str> =
        spec.protocols.iter().copied().filter(|it| *it == "SFTP").collect();
    if known.is_empty() { vec!["SFTP"] } else { known }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &FileTransfer) {
    let left_out: Vec<&str> = spec.protocols.iter().copied().filter(|it| *it != "SFTP").collect();
    if !left_out.is_empty() {
        use crate::engine::diag::{Diagnostic, Severity};
        stack.diagnose(
            Diagnostic::new(
                "transfer-protocol-left-out",
                Severity::Warning,
                format!("{} offers SFTP only, not {}.", it.title, left_out.join(", ")),
            )
            .help("FTPS and AS2 need certificates of yours: add them to the server by hand. FTP has no encryption.")
            .on(it.id.as_str()),
        );
    }
    let name = stack.name(it);
    let logs = kit::log_group(stack, it, "logs", join!["/aws/transfer/", name.clone()]);
    let role = kit::role(stack, it, "role", "transfer.amazonaws.com", &[]);
    let files = stack.graph.targets(&it.id).any(|(_, to)| to.spec.kind() == Kind::FileSystem);
    let group = if spec.public { None } else { kit::security_group(stack, it, "") };
    let mut draft = stack
        .add(it, "", "aws_transfer_server", "AWS::Transfer::Server")
        .set("protocols", "Protocols", protocols(spec))
        .set("domain", "Domain", if files { "EFS" } else { "S3" })
        .set("identity_provider_type", "IdentityProviderType", "SERVICE_MANAGED")
        .set("security_policy_name", "SecurityPolicyName", "TransferSecurityPolicy-2025-03")
        .tf("structured_log_destinations", list![join![logs.arn(), ":*"]])
        .cfn("StructuredLogDestinations", list![logs.arn()])
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name)]));
    draft = match (&group, spec.public) {
        (Some(_), false) => draft.set("endpoint_type", "EndpointType", "VPC"),
        _ => draft
            .set("endpoint_type", "EndpointType", "PUBLIC")
            .skip("CKV_AWS_164", "Partners send files from the internet, with keys and over SSH"),
    };
    let server = draft.done();
    if let (Some(group), Some(net)) = (&group, stack.net.clone()) {
        let id = kit::group_id(group);
        kit::ingress(
            stack,
            it,
            "sftp_in",
            &id,
            Some((22, 22)),
            kit::Peer::Cidr(net.cidr.clone()),
            "SFTP from the network",
        );
        let subnets = Expr::List(net.private.clone());
        if let Some(draft) = stack.edit(&server) {
            draft
                .tf(
                    "endpoint_details",
                    block([
                        ("vpc_id", net.vpc_id.clone()),
                        ("subnet_ids", subnets.clone()),
                        ("security_group_ids", list![id.clone()]),
                    ]),
                )
                .cfn(
                    "EndpointDetails",
                    block([
                        ("VpcId", net.vpc_id),
                        ("SubnetIds", subnets),
                        ("SecurityGroupIds", list![id]),
                    ]),
                )
                .done();
        }
    }
    let facet = Facet::default()
        .handle("server", &server)
        .handle("role", &role)
        .value("arn", server.arn())
        .principal(&role, None, false);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &FileTransfer) {
    let count = protocols(spec).len() as f64;
    bill.add(
        it,
        "Protocols",
        "transfer",
        "protocol-hour",
        Quantity::fixed(count * HOURS),
        format!("{count} × 730 h"),
    );
    bill.add(
        it,
        "Uploads",
        "transfer",
        "upload-gb",
        Quantity::usage(spec.gb_per_month),
        "GB sent by partners",
    );
}
