//! The operations that are going to end, and how the description tells of them.
//! The policy is `docs/guides/versioning.md`.

use serde_json::{Value, json};

use crate::platform::deprecation::Deprecated;

/// What is deprecated now.
pub const ALL: &[Deprecated] = &[];

/// Marks an operation of the description, if it is on the list.
pub fn announce(at: &str, operation: &mut Value, list: &[Deprecated]) {
    let Some(ending) = list.iter().find(|it| it.operation == at) else { return };
    operation["deprecated"] = json!(true);
    operation["x-sunset"] = json!(ending.sunset);
    let text = operation["description"].as_str().unwrap_or_default();
    let (day, instead) = (ending.sunset, ending.instead);
    let text = format!("{text}\n\nDeprecated: it works until {day}. See `{instead}`.");
    operation["description"] = json!(text);
    let responses = operation["responses"].as_object_mut().into_iter().flatten();
    for (_, response) in responses.filter(|it| it.1["$ref"].is_null()) {
        for name in ["Deprecation", "Sunset"] {
            let pointer = json!({ "$ref": format!("#/components/headers/{name}") });
            response["headers"][name] = pointer;
        }
    }
    operation["responses"]["410"] = json!({ "$ref": "#/components/responses/Gone" });
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};

    use super::*;

    #[test]
    fn what_is_on_the_list_is_announced_in_the_description() {
        let day = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let list = [Deprecated {
            operation: "GET /api/v1/old",
            since: day(2027),
            sunset: day(2028),
            instead: "/docs/versioning",
        }];
        let made = || json!({ "description": "Old.", "responses": { "200": {} } });
        let (mut old, mut new) = (made(), made());
        announce("GET /api/v1/old", &mut old, &list);
        announce("GET /api/v1/new", &mut new, &list);
        assert_eq!(new, made());
        assert_eq!((&old["deprecated"], &old["x-sunset"]), (&json!(true), &json!("2028-01-01")));
        assert!(old["responses"]["200"]["headers"]["Sunset"].is_object());
        assert!(old["responses"]["410"].is_object());
    }

    #[test]
    fn there_is_a_year_to_change_over() {
        for it in ALL {
            assert!(it.sunset >= it.since + Days::new(365), "{}", it.operation);
            assert!(it.instead.starts_with("/docs/"), "{}", it.operation);
        }
    }
}
