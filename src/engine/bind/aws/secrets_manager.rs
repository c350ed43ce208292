//! AWS Secrets Manager.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, document};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Secret};
use crate::engine::requirements::Intent;

binding! {
    Secret {
        service: "secrets-manager",
        title: "AWS Secrets Manager",
        docs: "https://docs.aws.amazon.com/secretsmanager/latest/userguide/intro.html",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.9999,
            source: "https://aws.amazon.com/secrets-manager/sla/",
        }),
        limits: &[Limit {
            what: "Size of a secret",
            value: "65,536 bytes",
            source: "https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html",
        }],
        latency_ms: Some((15.0, 50.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Secret) {
    let secrets: Vec<Handle> = (1..=spec.count.max(1))
        .map(|n| secret(stack, it, if n == 1 { String::new() } else { n.to_string() }.as_str()))
        .collect();
    let arns: Vec<Expr> = secrets.iter().map(|it| it.by_ref("arn")).collect();
    let mut facet = Facet::default()
        .handle("secret", &secrets[0])
        .value("arn", arns[0].clone())
        .reference("SECRET_ARN", arns[0].clone())
        .grant(
            &[Intent::Reads],
            &["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            arns.clone(),
        );
    const SUFFIXES: [&str; 8] = [
        "SECRET_2_ARN",
        "SECRET_3_ARN",
        "SECRET_4_ARN",
        "SECRET_5_ARN",
        "SECRET_6_ARN",
        "SECRET_7_ARN",
        "SECRET_8_ARN",
        "SECRET_9_ARN",
    ];
    for (suffix, arn) in SUFFIXES.into_iter().zip(arns.into_iter().skip(1)) {
        facet = facet.reference(suffix, arn);
    }
    stack.facet(it, facet);
}

/// A secret with a random value; nobody has to see it.
fn secret(stack: &mut Stack<'_>, it: &Component, suffix: &str) -> Handle {
    let name = stack.name_with(it, suffix);
    let text = kit::ascii(&it.title);
    let key = stack.key_arn.clone();
    let mut draft = stack
        .add(it, suffix, "aws_secretsmanager_secret", "AWS::SecretsManager::Secret")
        .set("name", "Name", name)
        .set("description", "Description", text)
        .tf("recovery_window_in_days", 7)
        .cfn(
            "GenerateSecretString",
            block([("PasswordLength", 40.into()), ("ExcludePunctuation", true.into())]),
        )
        .maybe("kms_key_id", "KmsKeyId", key.clone())
        .skip("CKV2_AWS_57", "Rotation needs a function that knows the partner whose secret it is");
    if key.is_none() {
        draft =
            draft.skip("CKV_AWS_149", "Sealed with the key that AWS manages for Secrets Manager");
    }
    let secret = draft.retain().done();
    // TLS is required already; this refuses to make a secret public.
    let policy = kit::tls_only("secretsmanager:*", vec!["*".into()]);
    let tail =
        |tail: &str| if suffix.is_empty() { tail.to_owned() } else { format!("{suffix}_{tail}") };
    stack
        .add(
            it,
            &tail("tls"),
            "aws_secretsmanager_secret_policy",
            "AWS::SecretsManager::ResourcePolicy",
        )
        .tf("secret_arn", secret.by_ref("arn"))
        .cfn("SecretId", secret.by_ref("arn"))
        .set("block_public_policy", "BlockPublicPolicy", true)
        .set("policy", "ResourcePolicy", document(policy))
        .done();
    secret
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Secret) {
    bill.add(
        it,
        "Secrets",
        "secretsmanager",
        "secret-month",
        Quantity::fixed(f64::from(spec.count.max(1))),
        "secrets",
    );
    bill.add(
        it,
        "Requests",
        "secretsmanager",
        "request-10k",
        Quantity::usage(spec.requests_per_month / 10_000.0),
        "ten thousands of requests",
    );
}
