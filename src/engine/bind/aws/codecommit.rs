//! AWS CodeCommit: a Git repository in the account.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::Expr;
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, SourceRepository};
use crate::engine::requirements::Intent;

binding! {
    SourceRepository {
        service: "codecommit",
        title: "AWS CodeCommit",
        docs: "https://docs.aws.amazon.com/codecommit/latest/userguide/welcome.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/codecommit/sla/",
        }),
        limits: &[Limit {
            what: "Size of one file",
            value: "2 GB",
            source: "https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html",
        }],
        latency_ms: None,
    }
}

/// The branch that pipelines follow.
pub const BRANCH: &str = "main";

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &SourceRepository) {
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let repository = stack
        .add(it, "", "aws_codecommit_repository", "AWS::CodeCommit::Repository")
        .set("repository_name", "RepositoryName", name)
        .set("description", "RepositoryDescription", kit::ascii(&it.title))
        .maybe("kms_key_id", "KmsKeyId", key)
        .skip("CKV2_AWS_37", "The branch exists only once somebody has pushed to it; approval rules come with the team")
        .retain()
        .done();
    let url = repository.att("clone_url_http", "CloneUrlHttp");
    let name = repository.att("repository_name", "Name");
    stack.output(&format!("{}_clone_url", it.id.snake()), "Where to push to.", url.clone());
    let facet = Facet::default()
        .handle("repository", &repository)
        .value("arn", repository.arn())
        .value("name", name.clone())
        .value("url", url.clone())
        .reference("REPOSITORY", name)
        .reference("CLONE_URL", url)
        .grant(
            &[Intent::Reads, Intent::Serves],
            &["codecommit:GitPull", "codecommit:GetBranch", "codecommit:GetCommit"],
            vec![repository.arn()],
        )
        .grant(
            &[Intent::Writes],
            &["codecommit:GitPull", "codecommit:GitPush"],
            vec![repository.arn()],
        );
    stack.facet(it, facet);
}

/// What a pipeline may do with the repository that it takes its source from.
pub fn source_statements(repository: &Expr) -> Vec<crate::engine::bind::stack::Statement> {
    vec![kit::allow(
        &[
            "codecommit:GetBranch",
            "codecommit:GetCommit",
            "codecommit:UploadArchive",
            "codecommit:GetUploadArchiveStatus",
            "codecommit:CancelUploadArchive",
            "codecommit:GetRepository",
        ],
        vec![repository.clone()],
    )]
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &SourceRepository) {
    // Five users are free.
    let users = f64::from(spec.users) - 5.0;
    if users > 0.0 {
        bill.unpriced(it, "Users beyond five", users, "codecommit user-month");
    }
}
