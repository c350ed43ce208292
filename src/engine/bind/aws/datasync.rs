//! AWS DataSync: moves files between stores.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{block, join, list};
use crate::engine::bind::stack::{Facet, Stack, Variable, VariableKind};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, DataSync, Kind};
use crate::engine::requirements::Intent;

binding! {
    DataSync {
        service: "datasync",
        title: "AWS DataSync",
        docs: "https://docs.aws.amazon.com/datasync/latest/userguide/what-is-datasync.html",
        sla: None,
        limits: &[Limit {
            what: "Files of one task between AWS stores",
            value: "50 million",
            source: "https://docs.aws.amazon.com/datasync/latest/userguide/datasync-limits.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &DataSync) {
    let role = kit::role(stack, it, "role", "datasync.amazonaws.com", &[]);
    let name = join!["/aws/datasync/", stack.name(it)];
    let logs = kit::log_group(stack, it, "logs", name);
    // Buckets are reached by their public address, file systems from inside the network.
    let inside = stack.graph.targets(&it.id).any(|(_, to)| to.spec.kind() == Kind::FileSystem);
    let group = if inside { kit::security_group(stack, it, "") } else { None };
    if let Some(draft) = group.as_ref().and_then(|group| stack.edit(group)) {
        draft.skip("CKV2_AWS_5", "The location carries it; the check knows no locations").done();
    }
    // Other locations, and tasks, are made with the connections: they name the stores.
    site(stack, it);
    let mut facet = Facet::default()
        .handle("role", &role)
        .handle("logs", &logs)
        .principal(&role, group.as_ref().map(kit::group_id), false)
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["datasync:StartTaskExecution", "datasync:DescribeTask"],
            vec![kit::arn("datasync", join!["task/*"])],
        );
    if let Some(group) = &group {
        facet = facet.handle("group", group);
    }
    stack.facet(it, facet);
}

/// An end that no connection names is a file server at the site, behind an agent.
fn site(stack: &mut Stack<'_>, it: &Component) {
    let reads = |intent: Intent| intent == Intent::Reads;
    let ends: Vec<bool> = stack.graph.targets(&it.id).map(|(to, _)| reads(to.intent)).collect();
    let suffix = match (ends.contains(&true), ends.contains(&false)) {
        (true, true) => return,
        (true, false) => "target_site",
        (false, _) => "source_site",
    };
    let word = it.id.snake();
    let agent = stack.variable(
        &format!("{word}_agent_arn"),
        Variable {
            kind: VariableKind::String,
            description: "DataSync agent at the site.".to_owned(),
            default: None,
            pattern: Some((
                "^arn:aws[a-z-]*:datasync:".to_owned(),
                "The ARN of an agent of DataSync.".to_owned(),
            )),
        },
    );
    let host = kit::text_input(
        stack,
        &format!("{word}_server"),
        "Address of the file server (NFS) at the site.",
        None,
    );
    stack
        .add(it, suffix, "aws_datasync_location_nfs", "AWS::DataSync::LocationNFS")
        .set("server_hostname", "ServerHostname", host)
        .set("subdirectory", "Subdirectory", "/export")
        .tf("on_prem_config", block([("agent_arns", list![agent.clone()])]))
        .cfn("OnPremConfig", block([("AgentArns", list![agent])]))
        .done();
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &DataSync) {
    bill.unpriced(it, "Data moved", spec.gb_per_month, "datasync gb");
}
