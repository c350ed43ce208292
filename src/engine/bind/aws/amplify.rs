//! AWS Amplify Hosting: a front end, built from its repository and served from the edge.

use super::wire::Ends;
use super::{codecommit, kit};
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, Kind, WebHosting};

binding! {
    WebHosting {
        service: "amplify",
        title: "AWS Amplify Hosting",
        docs: "https://docs.aws.amazon.com/amplify/latest/userguide/welcome.html",
        sla: None,
        limits: &[Limit {
            what: "Apps of an account and region",
            value: "25",
            source: "https://docs.aws.amazon.com/amplify/latest/userguide/quotas-chapter.html",
        }],
        latency_ms: Some((20.0, 60.0)),
    }
}

const BUILD: &str = "version: 1\nfrontend:\n  phases:\n    preBuild:\n      commands:\n        - npm ci\n    build:\n      commands:\n        - npm run build\n  artifacts:\n    baseDirectory: dist\n    files:\n      - '**/*'\n  cache:\n    paths:\n      - node_modules/**/*\n";

/// Everything that is no file is the application's own path.
const PAGES: &str =
    "</^[^.]+$|\\.(?!(css|gif|ico|jpg|js|png|txt|svg|woff|woff2|ttf|map|json|webp)$)([^.]+$)/>";

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &WebHosting) {
    let name = stack.name(it);
    let repository = stack
        .graph
        .sources(&it.id)
        .find(|(_, from)| from.spec.kind() == Kind::SourceRepository)
        .map(|(_, from)| Handle(from.id.snake()));
    let role = repository.as_ref().map(|repository| {
        let role = kit::role(stack, it, "role", "amplify.amazonaws.com", &[]);
        let statement = kit::allow(&["codecommit:GitPull"], vec![repository.arn()]);
        kit::role_policy(stack, it, "source", &role, &[statement]);
        role
    });
    let rule = block([
        ("source", PAGES.into()),
        ("target", "/index.html".into()),
        ("status", "200".into()),
    ]);
    let headers = "customHeaders:\n  - pattern: '**/*'\n    headers:\n      - key: Strict-Transport-Security\n        value: max-age=63072000\n      - key: X-Content-Type-Options\n        value: nosniff\n      - key: X-Frame-Options\n        value: DENY\n";
    let mut draft = stack
        .add(it, "", "aws_amplify_app", "AWS::Amplify::App")
        .set("name", "Name", name)
        .set("platform", "Platform", "WEB")
        .set("build_spec", "BuildSpec", BUILD)
        .set("custom_headers", "CustomHeaders", headers)
        .tf("environment_variables", Expr::EnvOf(it.id.clone()))
        .cfn("EnvironmentVariables", Expr::EnvListOf(it.id.clone()))
        .tf("custom_rule", rule.clone())
        .cfn("CustomRules", list![kit::pascal(rule)]);
    if let Some(repository) = &repository {
        draft =
            draft.set("repository", "Repository", repository.att("clone_url_http", "CloneUrlHttp"));
    } else {
        draft = draft.comment(
            "Upload a build to the branch, or connect a repository in the console: that needs a person's consent.",
        );
    }
    if let Some(role) = &role {
        draft = draft.set("iam_service_role_arn", "IAMServiceRole", role.arn());
    }
    let app = draft.done();
    let app_id = app.att("id", "AppId");
    let branch = stack
        .add(it, "branch", "aws_amplify_branch", "AWS::Amplify::Branch")
        .set("app_id", "AppId", app_id.clone())
        .set("branch_name", "BranchName", codecommit::BRANCH)
        .set("stage", "Stage", "PRODUCTION")
        .set("enable_auto_build", "EnableAutoBuild", repository.is_some())
        .done();
    let url = join![
        format!("https://{}.", codecommit::BRANCH),
        app.att("default_domain", "DefaultDomain")
    ];
    stack.output(&format!("{}_url", it.id.snake()), "Address of the front end.", url.clone());
    let facet = Facet::default()
        .handle("app", &app)
        .handle("branch", &branch)
        .value("arn", app.arn())
        .value("app_id", app_id)
        .value("url", url.clone())
        .reference("URL", url);
    stack.facet(it, facet);
}

/// Tells the front end's build what it calls and who signs people in.
pub fn connect(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let (app, other, other_id) = if ends.from.spec.kind() == Kind::WebHosting {
        (ends.from, &ends.target, &ends.to.id)
    } else {
        (ends.to, &ends.source, &ends.from.id)
    };
    match (ends.from.spec.kind(), ends.to.spec.kind()) {
        // It was connected with the application.
        (Kind::SourceRepository, _) => Some(()),
        (Kind::UserDirectory, _) | (_, Kind::UserDirectory) => {
            let pool = other.handles.get("user_pool")?.id();
            let client = other.handles.get("user_pool_client")?.id();
            stack.env(&app.id, format!("VITE_{}_USER_POOL_ID", other_id.shout()), pool);
            stack.env(&app.id, format!("VITE_{}_CLIENT_ID", other_id.shout()), client);
            Some(())
        }
        (_, Kind::HttpApi | Kind::GraphqlApi) => {
            let url = other.values.get("url")?.clone();
            stack.env(&app.id, format!("VITE_{}_URL", other_id.shout()), url);
            Some(())
        }
        _ => None,
    }
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &WebHosting) {
    let served = spec.gb_served_per_month - 15.0;
    if served > 0.0 {
        bill.unpriced(it, "Data served beyond 15 GB free", served, "amplify served-gb");
    }
    let minutes = spec.build_minutes_per_month - 1000.0;
    if minutes > 0.0 {
        bill.unpriced(it, "Build minutes beyond 1,000 free", minutes, "amplify build-minute");
    }
}
