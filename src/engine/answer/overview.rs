//! The design as a whole: parts, connections, sizes, assumptions; and help.

use super::subject::{Subject, called, in_option};
use super::words::Words;
use super::{Answer, View, enumerate, money};
use crate::engine::brief::{label, show_value};
use crate::engine::requirements::{Intent, Source};
use serde_json::Value;

/// "What did you assume?"
pub(super) fn assumptions(view: &View, asked: &Words) -> Option<Answer> {
    if !asked.has("assume|assumed|assumption|assumptions|assuming|take for granted|defaults|guess|guessed|did you understand|have you understood|understood") {
        return None;
    }
    let read = &view.analysis.requirements;
    let mut answer = Answer::on("assumptions");
    if asked.has("understand|understood") {
        answer = answer.text("Understood from your words:").list(super::confirm::understood(read));
    }
    let line = |it: &crate::engine::requirements::Assumption| {
        format!("{}: {}. {}", label(it.kind), show_value(it.kind, &it.value), it.reason)
    };
    let of = |source: Source| -> Vec<String> {
        read.assumptions.iter().filter(|it| it.source == source).map(line).collect()
    };
    let (own, hand, house) = (of(Source::Engine), of(Source::Hand), of(Source::Organisation));
    if own.is_empty() && hand.is_empty() && house.is_empty() {
        return Some(answer.text("Nothing had to be assumed."));
    }
    if !own.is_empty() {
        answer = answer.text("Assumed, because nothing was said about it:").list(own);
    }
    if !hand.is_empty() {
        answer = answer.text("Set by hand:").list(hand);
    }
    if !house.is_empty() {
        answer = answer.text("From your organisation:").list(house);
    }
    Some(answer.text("Each can be changed: say what holds instead, or set it."))
}

/// "What do you need to know?"
pub(super) fn open_questions(view: &View, asked: &Words) -> Option<Answer> {
    if !asked.has("need to know|open questions|open question|missing|unclear|what else do you need|what should i tell|what is open|questions do you have|need from me|still open") {
        return None;
    }
    let questions = &view.analysis.requirements.questions;
    let answer = Answer::on("questions");
    Some(if questions.is_empty() {
        answer.text("Nothing is open. What was assumed can still be changed.")
    } else {
        answer.text("Open:").list(questions.iter().map(|it| it.text.clone()))
    })
}

/// "How do I deploy it?"
pub(super) fn how_to(view: &View, asked: &Words) -> Option<Answer> {
    let code = asked.has("terraform|cloudformation|the code|download|code|infrastructure as code");
    let deploys = asked.has("how do i deploy|how do we deploy|how can i deploy|how to deploy|how is it deployed|deploy it|deploy this|roll it out|go live|set it up|install it|get it running");
    let asks_for_code = code && asked.has("how|where|can i|get|download|use|run|apply");
    if !deploys && !asks_for_code {
        return None;
    }
    Some(
        Answer::on("deploy")
            .of(view)
            .text(format!("The code of the {} option comes as Terraform and as CloudFormation.", view.design.graph.tier.name()))
            .list([
                "Choose the option and the format, and download its files.".to_owned(),
                "Terraform: terraform init, then terraform plan -var-file=environments/dev.tfvars, then terraform apply with the same file.".to_owned(),
                "CloudFormation: aws cloudformation deploy with the template, or create the stack in the console.".to_owned(),
                "The README beside the code names what it costs and what has to be given.".to_owned(),
            ]),
    )
}

/// "What talks to the database?"
pub(super) fn connections(view: &View, asked: &Words, subject: &Subject) -> Option<Answer> {
    if !asked.has("talks to|talk to|connect to|connects to|connected|connection|connections|who calls|what calls|calls|uses|depends on|depend on|dependencies|flow|flows|path of a request|request path|data flow|read from|reads from|writes to|write to|who uses|what uses|how does a request|what happens when a user|what happens to a request|goes through") {
        return None;
    }
    let graph = &view.design.graph;
    let title = |id: &crate::engine::graph::NodeId| {
        graph.component(id).map_or_else(String::new, |it| it.title.clone())
    };
    let told = |it: &crate::engine::graph::Connection| {
        format!("{} {} {}.", title(&it.from), verb(it.intent), title(&it.to))
    };
    if let Some(component) = subject.parts.first() {
        let own =
            graph.connections.iter().filter(|it| it.from == component.id || it.to == component.id);
        let items: Vec<String> = own.map(told).collect();
        let answer = Answer::on("connections").of(view).about([&component.id]);
        return Some(if items.is_empty() {
            answer.text(format!(
                "{} has no connections {}.",
                called(component),
                in_option(graph.tier)
            ))
        } else {
            answer.list(items)
        });
    }
    let path = crate::engine::estimate::request_path(graph);
    let names: Vec<&str> = path.iter().map(|it| it.title.as_str()).collect();
    let items = graph
        .connections
        .iter()
        .filter(|it| path.iter().any(|p| p.id == it.from) && path.iter().any(|p| p.id == it.to));
    Some(
        Answer::on("connections")
            .of(view)
            .text(format!("A request passes {}.", enumerate(&names)))
            .list(items.map(told))
            .about(path.iter().map(|it| &it.id)),
    )
}

fn verb(intent: Intent) -> &'static str {
    match intent {
        Intent::Reads => "reads from",
        Intent::Writes => "writes to",
        Intent::Invokes => "calls",
        Intent::Publishes => "publishes to",
        Intent::Subscribes => "receives from",
        Intent::Streams => "streams to",
        Intent::Serves => "serves",
        Intent::Resolves => "points to",
        Intent::Authenticates => "authenticates for",
        Intent::Replicates => "replicates to",
    }
}

/// "How big is the database?", "what instance type?"
pub(super) fn size(view: &View, asked: &Words, subject: &Subject) -> Option<Answer> {
    if subject.parts.is_empty()
        || !asked.has("how big|how large|size|sized|memory|cpu|vcpu|cores|instance type|instance class|how many instances|how many nodes|how many copies|how many|storage|disk|iops|settings|configured|configuration|engine version|which version|version|replicas|specs|spec")
        || asked.has("why")
    {
        return None;
    }
    let mut answer = Answer::on("size").of(view);
    for component in subject.parts.iter().take(3) {
        let fields = component.spec.fields();
        let serverless = fields.iter().any(|it| {
            matches!(it.1.as_str(), Some("serverless")) || *it == ("serverless", Value::Bool(true))
        });
        let items: Vec<String> = fields
            .into_iter()
            .filter(|(name, _)| serverless || !name.starts_with("capacity_"))
            .filter(|(_, value)| says_something(value))
            .map(|(name, value)| format!("{}: {}", field_name(name), plain(&value)))
            .collect();
        answer = answer
            .text(format!("{} {}:", called(component), in_option(view.design.graph.tier)))
            .list(items)
            .about([&component.id]);
    }
    let load = view.analysis.decisions.iter().find(|it| it.topic == "load");
    if let Some(it) = load {
        answer = answer.text(format!("Sized for {}.", super::lower_first(&it.choice)));
    }
    Some(answer)
}

/// Whether a setting is on: zero, no and nothing are left out.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(it) => *it,
        Value::Number(it) => it.as_f64() != Some(0.0),
        Value::String(it) => !it.is_empty(),
        Value::Array(it) => !it.is_empty(),
        Value::Object(it) => !it.is_empty(),
    }
}

fn field_name(name: &str) -> String {
    let word = |it: &str| match it {
        "gb" => "GB".to_owned(),
        "gib" => "GiB".to_owned(),
        "mb" => "MB".to_owned(),
        "kb" => "kB".to_owned(),
        "vcpu" => "vCPU".to_owned(),
        "iops" => "IOPS".to_owned(),
        "io" => "I/O".to_owned(),
        it => it.to_owned(),
    };
    let text = name.split('_').map(word).collect::<Vec<_>>().join(" ");
    if text.starts_with("vCPU") { text } else { super::capital(&text) }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(it) => it.clone(),
        Value::Bool(_) => "yes".to_owned(),
        Value::Number(it) => {
            it.as_f64().map_or_else(|| it.to_string(), crate::engine::plan::profile::number)
        }
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        it => it.to_string(),
    }
}

/// "What is in it?", "explain the architecture".
pub(super) fn parts(view: &View, asked: &Words) -> Option<Answer> {
    if !asked.has("architecture|design|components|parts|services|overview|summary|summarise|summarize|what is in it|what is in|what does it consist|walk me|how does it work|how does this work|what did you build|what have you designed|explain it|explain this|describe it|describe this|list all|option|stack") {
        return None;
    }
    let graph = &view.design.graph;
    let mut answer = Answer::on("overview").of(view).text(format!(
        "The {} option runs in {} and costs {} a month: {}.",
        graph.tier.name(),
        graph.region,
        money(view.design.cost.monthly),
        view.design.summary.trim_end_matches('.')
    ));
    answer = answer.list(
        graph.components.iter().map(|it| format!("{}: {}", called(it), super::why::reason(it))),
    );
    Some(answer.about(graph.components.iter().map(|it| &it.id)))
}

const CHANGES: &str = "To change the design, say what should be different: \"add a Redis cache\", \"200k users\", \"move to Frankfurt\", \"make it cheaper\", \"use Postgres instead of DynamoDB\".";

const ASKS: &[&str] = &[
    "why something is there, or is not: \"why is there a NAT gateway?\", \"why not Kubernetes?\"",
    "what happens when something fails: \"what happens when a zone fails?\", \"what is the RTO?\", \"how long are backups kept?\"",
    "what it costs: \"what costs most?\", \"how can I make it cheaper?\", \"how much for 10x the users?\"",
    "how the options differ: \"which option should I take?\", \"what is the difference between better and best?\"",
    "whether it fits: \"is it HIPAA compliant?\", \"how fast is it?\", \"how many requests can it handle?\", \"is the database public?\"",
    "what it consists of: \"what does the queue do?\", \"what talks to the database?\", \"how big is the cache?\", \"what did you assume?\"",
];

/// What can be said and asked.
pub(super) fn help(has_design: bool) -> Answer {
    if has_design {
        return Answer::on("help")
            .text(CHANGES)
            .text("You can also ask:")
            .list(ASKS.iter().map(|it| (*it).to_owned()));
    }
    Answer::on("help")
        .text("Describe the system: what it does, for how many people or requests, and what matters most. Three priced options come back, each with its code.")
        .list([
            "REST API for a mobile app, 10k users, Postgres, in Frankfurt, under $300 a month".to_owned(),
            "HIPAA patient portal for 50k users with file uploads, 99.95 % available".to_owned(),
            "Devices send 5,000 messages a second; keep them a year and show dashboards".to_owned(),
        ])
}

/// A question that the analysis has no answer to.
pub(super) fn unknown(asked: Option<&Words>) -> Answer {
    let said = asked.map_or_else(String::new, |it| it.text.chars().take(120).collect());
    let text = if said.is_empty() {
        "That is not a question that can be answered from the design.".to_owned()
    } else {
        format!("\"{said}\" cannot be answered from the design.")
    };
    Answer::on("unknown")
        .text(text)
        .text("What can be answered:")
        .list(ASKS.iter().map(|it| (*it).to_owned()))
        .text(CHANGES)
}
