//! Amazon ECR: the registry of container images.

use crate::engine::bind::binding;
use crate::engine::bind::expr::{block, json, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, ImageRegistry};
use crate::engine::requirements::Intent;

binding! {
    ImageRegistry {
        service: "ecr",
        title: "Amazon ECR",
        docs: "https://docs.aws.amazon.com/AmazonECR/latest/userguide/what-is-ecr.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/ecr/sla/",
        }),
        limits: &[Limit {
            what: "Images in a repository",
            value: "100,000",
            source: "https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html",
        }],
        latency_ms: None,
    }
}

/// Untagged images are of no use after two weeks; of tagged ones the last fifty stay.
fn lifecycle() -> crate::engine::bind::expr::Expr {
    let rule = |priority: i32, text: &str, selection| {
        map([
            ("rulePriority", priority.into()),
            ("description", text.into()),
            ("selection", selection),
            ("action", map([("type", "expire".into())])),
        ])
    };
    let untagged = map([
        ("tagStatus", "untagged".into()),
        ("countType", "sinceImagePushed".into()),
        ("countUnit", "days".into()),
        ("countNumber", 14.into()),
    ]);
    let any = map([
        ("tagStatus", "any".into()),
        ("countType", "imageCountMoreThan".into()),
        ("countNumber", 50.into()),
    ]);
    json(map([(
        "rules",
        list![
            rule(1, "Untagged images go after two weeks", untagged),
            rule(2, "The last fifty images stay", any)
        ],
    )]))
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &ImageRegistry) {
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let mut draft = stack
        .add(it, "", "aws_ecr_repository", "AWS::ECR::Repository")
        .tf("name", name.clone())
        .cfn("RepositoryName", name)
        .set("image_tag_mutability", "ImageTagMutability", "IMMUTABLE")
        .tf("image_scanning_configuration", block([("scan_on_push", true.into())]))
        .cfn("ImageScanningConfiguration", block([("ScanOnPush", true.into())]));
    draft = match key {
        Some(key) => draft
            .tf(
                "encryption_configuration",
                block([("encryption_type", "KMS".into()), ("kms_key", key.clone())]),
            )
            .cfn(
                "EncryptionConfiguration",
                block([("EncryptionType", "KMS".into()), ("KmsKey", key)]),
            ),
        None => draft.skip("CKV_AWS_136", "Images are sealed with the key that ECR manages"),
    };
    let repository =
        draft.cfn("LifecyclePolicy", block([("LifecyclePolicyText", lifecycle())])).done();
    stack
        .tf_only(it, "lifecycle", "aws_ecr_lifecycle_policy")
        .tf("repository", repository.by_ref("name"))
        .tf("policy", lifecycle())
        .done();
    let url = repository.att("repository_url", "RepositoryUri");
    stack.output(
        &format!("{}_repository", it.id.snake()),
        "Where images are pushed to.",
        url.clone(),
    );
    let pull =
        ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"];
    let push = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
    ];
    // The token is of the account: AWS has no resource for it.
    let facet = Facet::default()
        .handle("repository", &repository)
        .value("arn", repository.arn())
        .value("url", url.clone())
        .reference("REPOSITORY_URL", url)
        .grant(&[Intent::Reads, Intent::Serves], &pull, vec![repository.arn()])
        .grant(&[Intent::Reads, Intent::Serves], &["ecr:GetAuthorizationToken"], vec!["*".into()])
        .grant(&[Intent::Publishes, Intent::Writes], &push, vec![repository.arn()])
        .grant(
            &[Intent::Publishes, Intent::Writes],
            &["ecr:GetAuthorizationToken"],
            vec!["*".into()],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &ImageRegistry) {
    bill.add(
        it,
        "Storage",
        "ecr",
        "storage-gb-month",
        Quantity::fixed(spec.storage_gb),
        "GB of images",
    );
}
