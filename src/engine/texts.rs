//! Texts of many kinds, as people write them, and what their good option has
//! and has not.

use super::analysis::{Analysis, analyze, revise};
use super::plan::{Policy, services};
use super::requirements::Hints;
use std::collections::BTreeSet;

fn of(turns: &str) -> Analysis {
    let (hints, policy) = (Hints::default(), Policy::default());
    let mut turns = turns.split(" >> ");
    let first = analyze(turns.next().unwrap_or_default(), &hints, &policy);
    turns.fold(first, |it, turn| revise(&it.requirements, turn, &hints, &policy))
}

fn services_of(it: &Analysis) -> BTreeSet<&'static str> {
    let parts = it.options.first().into_iter().flat_map(|it| &it.graph.components);
    parts.map(|it| services::service_of(it.spec.kind())).collect()
}

/// The text (turns apart by `>>`), what it needs, and what would be too much or wrong.
const TEXTS: &[(&str, &str, &str)] = &[
    (
        "we need a webshop on aws, magento 2, around 2000 orders per day, redis for sessions, elasticsearch \
         for catalog, mysql 8, must survive a zone outage",
        "ecs elb rds elasticache opensearch s3 cloudfront",
        "eks",
    ),
    (
        "A pipeline that ingests 25,000 click events per second and has them in a warehouse in five minutes",
        "kinesis-data-streams kinesis-firehose redshift s3",
        "elb ecs rds",
    ),
    (
        "An assistant that answers questions over our product documents",
        "bedrock s3 opensearch lambda",
        "ecs rds eks",
    ),
    ("Batch on Fargate that converts 10,000 documents a night", "batch", "ecs eks ec2"),
    (
        "Marketplace with listings, reviews, messaging and search, 100k users",
        "opensearch rds ecs",
        "eks",
    ),
    (
        "Nightly churn predictions for 2 million customers from our Redshift warehouse, written back to Redshift.",
        "redshift sagemaker",
        "ecs elb rds cognito",
    ),
    (
        "Monte Carlo risk simulation, 4,000 vCPU for 3 hours every night, spot is fine, results into S3 and Postgres",
        "batch s3 rds",
        "elb cloudfront",
    ),
    (
        "Migrate a 3 TB Oracle 19c database and a WebLogic application to AWS with minimal downtime; Aurora \
         PostgreSQL as the target.",
        "dms rds ecs",
        "lambda",
    ),
    (
        "Internal expense tool for 150 employees, sign in with our Azure AD, only reachable over VPN, Spring Boot \
         and MySQL, files for receipts",
        "ecs rds s3 cognito vpn",
        "cloudfront eks",
    ),
    (
        "Telemedicine app with video calls, 20k patients, HIPAA, appointment booking, prescriptions as PDFs, SMS \
         reminders. Budget $2,000/month.",
        "rds cognito kms cloudtrail waf sns s3",
        "eks",
    ),
    (
        "FedRAMP High case management system for a federal agency, 5,000 caseworkers, GovCloud, PIV card login, \
         document storage, full audit, RTO 4h RPO 1h",
        "rds s3 cognito cloudtrail kms",
        "eks",
    ),
    (
        "Web application without a CDN and without a load balancer, one small VM is enough, Postgres on the same machine",
        "ec2",
        "rds elb cloudfront",
    ),
    (
        "CI/CD for 12 microservices on ECS: build from GitHub, scan images",
        "ecs codepipeline codebuild ecr",
        "eks",
    ),
    (
        "CF -> ALB -> ECS -> RDS PG + EC Redis, SQS, S3, CW",
        "cloudfront elb ecs rds elasticache sqs s3",
        "ec2",
    ),
    ("image thumbnails on upload", "lambda s3", "eventbridge rds"),
    (
        "cron job that calls an API every hour and stores the answer in a bucket",
        "lambda s3 eventbridge-scheduler",
        "api-gateway rds",
    ),
    (
        "donations website for an NGO, volunteers register for events, newsletter to 30k people, tiny budget of $60 per month",
        "lambda dynamodb ses",
        "rds nat-gateway ecs",
    ),
    (
        "Partners drop CSV files over SFTP, we validate them, load them into Postgres and e-mail a report. 400 files \
         a day, up to 200MB each.",
        "transfer-family s3 lambda rds ses",
        "elb ecs",
    ),
    ("Analytics platform, 3TB of data, 20 analysts", "s3 glue athena", "ecs rds elb"),
    (
        "Replicate our on-prem Oracle into a data lake in near real time and offer SQL to 40 analysts",
        "dms s3 athena",
        "ecs elb",
    ),
    (
        "Backend for a turn-based mobile game: 200k DAU, leaderboards, push notifications",
        "sns",
        "gamelift",
    ),
    (
        "Sensor platform: two hundred thousand devices, half a million messages a minute",
        "iot-core kinesis-data-streams",
        "elb",
    ),
    (
        "Web app with Postgres for 10k users in us-east-1 >> survive a region failure and add a search engine",
        "opensearch rds",
        "",
    ),
    (
        "Serverless REST API with DynamoDB, 5M requests a month >> add authentication",
        "api-gateway lambda dynamodb cognito",
        "rds",
    ),
    (
        "Web app with MySQL, 30k users >> add SES and SNS and move to Tokyo",
        "ses sns rds ecs elb cloudfront cognito",
        "",
    ),
    (
        "RAG over 2M support tickets with Bedrock, OpenSearch vector store, 50 questions a minute, Cognito login",
        "bedrock opensearch cognito lambda api-gateway s3",
        "ecs",
    ),
    (
        "saga orchestration for travel booking with compensation, serverless",
        "step-functions lambda",
        "ecs rds",
    ),
    (
        "insurance quote engine, 40 rps, spikes to 400 rps during TV ads, rating rules in .NET 8, SQL Server",
        "ecs elb rds",
        "",
    ),
    (
        "file server migration, 30 TB Windows shares with NTFS permissions, AD joined",
        "fsx datasync",
        "ecs elb",
    ),
    (
        "R53 > CF > WAF > ALB > EKS > AUR PG / DDB / ES; SQS+SNS; KMS; CT; GD",
        "route53 cloudfront waf elb eks rds dynamodb opensearch sqs sns kms cloudtrail guardduty",
        "ecs",
    ),
    (
        "Web app with Postgres for 10k users >> drop the CDN and move to Frankfurt",
        "rds",
        "cloudfront",
    ),
];

#[test]
fn texts_of_many_kinds_get_what_they_need_and_no_more() {
    let mut wrong = Vec::new();
    for (text, needs, never) in TEXTS {
        let it = of(text);
        let there = services_of(&it);
        let lacks: Vec<_> = needs.split_whitespace().filter(|it| !there.contains(it)).collect();
        let extra: Vec<_> = never.split_whitespace().filter(|it| there.contains(it)).collect();
        if !lacks.is_empty() || !extra.is_empty() {
            wrong.push(format!("{text}: lacks {lacks:?}, too much {extra:?}, has {there:?}"));
        }
        if it.options.iter().any(|it| it.wired.contains(&false)) {
            wrong.push(format!("{text}: not every connection is wired"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_describes_no_system_gets_none() {
    for text in [
        "What's the weather like in Paris?",
        "Write me a poem about clouds",
        "asdf qwer zxcv",
        "why is there a database?",
        "How do I cook rice for four people in a rice cooker?",
    ] {
        assert!(of(text).options.is_empty(), "{text}");
    }
}

#[test]
fn the_least_option_holds_the_availability_that_is_assumed() {
    for text in ["SaaS app with Rails and Sidekiq, 5k users", "chat app", "wordpress blog"] {
        let it = of(text);
        let assumed = it.requirements.assumptions.iter().find(|it| it.kind == "availability");
        let assumed = assumed.and_then(|it| it.value.as_f64()).expect("assumed");
        assert!(it.options[0].availability.share >= assumed, "{text}: {assumed}");
    }
}

#[test]
fn numbers_are_read_as_they_are_meant() {
    let needs = |text: &str| of(text).requirements.needs;
    assert_eq!(
        needs("Customer portal, 8k users, 30k a year budget, AWS Ireland").budget.map(f64::round),
        Some(2500.0)
    );
    assert_eq!(
        needs("Shop with 50k users, max. 24.000 EUR pro Jahr").budget.map(f64::round),
        Some(2000.0)
    );
    assert_eq!(needs("Payment API, PCI DSS, 300 rps, RPO 0, RTO 5 minutes").rpo_minutes, Some(0.0));
    let page = needs(
        "Web shop. Normal load 50 requests per second, on-sale peaks of 5,000 requests per second",
    );
    assert_eq!(page.load.requests_per_second, Some(50.0));
    assert_eq!(page.load.peak_requests_per_second, Some(5000.0));
    let team = needs("SaaS with 12,000 users. We are three developers.");
    assert_eq!(team.load.users, Some(12e3));
    let photos =
        needs("Users upload photos to a gallery. 5k users, 100k photos a month of 4 MB").load;
    assert_eq!((photos.item_kb, photos.storage_gb), (Some(4000.0), None));
}
