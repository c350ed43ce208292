//! What understanding promises, on texts as people write them.

use super::*;
use proptest::prelude::*;

pub(super) fn of(text: &str) -> Requirements {
    understand(text, &Hints::default())
}

fn services(it: &Requirements, stance: Stance) -> Vec<&'static str> {
    it.needs.mentions.iter().filter(|it| it.stance == stance).map(|it| it.service).collect()
}

fn codes(it: &Requirements) -> Vec<&'static str> {
    it.diagnostics.iter().map(|it| it.code).collect()
}

#[test]
fn a_line_of_requirements() {
    let it = of("HIPAA patient portal, 50k users, EU only, $3k a month");
    let needs = &it.needs;
    assert!(needs.describes_system);
    assert_eq!(needs.title, "hipaa patient portal");
    assert_eq!(needs.load.users, Some(50e3));
    assert_eq!(needs.budget, Some(3000.0));
    assert_eq!(needs.residency.as_deref(), Some("eu"));
    assert_eq!(needs.regions, ["eu-central-1"]);
    assert!(
        needs.compliance.contains(&Compliance::Hipaa) && needs.data.contains(&DataClass::Health)
    );
    assert!(it.assumptions.iter().any(|it| it.kind == "region"));
}

#[test]
fn goals_and_growth() {
    let it = of(
        "Online shop, grows 20 % a year, x3 at Black Friday, PCI DSS, four nines, RPO 15 min and RTO of 4 hours, \
                 7 years retention, p99 < 20ms, 10k rps at peak",
    );
    let needs = &it.needs;
    assert_eq!(needs.load.growth_per_year, Some(0.2));
    assert_eq!(needs.availability, Some(0.9999));
    assert_eq!((needs.rpo_minutes, needs.rto_minutes), (Some(15.0), Some(240.0)));
    assert_eq!(needs.retention_days, Some(2555.0));
    assert_eq!(needs.latency_ms, Some((20.0, 99.0)));
    assert_eq!(needs.load.peak_requests_per_second, Some(10e3));
}

#[test]
fn rates_come_out_in_canonical_units() {
    let load = |text: &str| of(text).needs.load;
    assert_eq!(load("API with 600 requests per minute").requests_per_second, Some(10.0));
    assert_eq!(load("2M Lambda invocations/day total").requests_per_month, Some(60e6));
    assert_eq!(load("REST API, 10-20k users").users, Some(20e3));
    assert_eq!(load("web app with 10 000 monthly active users").monthly_active_users, Some(10e3));
    assert_eq!(
        load("S3 data lake, 5TB/month of new data").ingest_gb_per_day.map(f64::round),
        Some(167.0)
    );
    assert_eq!(
        load("50,000 sensors send 1 message per minute").messages_per_second.map(f64::round),
        Some(833.0)
    );
    assert_eq!(load("EC2 with 16 GB RAM").storage_gb, None);
    assert_eq!(of("web app, USD 36k per year").needs.budget.map(f64::round), Some(3000.0));
}

#[test]
fn refused_replaced_existing_and_passing() {
    let it =
        of("We already run Postgres on RDS and want to add a Redis cache. No Kubernetes please.");
    assert_eq!(services(&it, Stance::Existing), ["rds"]);
    assert_eq!(services(&it, Stance::Wanted), ["elasticache"]);
    assert_eq!(services(&it, Stance::Excluded), ["eks"]);
    assert_eq!(it.needs.preferences.kubernetes, Some(false));

    let it = of("Use Postgres instead of DynamoDB");
    assert_eq!(services(&it, Stance::Wanted), ["rds"]);
    assert_eq!(services(&it, Stance::Replaced), ["dynamodb"]);

    let it = of("Fargate without Lambda, SQS or DynamoDB, but with S3");
    assert_eq!(services(&it, Stance::Wanted), ["ecs", "s3"]);
    assert_eq!(services(&it, Stance::Excluded), ["lambda", "sqs", "dynamodb"]);

    let it = of(
        "ECS with a local container registry (since ECR requires internet), similar to how S3 works",
    );
    assert_eq!(services(&it, Stance::Wanted), ["ecs"]);
    assert_eq!(services(&it, Stance::Passing), ["ecr", "s3"]);

    let it = of("We don't want to use MongoDB but DocumentDB, and never DynamoDB");
    assert_eq!(services(&it, Stance::Wanted), ["documentdb"]);
}

#[test]
fn words_that_only_look_like_services() {
    let it = of(
        "A Lambda architecture with glue code; the athlete app connects people and config files",
    );
    assert_eq!(it.needs.mentions, []);
}

#[test]
fn names_keep_what_is_said_about_them() {
    let it = of(
        "15x m5.xlarge EC2, 3x RDS db.m5.large Multi-AZ, Aurora Serverless v2 for PostgreSQL, HTTP API, Lambda in Python",
    );
    let find = |service: &str| {
        it.needs.mentions.iter().find(|it| it.service == service).expect("mentioned")
    };
    assert_eq!(find("ec2").count, 15);
    assert_eq!(find("ec2").details["instance"], "m5.xlarge");
    assert_eq!(find("rds").details["instance"], "db.m5.large");
    assert_eq!(find("rds").details["multi_az"], "true");
    assert_eq!(find("api-gateway").details["variant"], "http");
    assert_eq!(find("lambda").details["runtime"], "python");
    assert!(
        it.needs
            .mentions
            .iter()
            .any(|it| it.details.get("variant").is_some_and(|it| it == "aurora-serverless"))
    );
}

#[test]
fn flows_follow_arrows_and_verbs() {
    let flows = |text: &str| {
        let it = of(text);
        it.needs
            .flows
            .iter()
            .map(|flow| {
                (
                    it.needs.mentions[flow.from].service,
                    flow.intent,
                    it.needs.mentions[flow.to].service,
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        flows("API Gateway -> Lambda -> DynamoDB"),
        [("api-gateway", Intent::Invokes, "lambda"), ("lambda", Intent::Writes, "dynamodb")]
    );
    assert_eq!(flows("S3 triggers Lambda"), [("s3", Intent::Invokes, "lambda")]);
    assert_eq!(
        flows("A Lambda function is triggered by SQS"),
        [("sqs", Intent::Invokes, "lambda")]
    );
    assert_eq!(
        flows("Lambda reads from DynamoDB and S3"),
        [("lambda", Intent::Reads, "dynamodb"), ("lambda", Intent::Reads, "s3")]
    );
    assert_eq!(flows("CloudFront in front of S3"), [("cloudfront", Intent::Serves, "s3")]);
}

#[test]
fn typos_are_forgiven() {
    let it = of("lamda function and dynmodb table behind api gatway");
    assert_eq!(services(&it, Stance::Wanted), ["lambda", "dynamodb", "api-gateway"]);
}

#[test]
fn what_cannot_be_missing_is_implied() {
    let it = of("Users upload photos from a mobile app; thumbnails are generated every night");
    let implied = services(&it, Stance::Implied);
    assert!(["s3", "lambda", "eventbridge"].iter().all(|it| implied.contains(it)), "{implied:?}");
    assert_eq!(services(&of("API Gateway HTTP API with caching"), Stance::Implied), ["lambda"]);
    assert_eq!(services(&of("API Gateway to SQS"), Stance::Implied), [] as [&str; 0]);
}

#[test]
fn contradictions_are_asked_about() {
    assert!(codes(&of("Must be serverless and run on EC2")).contains(&"contradictory-compute"));
    assert!(codes(&of("EU only REST API in us-east-1")).contains(&"region-breaks-residency"));
    let it = of("Web app. The budget is $500 a month. The budget is $2k a month.");
    assert!(codes(&it).contains(&"contradictory-budget"));
    assert!(it.questions.iter().any(|it| it.kind == "budget"));
}

#[test]
fn text_without_a_system_gets_help_and_terse_requests_do_not() {
    for text in [
        "",
        "hello",
        "lorem ipsum dolor sit amet",
        "delete my account",
        "What is the weather like today?",
        "I love you",
        "🙂",
        "42",
    ] {
        let it = of(text);
        assert!(!it.needs.describes_system, "{text}");
        assert_eq!(codes(&it), ["no-system-described"], "{text}");
    }
    for text in [
        "redis cache",
        "a static website",
        "Lambda and S3",
        "chat app",
        "wordpress",
        "kubernetes cluster",
        "postgres",
        "data lake",
    ] {
        assert!(of(text).needs.describes_system, "{text}");
    }
}

#[test]
fn a_later_turn_changes_what_it_speaks_of() {
    let first =
        of("REST API on Lambda with DynamoDB and CloudFront, 10k users, $500 a month, us-east-1");
    let turn = |text: &str| revise(&first, text, &Hints::default());

    assert!(turn("make it cheaper").needs.preferences.cost_first);
    assert_eq!(turn("double the traffic").needs.load.users, Some(20e3));
    assert_eq!(turn("no, 100k users").needs.load.users, Some(100e3));
    assert_eq!(turn("move to Frankfurt").needs.regions, ["eu-central-1"]);
    assert_eq!(turn("budget is $800 a month").needs.budget, Some(800.0));
    assert_eq!(services(&turn("drop the CDN"), Stance::Excluded), ["cloudfront"]);

    let it = turn("use Postgres instead of DynamoDB");
    assert_eq!(services(&it, Stance::Replaced), ["dynamodb"]);
    assert!(services(&it, Stance::Wanted).contains(&"rds"));

    let it = turn("add a Redis cache");
    assert!(services(&it, Stance::Wanted).contains(&"elasticache"));
    assert_eq!(it.needs.load.users, Some(10e3));
    assert_eq!(it.text, format!("{}\nadd a Redis cache", first.text));

    let it = turn("tell me a joke about ducks");
    assert!(codes(&it).contains(&"change-not-understood"));
    assert_eq!(it.needs.mentions, first.needs.mentions);
}

/// Law of the engine: what is said can be shown where it was said.
fn holds(it: &Requirements) {
    for fact in &it.facts {
        assert_eq!(
            it.text.get(fact.span[0]..fact.span[1]),
            Some(fact.text.as_str()),
            "{fact:?} in {:?}",
            it.text
        );
        assert!((0.0..=1.0).contains(&fact.confidence));
    }
    for mention in &it.needs.mentions {
        assert!(it.text.get(mention.span[0]..mention.span[1]).is_some());
    }
    for flow in &it.needs.flows {
        assert!(flow.from < it.needs.mentions.len() && flow.to < it.needs.mentions.len());
    }
}

const WORDS: &[&str] = &[
    "Lambda",
    "S3",
    "no",
    "without",
    "instead of",
    "DynamoDB,",
    "->",
    "10k",
    "users",
    "$3k",
    "a month",
    "EU",
    "only",
    "Frankfurt",
    "(",
    ")",
    "and",
    "or",
    "10-20k",
    "rps",
    "half a million",
    "99.95 %",
    "RPO",
    "15",
    "min",
    "Käse",
    "日本",
    "🙂",
    "existing",
    "replace",
    "with",
    "Postgres",
    "queue",
    "€2,500/mo",
    "10 000",
    "vpc-0abc1234",
    "10.0.0.0/16",
    ".",
    "\n- ",
    "double",
    "the traffic",
    "migrate",
    "from",
    "99999999999999999999",
    "1e",
    "3x",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in "\\PC{0,200}", more in any::<String>()) {
        holds(&of(&text));
        holds(&of(&more));
        holds(&revise(&of(&text), &more, &Hints::default()));
    }

    #[test]
    fn any_salad_of_words_is_read_the_same_twice(words in prop::collection::vec(prop::sample::select(WORDS), 0..40)) {
        let text = words.join(" ");
        let first = of(&text);
        holds(&first);
        prop_assert_eq!(&first.needs, &of(&text).needs);
        let half = words.len() / 2;
        holds(&revise(&of(&words[..half].join(" ")), &words[half..].join(" "), &Hints::default()));
    }
}

#[test]
fn long_texts_take_linear_time() {
    let text =
        "Users upload photos to S3, 10k users, Lambda writes to DynamoDB without Kubernetes; "
            .repeat(300);
    holds(&of(&text));
    // A text of one sentence must not be worse.
    holds(&of(&"and Lambda, S3 or ".repeat(1000)));
    holds(&of(&"1,".repeat(5000)));
    holds(&of(&"a".repeat(200_000)));
}

#[test]
fn small_words_name_parts_too() {
    let kinds = |text: &str| -> Vec<WorkloadKind> {
        of(text).needs.workloads.iter().map(|it| it.kind).collect()
    };
    for text in [
        "A marketplace with listings, payments, reviews and search for 20k users",
        "Blog with comments and search, on AWS",
        "Job board: post jobs, search, apply",
        "Research platform with search and filtering over 5 million articles",
    ] {
        assert!(kinds(text).contains(&WorkloadKind::Search), "{text}");
    }
    for text in [
        "We search for a cheaper design of our REST API",
        "A REST API, no search",
        "users log in and search for products in the web shop",
    ] {
        assert!(!kinds(text).contains(&WorkloadKind::Search), "{text}");
    }
    for text in [
        "Generate a PDF report every night and email it to the customers",
        "When a form is submitted, store it and email it to sales",
        "web app that sends an email after each order",
    ] {
        assert!(kinds(text).contains(&WorkloadKind::Email), "{text}");
    }
}
