//! Amazon Comprehend: an API, and a role with which it reads documents in bulk.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::stack::{Facet, Stack, Statement};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, TextAnalysis};
use crate::engine::requirements::Intent;

binding! {
    TextAnalysis {
        service: "comprehend",
        title: "Amazon Comprehend",
        docs: "https://docs.aws.amazon.com/comprehend/latest/dg/what-is.html",
        sla: None,
        limits: &[],
        latency_ms: Some((200.0, 600.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &TextAnalysis) {
    const SERVICE: &str = "comprehend.amazonaws.com";
    let role = kit::role(stack, it, "role", SERVICE, &[]);
    let calls = [Intent::Invokes, Intent::Reads, Intent::Serves];
    // Comprehend has no permissions on single resources for its ready-made models.
    let mut facet = Facet::default()
        .handle("role", &role)
        .value("role_arn", role.arn())
        .reference("ROLE_ARN", role.arn())
        .grant(
            &calls,
            &[
                "comprehend:DetectSentiment",
                "comprehend:DetectEntities",
                "comprehend:DetectKeyPhrases",
                "comprehend:DetectDominantLanguage",
                "comprehend:DetectPiiEntities",
                "comprehend:BatchDetectSentiment",
                "comprehend:BatchDetectEntities",
                "comprehend:StartEntitiesDetectionJob",
                "comprehend:StartSentimentDetectionJob",
                "comprehend:DescribeEntitiesDetectionJob",
                "comprehend:DescribeSentimentDetectionJob",
            ],
            vec!["*".into()],
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

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &TextAnalysis) {
    bill.unpriced(it, "Units of 100 characters", spec.units_per_month, "comprehend unit");
}
