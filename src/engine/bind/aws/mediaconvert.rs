//! AWS Elemental MediaConvert.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::stack::{Facet, Stack, Statement};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, VideoTranscoder};
use crate::engine::requirements::Intent;

binding! {
    VideoTranscoder {
        service: "mediaconvert",
        title: "AWS Elemental MediaConvert",
        docs: "https://docs.aws.amazon.com/mediaconvert/latest/ug/what-is.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &VideoTranscoder) {
    const SERVICE: &str = "mediaconvert.amazonaws.com";
    let role = kit::role(stack, it, "role", SERVICE, &[]);
    let name = stack.name(it);
    let queue = stack
        .add(it, "", "aws_media_convert_queue", "AWS::MediaConvert::Queue")
        .set("name", "Name", name)
        .set("pricing_plan", "PricingPlan", "ON_DEMAND")
        .set("status", "Status", "ACTIVE")
        .done();
    let calls = [Intent::Invokes, Intent::Reads, Intent::Serves];
    let jobs = kit::arn("mediaconvert", crate::engine::bind::expr::join!["jobs/*"]);
    let mut facet = Facet::default()
        .handle("queue", &queue)
        .handle("role", &role)
        .value("arn", queue.arn())
        .value("role_arn", role.arn())
        .reference("QUEUE_ARN", queue.arn())
        .reference("ROLE_ARN", role.arn())
        .grant(
            &calls,
            &["mediaconvert:CreateJob", "mediaconvert:GetJob", "mediaconvert:ListJobs"],
            vec![queue.arn(), jobs],
        )
        .principal(&role, None, false);
    let pass = Statement {
        actions: vec!["iam:PassRole".to_owned()],
        resources: vec![role.arn()],
        condition: Some((
            "StringEquals".to_owned(),
            "iam:PassedToService".to_owned(),
            SERVICE.into(),
        )),
    };
    for intent in calls {
        facet.grants.entry(intent).or_default().push(pass.clone());
    }
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &VideoTranscoder) {
    let hd = spec.minutes_per_month * spec.hd_share;
    bill.unpriced(it, "HD minutes", hd, "mediaconvert hd-minute");
    bill.unpriced(it, "SD minutes", spec.minutes_per_month - hd, "mediaconvert sd-minute");
}
