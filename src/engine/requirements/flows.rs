//! What is said to talk to what: arrows, "X to Y to Z", and verbs between names.

use super::mentions::Named;
use super::tokens::{Gap, Reading};
use super::{Flow, Intent, Stance};

pub(super) fn find(reading: &Reading, named: &Named) -> Vec<Flow> {
    let mut flows: Vec<Flow> = Vec::new();
    // The thing that a sentence is about carries over "and", "which", "then".
    let mut subject: Option<usize> = None;
    for pair in named.occurrences.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        if b.from <= a.to || !reading.same_sentence(a.from, b.from) || b.from - a.to > 14 {
            subject = None;
            continue;
        }
        if [a.stance, b.stance]
            .iter()
            .any(|it| matches!(it, Stance::Excluded | Stance::Replaced | Stance::Passing))
        {
            continue;
        }
        let Some(relation) = relation(reading, a.to, b.from) else { continue };
        let start = if relation.carried { subject.unwrap_or(a.mention) } else { a.mention };
        if !relation.carried {
            subject = Some(a.mention);
        }
        let (from, to) = if relation.backwards { (b.mention, start) } else { (start, b.mention) };
        if from == to {
            continue;
        }
        let (source, target) = (named.mentions[from].service, named.mentions[to].service);
        let intent = relation.intent.unwrap_or_else(|| natural(source, target));
        let flow = Flow { from, to, intent, span: reading.span(a.from, b.to) };
        if !flows.iter().any(|it| {
            it.from == from && it.to == to && (it.intent == intent || relation.intent.is_none())
        }) {
            flows.push(flow);
        }
    }
    flows
}

struct Relation {
    /// `None` where the words only say that one leads to the other.
    intent: Option<Intent>,
    /// The second name acts on the first: "triggered by".
    backwards: bool,
    /// Said of the subject of the sentence, not of the name just before.
    carried: bool,
}

fn relation(reading: &Reading, from: usize, to: usize) -> Option<Relation> {
    if (from + 1..=to).any(|at| reading.gap(at).has(Gap::ARROW)) {
        return Some(Relation { intent: None, backwards: false, carried: false });
    }
    let between: Vec<&str> = (from + 1..to).map(|at| reading.word(at)).collect();
    let by = between.iter().rev().take(3).any(|it| *it == "by");
    let carried = between.first().is_some_and(|it| matches!(*it, "and" | "then"));
    let relation = |intent, backwards| Some(Relation { intent, backwards, carried });
    for (at, word) in between.iter().enumerate() {
        let next = between.get(at + 1).copied().unwrap_or("");
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
            | "fetches" | "retrieve" | "retrieves" | "get" | "gets" | "cache" | "caches" => {
                Some(Intent::Reads)
            }
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
            if by {
                return match intent {
                    Intent::Subscribes
                    | Intent::Invokes
                    | Intent::Serves
                    | Intent::Authenticates => relation(Some(intent), true),
                    other => relation(Some(other), true),
                };
            }
            let _ = next;
            return relation(Some(intent), false);
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
            Some(Relation { intent: None, backwards: false, carried: false })
        }
        ["from"] | ["from", "a" | "an" | "the"] => {
            Some(Relation { intent: None, backwards: true, carried: false })
        }
        ["with"]
        | ["backed", "by"]
        | ["connected", "to"]
        | ["connects", "to"]
        | ["integrates", "with"]
        | ["integrated", "with"] => {
            Some(Relation { intent: None, backwards: false, carried: false })
        }
        words
            if words.len() <= 6
                && words.contains(&"connects")
                    | words.contains(&"connect")
                    | words.contains(&"directly") =>
        {
            Some(Relation { intent: None, backwards: false, carried: false })
        }
        words if words.len() <= 3 && words.last() == Some(&"to") => {
            Some(Relation { intent: None, backwards: false, carried: false })
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
        "kinesis-data-streams" | "kinesis-firehose" | "msk" => Intent::Streams,
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
