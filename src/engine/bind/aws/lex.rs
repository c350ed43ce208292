//! Amazon Lex: a bot that understands a greeting and a question, built and
//! published under an alias.
//!
//! Terraform's provider can neither build a bot nor give it an alias, so there
//! the bot is a CloudFormation stack of the same three resources.

use super::wire::Ends;
use super::{bedrock, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join, json, list, map};
use crate::engine::bind::stack::{Draft, Facet, Handle, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Chatbot, Component, Kind, Spec};
use crate::engine::requirements::Intent;

binding! {
    Chatbot {
        service: "lex",
        title: "Amazon Lex",
        docs: "https://docs.aws.amazon.com/lexv2/latest/dg/what-is.html",
        sla: None,
        limits: &[],
        latency_ms: Some((200.0, 700.0)),
    }
}

const LOCALE: &str = "en_US";

/// What the bot is connected to, of one kind.
fn connected<'g>(stack: &Stack<'g>, it: &Component, kind: Kind) -> Option<&'g Component> {
    let graph = stack.graph;
    graph
        .connections
        .iter()
        .filter(|connection| connection.from == it.id && connection.intent == Intent::Invokes)
        .filter_map(|connection| graph.component(&connection.to))
        .find(|to| to.spec.kind() == kind)
}

fn message(text: &str) -> Expr {
    let message = map([("Message", map([("PlainTextMessage", map([("Value", text.into())]))]))]);
    map([("MessageGroupsList", list![message]), ("AllowInterrupt", true.into())])
}

fn locale(stack: &Stack<'_>, it: &Component) -> Expr {
    let hook = connected(stack, it, Kind::Function).is_some();
    let utterances = |texts: &[&str]| {
        Expr::List(texts.iter().map(|text| map([("Utterance", (*text).into())])).collect())
    };
    let mut help = vec![
        ("Name".to_owned(), Expr::from("Help")),
        ("SampleUtterances".to_owned(), utterances(&["hello", "help", "what can you do"])),
        (
            "IntentClosingSetting".to_owned(),
            map([
                ("IsActive", true.into()),
                ("ClosingResponse", message("Tell me what you need.")),
            ]),
        ),
    ];
    if hook {
        help.push(("FulfillmentCodeHook".to_owned(), map([("Enabled", true.into())])));
    }
    let mut intents = vec![
        Expr::Map(help),
        map([
            ("Name", "FallbackIntent".into()),
            ("ParentIntentSignature", "AMAZON.FallbackIntent".into()),
        ]),
    ];
    if let Some(index) = connected(stack, it, Kind::EnterpriseSearch) {
        let index = Handle(index.id.snake()).arn();
        intents.push(map([
            ("Name", "Search".into()),
            ("ParentIntentSignature", "AMAZON.KendraSearchIntent".into()),
            ("KendraConfiguration", map([("KendraIndex", index)])),
        ]));
    }
    let mut locale = vec![
        ("LocaleId".to_owned(), Expr::from(LOCALE)),
        ("NluConfidenceThreshold".to_owned(), Expr::Float(0.4)),
        ("Intents".to_owned(), Expr::List(intents)),
    ];
    if let Some(Spec::FoundationModel(model)) =
        connected(stack, it, Kind::FoundationModel).map(|it| &it.spec)
    {
        let model = map([("ModelArn", bedrock::model_arn(&model.model))]);
        let slots = map([("Enabled", true.into()), ("BedrockModelSpecification", model)]);
        let runtime = map([("SlotResolutionImprovementSpecification", slots)]);
        locale.push(("GenerativeAISettings".to_owned(), map([("RuntimeSettings", runtime)])));
    }
    Expr::Map(locale)
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &Chatbot) {
    let role = kit::role(stack, it, "role", "lexv2.amazonaws.com", &[]);
    let polly = kit::allow(&["polly:SynthesizeSpeech"], vec!["*".into()]);
    let access = kit::role_policy(stack, it, "access", &role, &[polly]);
    let name = stack.name(it);
    let settings = |hook: Option<Expr>| {
        let mut fields = vec![("Enabled".to_owned(), Expr::from(true))];
        fields.extend(hook.map(|function| {
            let hook = map([("LambdaArn", function), ("CodeHookInterfaceVersion", "1.0".into())]);
            ("CodeHookSpecification".to_owned(), map([("LambdaCodeHook", hook)]))
        }));
        map([("LocaleId", LOCALE.into()), ("BotAliasLocaleSetting", Expr::Map(fields))])
    };
    let hook = connected(stack, it, Kind::Function).map(|to| Handle(to.id.snake()).arn());
    let bot = vec![
        ("Name".to_owned(), name.clone()),
        ("RoleArn".to_owned(), role.arn()),
        ("DataPrivacy".to_owned(), map([("ChildDirected", false.into())])),
        ("IdleSessionTTLInSeconds".to_owned(), 300.into()),
        ("AutoBuildBotLocales".to_owned(), true.into()),
        ("BotLocales".to_owned(), list![locale(stack, it)]),
    ];
    let version = |bot: Expr| {
        let details = map([("SourceBotVersion", "DRAFT".into())]);
        vec![
            ("BotId".to_owned(), bot),
            (
                "BotVersionLocaleSpecification".to_owned(),
                list![map([("LocaleId", LOCALE.into()), ("BotVersionLocaleDetails", details)])],
            ),
        ]
    };
    let alias = |bot: Expr, version: Expr| {
        vec![
            ("BotAliasName".to_owned(), "live".into()),
            ("BotId".to_owned(), bot),
            ("BotVersion".to_owned(), version),
            ("BotAliasLocaleSettings".to_owned(), list![settings(hook.clone())]),
        ]
    };
    let part = |kind: &str, fields: &[(String, Expr)]| {
        map([("Type", kind.into()), ("Properties", Expr::Map(fields.to_vec()))])
    };
    let of = |name: &str, attribute: &str| map([("Fn::GetAtt", list![name, attribute])]);
    let bot_id = || map([("Ref", "Bot".into())]);
    let template = map([
        (
            "Resources",
            map([
                ("Bot", part("AWS::Lex::Bot", &bot)),
                ("Version", part("AWS::Lex::BotVersion", &version(bot_id()))),
                (
                    "Alias",
                    part("AWS::Lex::BotAlias", &alias(bot_id(), of("Version", "BotVersion"))),
                ),
            ]),
        ),
        (
            "Outputs",
            map([
                ("BotId", map([("Value", bot_id())])),
                ("AliasId", map([("Value", of("Alias", "BotAliasId"))])),
                ("AliasArn", map([("Value", of("Alias", "Arn"))])),
            ]),
        ),
    ]);
    let fill = |mut draft: Draft<'_>, fields: Vec<(String, Expr)>| {
        for (name, value) in fields {
            draft = draft.cfn(&name, value);
        }
        draft.done()
    };
    let made = fill(stack.cfn_only(it, "bot", "AWS::Lex::Bot").after(&access), bot);
    let published =
        fill(stack.cfn_only(it, "version", "AWS::Lex::BotVersion"), version(made.att("id", "Id")));
    let draft = stack
        .add(it, "", "aws_cloudformation_stack", "AWS::Lex::BotAlias")
        .tf("name", name)
        .tf("template_body", json(template))
        .comment("Bots are a CloudFormation stack: the provider can neither build them nor give them an alias.")
        .skip("CKV_AWS_124", "Terraform waits for the stack itself; nobody else needs its events")
        .after(&access);
    let live = fill(draft, alias(made.att("id", "Id"), published.att("id", "BotVersion")));
    // The bot's id is an output in Terraform; in CloudFormation the bot is a resource of its own.
    let alias_id = live.att("outputs[\"AliasId\"]", "BotAliasId");
    let arn = live.att("outputs[\"AliasArn\"]", "Arn");
    let facet = Facet::default()
        .handle("alias", &live)
        .value("arn", arn.clone())
        .reference("BOT_ALIAS_ARN", arn.clone())
        .reference("BOT_ALIAS_ID", alias_id)
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["lex:RecognizeText", "lex:RecognizeUtterance", "lex:PutSession", "lex:GetSession"],
            vec![join![arn, "/*"]],
        )
        .principal(&role, None, false);
    stack.facet(it, facet);
}

/// A function that fulfils what people ask for.
pub fn hook(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let function = ends.target.handles.get("function")?.arn();
    stack
        .add(
            ends.to,
            &format!("from_{}", ends.from.id.snake()),
            "aws_lambda_permission",
            "AWS::Lambda::Permission",
        )
        .set("action", "Action", "lambda:InvokeFunction")
        .set("function_name", "FunctionName", function)
        .set("principal", "Principal", "lexv2.amazonaws.com")
        .set("source_arn", "SourceArn", ends.source.values.get("arn")?)
        .done();
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Chatbot) {
    bill.unpriced(it, "Text requests", spec.requests_per_month, "lex text-request");
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::{cloudformation, terraform};
    use crate::engine::graph::Chatbot;

    #[test]
    fn both_formats_publish_the_bot_under_an_alias() {
        assert!(terraform("help", Chatbot::default()).contains("AWS::Lex::BotAlias"));
        let text = cloudformation("help", Chatbot::default());
        assert!(text.contains("Type: AWS::Lex::BotAlias"), "{text}");
        assert!(text.contains("BotVersion: !GetAtt HelpVersion.BotVersion"), "{text}");
    }
}
