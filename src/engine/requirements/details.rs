//! What is said about a named service in the words around it: engine, instance
//! type, how many, spread over zones, runtime.

use super::tokens::{Gap, Reading};
use std::collections::BTreeMap;

type Details = BTreeMap<&'static str, String>;

/// Reads the clause around the words `from..=to` as far as the next name.
pub(super) fn read(
    reading: &Reading,
    from: usize,
    to: usize,
    service: &str,
    named: &[bool],
    details: &mut Details,
) {
    let database =
        matches!(service, "rds" | "cloud-sql" | "sql-database" | "documentdb" | "neptune");
    let is_named = |at: usize| named.get(at).copied().unwrap_or(false);
    let end = reading.sentence_end(to, 10);
    let mut closed = false;
    for at in to + 1..end {
        let gap = reading.gap(at);
        if gap.has(Gap::ARROW | Gap::SEMICOLON) || (gap.has(Gap::COMMA) && closed) {
            break;
        }
        // Another product begins; engines in brackets still belong to this one.
        if is_named(at) && engine(reading.word(at)).is_none() {
            break;
        }
        closed |= gap.has(Gap::CLOSE | Gap::COMMA);
        take(reading, at, service, database, details);
    }
    let start = reading.sentence_start(from, 5);
    for at in (start..from).rev() {
        if reading.gap(at + 1).has(Gap::COMMA | Gap::CLOSE | Gap::OPEN | Gap::ARROW) || is_named(at)
        {
            break;
        }
        take(reading, at, service, database, details);
    }
    if let Some(word) = (from..=to).find(|at| instance(reading.word(*at))) {
        details.entry("instance").or_insert_with(|| reading.word(word).to_owned());
    }
}

fn take(reading: &Reading, at: usize, service: &str, database: bool, details: &mut Details) {
    let word = reading.word(at);
    if instance(word) {
        let word = if database && !word.starts_with("db.") {
            format!("db.{word}")
        } else {
            word.to_owned()
        };
        details.entry("instance").or_insert(word);
        return;
    }
    match (word, reading.word(at + 1)) {
        ("multi", "az") | ("multiple", "azs" | "az") => {
            drop(details.insert("multi_az", "true".to_owned()))
        }
        ("read", "replica" | "replicas") => {
            let many = at.checked_sub(1).and_then(|it| number(reading.word(it))).unwrap_or(1);
            details.entry("read_replicas").or_insert_with(|| many.to_string());
        }
        ("on", "demand") | ("pay", "per") if service == "dynamodb" => {
            details.entry("billing").or_insert_with(|| "on-demand".to_owned());
        }
        ("provisioned", _) if service == "dynamodb" => {
            details.entry("billing").or_insert_with(|| "provisioned".to_owned());
        }
        ("spot", _) if matches!(service, "ec2" | "ecs" | "eks" | "batch" | "gamelift") => {
            details.entry("purchase").or_insert_with(|| "spot".to_owned());
        }
        ("arm64" | "graviton" | "graviton2" | "graviton3" | "graviton4", _)
            if super::vocabulary::compute(service) || database || service == "elasticache" =>
        {
            details.entry("architecture").or_insert_with(|| "arm64".to_owned());
        }
        ("websocket" | "websockets", _) if service == "api-gateway" => {
            details.entry("variant").or_insert_with(|| "websocket".to_owned());
        }
        ("rest", _) if service == "api-gateway" => {
            details.entry("variant").or_insert_with(|| "rest".to_owned());
        }
        ("http", next) if service == "api-gateway" && matches!(next, "api" | "apis" | "") => {
            details.entry("variant").or_insert_with(|| "http".to_owned());
        }
        ("fargate", _) if matches!(service, "ecs" | "eks") => {
            details.entry("variant").or_insert_with(|| "fargate".to_owned());
        }
        ("fifo", _) if matches!(service, "sqs" | "sns") => {
            details.entry("variant").or_insert_with(|| "fifo".to_owned());
        }
        ("serverless", _)
            if matches!(service, "opensearch" | "redshift" | "emr" | "elasticache" | "neptune") =>
        {
            details.entry("variant").or_insert_with(|| "serverless".to_owned());
        }
        ("dead" | "dlq" | "deadletter", _) if service == "sqs" => {
            details.entry("dead_letter").or_insert_with(|| "true".to_owned());
        }
        ("node" | "nodes" | "instances" | "brokers" | "shards" | "tasks", _) => {
            if let Some(many) = at.checked_sub(1).and_then(|it| number(reading.word(it))) {
                details.entry("nodes").or_insert_with(|| many.to_string());
            }
        }
        _ => {}
    }
    if (database || service == "elasticache" || service == "mq")
        && let Some(engine) = engine(word)
    {
        details.entry("engine").or_insert_with(|| engine.to_owned());
    }
    if matches!(
        service,
        "lambda"
            | "functions"
            | "cloud-functions"
            | "app-service"
            | "cloud-run"
            | "elastic-beanstalk"
    ) && let Some(runtime) = runtime(word)
    {
        details.entry("runtime").or_insert_with(|| runtime.to_owned());
    }
}

/// How many of it: "15x", "three", "a pair of".
pub(super) fn count(reading: &Reading, from: usize) -> u32 {
    for back in 1..=3 {
        let Some(at) = from.checked_sub(back) else { break };
        if reading
            .gap(at + 1)
            .has(Gap::COMMA | Gap::SENTENCE | Gap::ARROW | Gap::OPEN | Gap::CLOSE | Gap::SEMICOLON)
        {
            break;
        }
        let word = reading.word(at);
        if let Some(many) = number(word)
            && (1..=100_000).contains(&many)
        {
            return many;
        }
        let skippable = instance(word)
            || matches!(
                word,
                "aws"
                    | "amazon"
                    | "azure"
                    | "separate"
                    | "different"
                    | "small"
                    | "large"
                    | "x"
                    | "of"
                    | "linux"
                    | "windows"
                    | "ubuntu"
                    | "private"
                    | "public"
                    | "standard"
            );
        if !skippable {
            break;
        }
    }
    1
}

fn number(word: &str) -> Option<u32> {
    let digits = word.strip_suffix('x').unwrap_or(word);
    if let Ok(many) = digits.parse() {
        return Some(many);
    }
    Some(match word {
        "two" | "pair" | "both" => 2,
        "three" => 3,
        "four" => 4,
        "five" => 5,
        "six" => 6,
        "seven" => 7,
        "eight" => 8,
        "nine" => 9,
        "ten" => 10,
        "dozen" => 12,
        _ => return None,
    })
}

/// "m5.xlarge", "db.r6g.large", "cache.t4g.micro", "c5.2xlarge".
pub(super) fn instance(word: &str) -> bool {
    let Some((family, size)) = word.rsplit_once('.') else { return false };
    let family = family.rsplit('.').next().unwrap_or(family);
    let sized = size.ends_with("large")
        || matches!(size, "nano" | "micro" | "small" | "medium" | "metal")
        || size.starts_with("metal");
    sized
        && family.len() <= 8
        && family.starts_with(|c: char| c.is_ascii_lowercase())
        && family.bytes().any(|b| b.is_ascii_digit())
}

fn engine(word: &str) -> Option<&'static str> {
    Some(match word {
        "postgres" | "postgresql" | "pgsql" => "postgres",
        "mysql" => "mysql",
        "mariadb" => "mariadb",
        "oracle" => "oracle",
        "sqlserver" | "mssql" => "sqlserver",
        "redis" => "redis",
        "valkey" => "valkey",
        "memcached" => "memcached",
        "rabbitmq" => "rabbitmq",
        "activemq" => "activemq",
        _ => return None,
    })
}

/// The language a function is written in.
pub(super) fn runtime(word: &str) -> Option<&'static str> {
    Some(match word {
        "python" | "python3" | "django" | "flask" | "fastapi" | "boto3" => "python",
        "node" | "node.js" | "nodejs" | "javascript" | "typescript" | "express.js" | "nestjs" => {
            "nodejs"
        }
        "java" | "kotlin" | "quarkus" | "micronaut" | "springboot" => "java",
        "golang" => "go",
        "rust" => "rust",
        "dotnet" | ".net" | "c#" | "csharp" | "asp.net" => "dotnet",
        "ruby" | "rails" => "ruby",
        "php" | "laravel" | "symfony" => "php",
        _ => return None,
    })
}
