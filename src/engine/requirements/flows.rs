//! What is said to talk to what: arrows, "X to Y to Z", and verbs between names.

use super::mentions::Named;
use super::tokens::{Gap, Reading};
use super::{Flow, Intent, Stance};

pub(super) fn find(reading: &Reading, named: &Named) -> Vec<Flow> {
    let mut flows: Vec<Flow> = Vec::new();
    // The thing that a sentence is about carries over "and", "which", "then".
    let mut subject: Option<usize> = None;
    let mut last: Option<Said> = None;
    for pair in named.occurrences.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        let near = b.from > a.to && reading.same_sentence(a.from, b.from) && b.from - a.to <= 14;
        let counts =
            |it: Stance| !matches!(it, Stance::Excluded | Stance::Replaced | Stance::Passing);
        if !near || !counts(a.stance) || !counts(b.stance) {
            subject = None;
            last = None;
            continue;
        }
        let said = match relation(reading, a.to, b.from) {
            Some(it) => {
                // "A triggered by B writing to C": it is A that writes.
                let after_by = last.is_some_and(|it| it.backwards) && it.participle;
                let start =
                    if it.carried || after_by { subject.unwrap_or(a.mention) } else { a.mention };
                subject = Some(start);
                Said { start, intent: it.intent, backwards: it.backwards }
            }
            // "writes to DynamoDB and S3": the list goes on.
            None if is_list(reading, a.to, b.from) => match last {
                Some(said) if said.intent.is_some() => said,
                _ => continue,
            },
            None => {
                last = None;
                continue;
            }
        };
        last = Some(said);
        let (from, to) =
            if said.backwards { (b.mention, said.start) } else { (said.start, b.mention) };
        if from == to {
            continue;
        }
        let (source, target) = (named.mentions[from].service, named.mentions[to].service);
        if is_scenery(source) || is_scenery(target) {
            continue;
        }
        let (from, to, intent) = match said.intent {
            Some(intent) => (from, to, intent),
            // What stores does not call an API; the API reads it.
            None if is_passive(source) && matches!(target, "api-gateway" | "appsync" | "elb") => {
                (to, from, Intent::Reads)
            }
            // Content is delivered from where it lies.
            None if matches!(target, "cloudfront" | "cdn-front-door" | "cloud-cdn" | "waf")
                && !matches!(source, "route53" | "waf" | "dns") =>
            {
                (to, from, Intent::Serves)
            }
            None => (from, to, natural(source, target)),
        };
        let known = |it: &Flow| {
            it.from == from && it.to == to && (it.intent == intent || said.intent.is_none())
        };
        if !flows.iter().any(known) {
            flows.push(Flow { from, to, intent, span: reading.span(a.from, b.to) });
        }
    }
    flows
}

/// A relation with the mention that it starts from.
#[derive(Clone, Copy)]
struct Said {
    start: usize,
    intent: Option<Intent>,
    backwards: bool,
}

fn is_list(reading: &Reading, from: usize, to: usize) -> bool {
    (from + 1..to).all(|at| matches!(reading.word(at), "and" | "or" | "the" | "a" | "an" | "also"))
        && !reading.gap(from + 1).has(Gap::OPEN | Gap::CLOSE)
}

/// What surrounds a design: named beside everything, talked to by nothing.
fn is_scenery(service: &str) -> bool {
    matches!(
        service,
        "vpc"
            | "kms"
            | "iam"
            | "acm"
            | "nat-gateway"
            | "vpc-endpoint"
            | "vpc-peering"
            | "cloudtrail"
            | "config"
            | "guardduty"
            | "security-hub"
            | "macie"
            | "inspector"
            | "control-tower"
            | "organizations"
            | "direct-connect"
            | "vpn"
            | "transit-gateway"
            | "backup"
            | "ecr"
            | "ebs"
            | "outposts"
            | "shield"
            | "x-ray"
            | "virtual-network"
            | "public-ip"
            | "network-security-group"
            | "managed-identity"
            | "private-dns"
            | "private-endpoint"
            | "monitor"
            | "managed-disks"
            | "iam-org"
    )
}

fn is_passive(service: &str) -> bool {
    matches!(
        service,
        "dynamodb" | "rds" | "elasticache" | "documentdb" | "neptune" | "redshift" | "opensearch"
    )
}

struct Relation {
    /// `None` where the words only say that one leads to the other.
    intent: Option<Intent>,
    /// The second name acts on the first: "triggered by".
    backwards: bool,
    /// Said of the subject of the sentence, not of the name just before.
    carried: bool,
    /// Said with "-ing".
    participle: bool,
}

fn relation(reading: &Reading, from: usize, to: usize) -> Option<Relation> {
    if (from + 1..=to).any(|at| reading.gap(at).has(Gap::ARROW)) {
        return Some(Relation {
            intent: None,
            backwards: false,
            carried: false,
            participle: false,
        });
    }
    // A comma ends what is said, unless it goes on with "which" or "and".
    let goes_on = |word: &str| {
        matches!(
            word,
            "which"
                | "that"
                | "and"
                | "then"
                | "who"
                | "where"
                | "while"
                | "writing"
                | "triggering"
        )
    };
    if (from + 1..=to).any(|at| {
        reading.gap(at).has(Gap::COMMA | Gap::OPEN | Gap::SEMICOLON) && !goes_on(reading.word(at))
    }) {
        return None;
    }
    let between: Vec<&str> = (from + 1..to).map(|at| reading.word(at)).collect();
    let by = between.iter().rev().take(3).any(|it| *it == "by");
    let carried = between.first().is_some_and(|it| matches!(*it, "and" | "then"));
    let participle = between.first().is_some_and(|it| it.ends_with("ing"));
    let relation = |intent, backwards| Some(Relation { intent, backwards, carried, participle });
    for word in &between {
        let intent = match *word {
            "trigger" | "triggers" | "triggered" | "triggering" | "invoke" | "invokes"
            | "invoked" | "invoking" | "call" | "calls" | "called" | "calling" | "launch"
            | "launches" | "start" | "starts" | "started" | "execute" | "executes" | "run"
            | "runs" => Some(Intent::Invokes),
            "write" | "writes" | "writing" | "store" | "stores" | "stored" | "storing" | "save"
            | "saves" | "saved" | "persist" | "persists" | "persisted" | "insert" | "inserts"
            | "put" | "puts" | "upload" | "uploads" | "uploaded" | "archive" | "archives"
            | "update" | "updates" | "dump" | "dumps" | "load" | "loads" => Some(Intent::Writes),
            "read" | "reads" | "reading" | "query" | "queries" | "querying" | "fetch"
            | "fetches" | "retrieve" | "retrieves" | "cache" | "caches" => Some(Intent::Reads),
            "publish" | "publishes" | "published" | "send" | "sends" | "sent" | "sending"
            | "push" | "pushes" | "pushed" | "emit" | "emits" | "enqueue" | "enqueues"
            | "notify" | "notifies" | "put on" | "post" | "posts" => Some(Intent::Publishes),
            "subscribe" | "subscribes" | "subscribed" | "consume" | "consumes" | "consumed"
            | "poll" | "polls" | "polled" | "polling" | "listen" | "listens" | "processed"
            | "picked" => Some(Intent::Subscribes),
            "stream" | "streams" | "streamed" | "streaming" | "deliver" | "delivers"
            | "delivered" => Some(Intent::Streams),
            "serve" | "serves" | "served" | "serving" | "front" | "fronts" | "forward"
            | "forwards" | "route" | "routes" | "routing" | "distribute" | "distributes" => {
                Some(Intent::Serves)
            }
            "authenticate" | "authenticates" | "authenticated" | "authorise" | "authorize"
            | "authorizes" | "protected" | "secured" | "protect" => Some(Intent::Authenticates),
            "replicate" | "replicates" | "replicated" | "replicating" | "sync" | "syncs"
            | "copy" | "copies" => Some(Intent::Replicates),
            _ => None,
        };
        if let Some(intent) = intent {
            // "S3 events processed by Lambda": the second acts.
            return relation(Some(intent), by);
        }
    }
    if between.windows(3).any(|it| it == ["in", "front", "of"]) {
        return relation(Some(Intent::Serves), false);
    }
    if between.contains(&"behind") {
        return relation(Some(Intent::Serves), true);
    }
    match between.as_slice() {
        ["to"]
        | ["into"]
        | ["then"]
        | ["through"]
        | ["via"]
        | ["to", "an" | "a" | "the"]
        | ["with", "a" | "an", "target"] => {
            Some(Relation { intent: None, backwards: false, carried: false, participle: false })
        }
        ["from"] | ["from", "a" | "an" | "the"] => {
            Some(Relation { intent: None, backwards: true, carried: false, participle: false })
        }
        ["with"]
        | ["backed", "by"]
        | ["connected", "to"]
        | ["connects", "to"]
        | ["integrates", "with"]
        | ["integrated", "with"] => {
            Some(Relation { intent: None, backwards: false, carried: false, participle: false })
        }
        words
            if words.len() <= 6
                && words.contains(&"connects")
                    | words.contains(&"connect")
                    | words.contains(&"directly") =>
        {
            Some(Relation { intent: None, backwards: false, carried: false, participle: false })
        }
        words if words.len() <= 3 && words.last() == Some(&"to") => {
            Some(Relation { intent: None, backwards: false, carried: false, participle: false })
        }
        _ => None,
    }
}

/// What "to" means between these two.
fn natural(source: &str, target: &str) -> Intent {
    match target {
        "lambda" | "functions" | "cloud-functions" | "step-functions" | "bedrock" | "batch"
        | "workflows" | "logic-apps" | "textract" | "rekognition" | "comprehend" | "transcribe"
        | "sagemaker" | "glue" | "vertex-ai" | "cloud-run" | "ecs" | "eks" | "ec2"
        | "app-runner" | "elb" | "appsync" | "api-gateway" => match source {
            "cloudfront" | "elb" | "global-accelerator" | "load-balancing" | "load-balancer" => {
                Intent::Serves
            }
            "route53" => Intent::Resolves,
            "kinesis-data-streams" | "dynamodb" | "msk" => Intent::Streams,
            _ => Intent::Invokes,
        },
        "sqs" | "sns" | "eventbridge" | "service-bus" | "event-grid" | "pub-sub" | "mq"
        | "eventbridge-pipes" | "event-hubs" => Intent::Publishes,
        "kinesis-data-streams"
        | "kinesis-firehose"
        | "msk"
        | "dataflow"
        | "stream-analytics"
        | "kinesis-analytics" => Intent::Streams,
        "cognito" | "iam" | "identity-platform" => Intent::Authenticates,
        "s3" if source == "cloudfront" => Intent::Serves,
        "cloudfront" => Intent::Resolves,
        _ => match source {
            "kinesis-firehose" | "kinesis-data-streams" | "dynamodb" | "osis" => Intent::Streams,
            "athena" | "quicksight" | "redshift" => Intent::Reads,
            _ => Intent::Writes,
        },
    }
}
