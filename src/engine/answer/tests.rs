use super::{Block, Turn, compare, confirm, recommend, reply, reply_on};
use crate::engine::analysis::Analysis;
use crate::engine::brief::Brief;
use crate::engine::graph::Tier;
use insta::assert_snapshot;

const PORTAL: &str = "A HIPAA patient portal for 50k users with a REST API and Postgres, file uploads, an SQS queue with workers and nightly reports, 99.95% available, in Frankfurt";

fn case(text: &str) -> (Brief, Analysis) {
    let brief = Brief::of(text);
    let analysis = brief.analyze();
    assert_eq!(analysis.options.len(), 3, "{text}");
    (brief, analysis)
}

/// The topic of an answer, `change`, or `help`.
fn topic(case: &(Brief, Analysis), text: &str) -> &'static str {
    match reply(Some(&case.1), &case.0, text) {
        Turn::Change => "change",
        Turn::Answer(it) => it.topic,
        Turn::Help(it) => it.topic,
    }
}

fn said(case: &(Brief, Analysis), text: &str) -> String {
    match reply(Some(&case.1), &case.0, text) {
        Turn::Answer(it) => it.plain(),
        it => panic!("{text}: {it:?}"),
    }
}

#[test]
fn questions_are_told_from_orders_and_from_each_other() {
    let portal = case(PORTAL);
    let mut wrong = Vec::new();
    for (want, texts) in [
        (
            "why",
            "why Postgres?|Why is there a NAT gateway?|why do we need a queue|What is the reason for the firewall?|do we really need a WAF?|\
             why are there two zones?|Is the CDN necessary?|How come there is a VPC?|why did you choose containers?|Can you explain why there is a secrets manager?|\
             I don't understand why there is a NAT gateway|why so many requests?|What do we need the backup for?|Why RDS",
        ),
        (
            "why_not",
            "why not Kubernetes?|Why not functions?|why isn't there DynamoDB? why not DynamoDB?|Why no EKS?|why don't you use virtual machines?",
        ),
        (
            "failure",
            "what happens when a zone fails?|What happens if the region is down|what if an AZ goes down?|Does it survive the loss of a region?|\
             what happens if the database crashes?|what if someone deletes the data by mistake?|What happens when the queue is unavailable?|\
             can it tolerate a zone outage?|what if a data center burns down|what if we get hit by ransomware|what happens if the API fails",
        ),
        (
            "recovery",
            "what is the RTO?|What's the RPO|how long does it take to recover?|how much data could we lose?|What is the disaster recovery story?|what are the rto and rpo of the best option?",
        ),
        (
            "backup",
            "how long is the backup kept?|How often are backups taken?|how long do you keep logs?|Are there backups?|is the database backed up?|\
             what is the retention of the audit log?|how long are backups retained|point in time restore?",
        ),
        (
            "cost",
            "what costs most?|What is the most expensive part?|where does the money go?|Why is it so expensive and what costs the most?|how much does it cost?|\
             What's the monthly cost?|how much is the NAT gateway?|what does the database cost?|Give me the cost breakdown|how much will I pay per month|\
             show me the costs|is it within budget?|what are the main cost drivers?|what would it cost?",
        ),
        (
            "savings",
            "how can I make it cheaper?|How do we reduce costs?|is there a cheaper way?|what could we do to save money?|Can it be cheaper?|how to cut the bill?|where can I save?",
        ),
        (
            "what_if",
            "how much for 10x the users?|what would it cost with 200k users?|what if traffic doubles?|What if we move to Ireland?|how much would it cost for 1 million users?|\
             what if we drop the CDN?|how much more would a second region cost if we add a second region?|what about 500k users?|would it be cheaper in us-east-1?|\
             suppose we have 3 times the traffic|what if we use DynamoDB instead of Postgres?|What would happen to the cost if we add a Redis cache?",
        ),
        (
            "compliance",
            "is it HIPAA compliant?|Is this PCI compliant?|Does it comply with GDPR?|are we compliant?|what about SOC 2?|would this pass an ISO 27001 audit?|will it meet fedramp",
        ),
        (
            "recommendation",
            "which option should I take?|What do you recommend?|which one is right for us?|which of the three is best?|should I take the best option?|what would you suggest?|Which option is recommended and why",
        ),
        (
            "difference",
            "difference between better and best?|what is the difference between good and better?|compare good and best|how do the options differ?|better vs best|\
             Compare the three options|is best worth it?|What do I get for the extra money in best compared to better?|what are the differences between the options",
        ),
        (
            "assumptions",
            "what did you assume?|which assumptions were made?|What are your assumptions?|did you guess anything?|list the assumptions|what have you understood?",
        ),
        (
            "security",
            "is it secure?|Is the database public?|is the data encrypted?|who can access the database?|what is exposed to the internet?|how is it protected against attacks?|is it encrypted at rest?|is the bucket private?",
        ),
        (
            "latency",
            "how fast is it?|What is the latency?|what response time can users expect?|how slow will it be?|what's the p95?",
        ),
        (
            "capacity",
            "how many requests can it handle?|will it scale?|what is the bottleneck?|How many users can it handle?|can it cope with spikes?|what's the maximum throughput?|does it scale automatically?|is that enough for the peak?",
        ),
        (
            "availability",
            "what is the availability?|What's the SLA?|how much downtime is there?|is it highly available?|what uptime do we get?|how reliable is it?",
        ),
        (
            "place",
            "where is the data stored?|which region is it in?|Where does it run?|in which country is the data?",
        ),
        (
            "connections",
            "what talks to the database?|What does the API connect to?|who uses the queue?|which parts write to the bucket?|what depends on the database?|how does a request flow through it?",
        ),
        (
            "size",
            "how big is the database?|how much memory does the web application have?|what instance type is the database?|how many copies of the web application are there?|How much storage does the database have?|what version of postgres is it?",
        ),
        (
            "component",
            "what does the queue do?|What is the NAT gateway?|tell me about the bucket|explain the web firewall|what's CloudTrail?|and the secrets?|describe the database",
        ),
        (
            "overview",
            "explain the architecture|what services are used?|what is in it?|Describe the design|list all components|give me an overview|walk me through it|summarise the design|what did you build?",
        ),
        (
            "deploy",
            "how do I deploy it?|How can I get the Terraform?|where can I download the code?|how do we roll it out?|how to deploy this?",
        ),
        (
            "questions",
            "what else do you need to know?|are there open questions?|what is missing?|what is still unclear?",
        ),
        (
            "change",
            "make it cheaper|add a Redis cache|Can you add a cache?|please move it to Frankfurt|use DynamoDB instead of Postgres|could we use Aurora instead?|\
             double the traffic|no, 100k users|drop the CDN|let's go with Kubernetes|I want a second region|Please remove the NAT gateway|can we make it serverless?|\
             we also need full-text search|The budget is $500 a month|HIPAA no longer applies|How about a cache in front of the database?|it must run in Ireland|\
             Also send emails to users.|would you add a queue please?|add a second region. Why is there a NAT gateway?|show product pictures from a CDN|can you make it cheaper?",
        ),
        (
            "help",
            "help|hello|thanks!|Thank you.|what can you do?|what can I ask?|ok|Hi!|How does this work?",
        ),
        (
            "unknown",
            "what is the weather tomorrow?|who won the match?|what is the meaning of life?|can pigs fly?|how old are you?|is that so?",
        ),
    ] {
        for text in texts.split('|').map(str::trim) {
            let got = topic(&portal, text);
            if got != want {
                wrong.push(format!("{text:?} is {got}, not {want}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn figures_and_names_are_those_of_the_analysis() {
    let portal = case(PORTAL);
    let better = &portal.1.options[1];
    let of = |id: &str| -> f64 {
        better.cost.lines.iter().filter(|it| it.component.as_str() == id).map(|it| it.monthly).sum()
    };
    let database = better
        .graph
        .components
        .iter()
        .find(|it| it.spec.kind().name() == "relational_database")
        .unwrap();
    let text = said(&portal, "how much is the database?");
    assert!(text.contains(&super::money(of(database.id.as_str()))), "{text}");
    let text = said(&portal, "what is the RTO?");
    for it in &better.recovery.scenarios {
        assert!(text.contains(it.title) && text.contains(it.how), "{text}");
    }
    let text = said(&portal, "how fast is it?");
    assert!(text.contains(&format!("{:.0} ms", better.latency.p95_ms)), "{text}");
    let text = said(&portal, "what if we have 500k users?");
    let mut then = portal.0.clone();
    then.say("500k users");
    for it in then.analyze().options {
        assert!(text.contains(&super::money(it.cost.monthly)), "{text}");
    }
    let text = said(&portal, "how much for the good option?");
    assert!(text.contains(&super::money(portal.1.options[0].cost.monthly)), "{text}");
}

#[test]
fn what_is_in_no_option_is_not_taken_for_something_else() {
    let small = case("API Gateway to Lambda to DynamoDB, without Redis");
    let text = said(&small, "why is there a NAT gateway?");
    assert!(text.contains("No option has NAT gateway"), "{text}");
    let text = said(&small, "why no Redis?");
    assert!(text.contains("You ruled Redis out"), "{text}");
}

#[test]
fn what_an_answer_is_about_is_in_its_option() {
    let portal = case(PORTAL);
    for text in [
        "why is there a NAT gateway?",
        "what happens when a zone fails?",
        "what costs most?",
        "what is the RTO?",
        "what does the queue do?",
        "how big is the database?",
        "is it secure?",
        "explain the architecture",
        "how long are backups kept?",
        "is it HIPAA compliant?",
    ] {
        for tier in Tier::ALL {
            let Turn::Answer(it) = reply_on(Some(&portal.1), &portal.0, text, Some(tier)) else {
                panic!("{text}")
            };
            assert!(!it.about.is_empty(), "{text}");
            let shown = it.tier.unwrap();
            let graph = &portal.1.options.iter().find(|it| it.graph.tier == shown).unwrap().graph;
            for id in &it.about {
                assert!(graph.component(id).is_some(), "{text}: {id} is not in {}", shown.name());
            }
            assert_eq!(shown, tier, "{text}");
        }
    }
}

#[test]
fn an_answer_reads_well() {
    let portal =
        case("A REST API with Postgres on containers for 20k users in Ireland, RTO 1 hour");
    assert_snapshot!(said(&portal, "what happens if the region fails?"), @r#"
    When the region fails, the better option does not recover. Its data is in this region only. Database (Amazon RDS for PostgreSQL) decides that.

    Say "add a second region" to see what it costs to recover in another one.

    Option | Back after | Data lost
    good | not recovered | all of it
    better | not recovered | all of it
    best | 3 h | the last 24 h
    "#);
    assert_snapshot!(said(&portal, "why not Kubernetes?"), @r#"
    Container service instead of Kubernetes: its control plane and nodes need people to run them.

    What spoke for it: containers are asked for.
    "#);
    assert_snapshot!(said(&portal, "why not MongoDB?"), @r#"No option has MongoDB: nothing you said asks for it. Say "add MongoDB" to see what it changes."#);
    assert_snapshot!(said(&portal, "where is the data stored?"), @"It runs in Dublin, Ireland (eu-west-1), and its data is kept there.");
}

#[test]
fn the_first_text_starts_a_design_unless_it_only_asks() {
    let none = Brief::default();
    let turn = |text: &str| reply(None, &none, text);
    assert_eq!(turn("A REST API for 10k users"), Turn::Change);
    assert_eq!(turn("How would you build a REST API for 10k users with Postgres?"), Turn::Change);
    assert_eq!(turn("Something with cats"), Turn::Change, "the engine says what is missing");
    for text in ["help", "Hello!", "what can you do?", "what is this?"] {
        let Turn::Help(it) = turn(text) else { panic!("{text}") };
        assert!(it.plain().contains("Describe the system"), "{text}");
    }
}

#[test]
fn any_text_gets_an_answer_without_a_panic() {
    let portal = case("REST API with Postgres for 10k users");
    for text in [
        "",
        " ",
        "?",
        "???",
        "why",
        "why?",
        "what if",
        "how much",
        "<script>alert(1)</script>?",
        "что стоит больше всего?",
        "\u{202e}why?\u{202c}",
        "🦀?",
        "compare",
        "what does do?",
        "how much for 0x the users?",
        "what if we have -5 users?",
        "what if 1e308x the traffic?",
        "why ' or 1=1 --?",
    ] {
        reply(Some(&portal.1), &portal.0, text);
    }
    let long = "why is there a database? ".repeat(2000);
    assert_eq!(topic(&portal, &long), "why");
}

#[test]
fn the_cards_compare_line_by_line() {
    let (_, analysis) = case(PORTAL);
    let rows = compare(&analysis);
    let keys: Vec<&str> = rows.iter().map(|it| it.key).collect();
    assert_eq!(
        keys,
        [
            "cost",
            "availability",
            "zone",
            "mistake",
            "region",
            "latency",
            "throughput",
            "security",
            "operations",
            "gives_up"
        ]
    );
    for row in &rows {
        assert!(row.values.iter().all(|it| !it.is_empty()), "{}", row.key);
        assert!(!row.differs[0]);
        assert_eq!(row.differs[1], row.values[0] != row.values[1], "{}", row.key);
        assert_eq!(row.differs[2], row.values[1] != row.values[2], "{}", row.key);
    }
    assert!(rows[0].differs[1] && rows[0].differs[2]);
    let nothing = Brief::of("a poem about the sea").analyze();
    assert!(compare(&nothing).is_empty());
}

#[test]
fn the_recommendation_follows_from_goals_and_money() {
    let of = |text: &str| recommend(&case(text).1);
    let usual = of("REST API with Postgres for 20k users");
    assert_eq!(usual.tier, Tier::Better);
    assert!(usual.reason.contains("When a zone fails"), "{}", usual.reason);
    let poor = of("REST API with Postgres on containers for 20k users, at most $150 a month");
    assert_eq!(poor.tier, Tier::Good, "{}", poor.reason);
    assert!(poor.reason.contains("$150"), "{}", poor.reason);
    let thrifty = of("REST API with Postgres for a side project, as cheap as possible");
    assert_eq!(thrifty.tier, Tier::Good, "{}", thrifty.reason);
    let hopeless =
        of("REST API with Postgres and Redshift for 2 million users, budget $20 a month");
    assert!(hopeless.reason.contains("No option fits"), "{}", hopeless.reason);
}

#[test]
fn a_turn_is_confirmed_with_what_it_changed() {
    let (mut brief, before) = case("REST API with Postgres on containers for 20k users in Ireland");
    let first = confirm(None, &before);
    assert!(first.changed && first.summary.contains("is recommended"), "{}", first.summary);
    assert!(first.points.iter().any(|it| it.contains("20,000 people")), "{:?}", first.points);
    brief.say("add a Redis cache");
    let after = brief.analyze();
    let it = confirm(Some(&before), &after);
    assert!(it.changed && it.summary.starts_with("Added "), "{}", it.summary);
    assert!(it.points.iter().any(|it| it.starts_with("Cost a month: good $")), "{:?}", it.points);
    brief.say("purple monkey dishwasher");
    let odd = confirm(Some(&after), &brief.analyze());
    assert!(!odd.changed && odd.summary.contains("changes nothing"), "{}", odd.summary);
    let nothing = confirm(None, &Brief::of("a poem about the sea").analyze());
    assert!(!nothing.changed && !nothing.points.is_empty());
}

#[test]
fn tables_are_even() {
    let portal = case(PORTAL);
    for text in [
        "what is the RTO?",
        "compare the three options",
        "what costs most?",
        "how fast is it?",
        "what if traffic doubles?",
        "which option?",
    ] {
        let Turn::Answer(it) = reply(Some(&portal.1), &portal.0, text) else { panic!("{text}") };
        let tables: Vec<_> = it
            .blocks
            .iter()
            .filter_map(|it| match it {
                Block::Table { rows } => Some(rows),
                _ => None,
            })
            .collect();
        assert!(!tables.is_empty(), "{text}");
        for rows in tables {
            assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{text}: {rows:?}");
        }
    }
}
