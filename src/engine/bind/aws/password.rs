//! Passwords for services that cannot manage one themselves.
//!
//! Secrets Manager makes the password on the first deployment and keeps it; no
//! code, variable or template ever holds it.

use super::kit;
use crate::engine::bind::expr::{Expr, block, join, json, map};
use crate::engine::bind::stack::{Handle, Stack};
use crate::engine::graph::Component;

/// A user name with a password in Secrets Manager.
pub struct Password {
    pub secret: Handle,
    /// How Terraform reads the password.
    pub tf: Expr,
    /// How CloudFormation reads it.
    pub cfn: Expr,
}

/// Makes a secret that holds `{"username": …, "password": …}`.
pub fn make(stack: &mut Stack<'_>, it: &Component, username: &str) -> Password {
    let name = stack.name_with(it, "login");
    let key = stack.key_arn.clone();
    let text = format!("Login of {}", kit::ascii(&it.title));
    let sealed = key.is_some();
    let mut draft = stack
        .add(it, "login", "aws_secretsmanager_secret", "AWS::SecretsManager::Secret")
        .set("name", "Name", name)
        .set("description", "Description", text)
        .maybe("kms_key_id", "KmsKeyId", key)
        .cfn(
            "GenerateSecretString",
            block([
                (
                    "SecretStringTemplate",
                    json(map([("username", username.into())])),
                ),
                ("GenerateStringKey", "password".into()),
                ("PasswordLength", 32.into()),
                ("ExcludePunctuation", true.into()),
            ]),
        )
        .skip(
            "CKV2_AWS_57",
            "Rotation needs a function that knows the service's users; the team adds it with its own users",
        );
    if !sealed {
        draft = draft.skip(
            "CKV_AWS_149",
            "Sealed with the key of Secrets Manager; a key of one's own is part of the better option",
        );
    }
    let secret = draft.done();
    let source =
        format!("data.aws_secretsmanager_random_password.{}.random_password", it.id.snake());
    let version = stack
        .tf_only(it, "login", "aws_secretsmanager_secret_version")
        .tf("secret_id", secret.id())
        .tf(
            "secret_string",
            json(map([("username", username.into()), ("password", Expr::Hcl(source))])),
        )
        .tf("lifecycle", block([("ignore_changes", Expr::Hcl("[secret_string]".to_owned()))]))
        .comment("Made once: the data source gives another password each time it is read.")
        .done();
    Password {
        tf: Expr::Hcl(format!(
            "jsondecode(aws_secretsmanager_secret_version.{}.secret_string)[\"password\"]",
            version.key()
        )),
        cfn: join!["{{resolve:secretsmanager:", secret.id(), ":SecretString:password}}"],
        secret,
    }
}
