//! Rights of the boxes at a Mosquitto broker with its dynamic-security plugin, which takes commands as JSON on a
//! topic of its own. Each box gets a user and a role that reaches no further than its own topics; taking the user
//! away drops its connection at once.
//!
//! The plugin keeps what it is told in its own file. What it was not told while it was out of reach is told when
//! it is back, as long as this process lives; a box revoked meanwhile is found in its list of users then.

use serde_json::{Value, json};

use super::ROOT;

/// Where commands go.
pub(super) const CONTROL: &str = "$CONTROL/dynamic-security/v1";
/// Where their answers come from.
pub(super) const ANSWERS: &str = "$CONTROL/dynamic-security/v1/response";

fn role(name: &str) -> String {
    format!("fieldline-{name}")
}

fn rights(topic: &str) -> Value {
    let right = |kind: &str| json!({ "acltype": kind, "topic": topic, "priority": 0, "allow": true });
    json!([
        right("publishClientSend"),
        right("publishClientReceive"),
        right("subscribePattern"),
        right("unsubscribePattern")
    ])
}

/// Commands in one message; they are carried out in order, and one that fails holds up none behind it.
pub(super) fn together(commands: &[Value]) -> Vec<u8> {
    json!({ "commands": commands }).to_string().into_bytes()
}

/// At every connection: lets the server itself speak to all boxes, which an administrator of the plugin may not
/// by that alone, and asks who is known.
pub(super) fn greet(own_user: &str) -> Vec<Value> {
    vec![
        json!({ "command": "createRole", "rolename": role("server"), "acls": rights(&format!("{ROOT}#")) }),
        json!({ "command": "addClientRole", "username": own_user, "rolename": role("server") }),
        json!({ "command": "listClients", "verbose": true }),
    ]
}

/// Lets a box in under a new password, whatever was known of it.
pub(super) fn admit(name: &str, password: &str) -> Vec<Value> {
    let mut commands = dismiss(name);
    commands
        .push(json!({ "command": "createRole", "rolename": role(name), "acls": rights(&format!("{ROOT}{name}/#")) }));
    commands.push(json!({
        "command": "createClient", "username": name, "password": password, "roles": [{ "rolename": role(name) }],
    }));
    commands
}

/// Shuts a box out; the plugin drops its connection.
pub(super) fn dismiss(name: &str) -> Vec<Value> {
    vec![
        json!({ "command": "deleteClient", "username": name }),
        json!({ "command": "deleteRole", "rolename": role(name) }),
    ]
}

/// What an answer of the plugin says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// Boxes that we once let in, by name; some may have been revoked since.
    pub boxes: Vec<String>,
    /// What was refused, for the log.
    pub refused: Vec<String>,
}

/// Reads an answer.
pub(super) fn answer(payload: &[u8]) -> Answer {
    let mut answer = Answer::default();
    let read: Value = serde_json::from_slice(payload).unwrap_or_default();
    for response in read.get("responses").and_then(Value::as_array).into_iter().flatten() {
        let command = response.get("command").and_then(Value::as_str).unwrap_or_default();
        if let Some(error) = response.get("error").and_then(Value::as_str) {
            // Made before, or gone already: what we wanted is so.
            let already = error.contains("already") || (command.starts_with("delete") && error.contains("not found"));
            if !already {
                answer.refused.push(format!("{command}: {error}"));
            }
        }
        for client in response.pointer("/data/clients").and_then(Value::as_array).into_iter().flatten() {
            let Some(name) = client.get("username").and_then(Value::as_str) else { continue };
            let roles = client.get("roles").and_then(Value::as_array).into_iter().flatten();
            let ours = roles.filter_map(|role| role.get("rolename")?.as_str()).any(|held| held == role(name));
            if ours {
                answer.boxes.push(name.to_owned());
            }
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::answer;

    #[test]
    fn an_answer_names_our_boxes_only_and_what_was_refused() {
        let read = answer(
            br#"{"responses":[
                {"command":"createRole","error":"Role already exists"},
                {"command":"deleteClient","error":"Client not found"},
                {"command":"createClient","error":"Internal error"},
                {"command":"listClients","data":{"totalCount":3,"clients":[
                    {"username":"admin","roles":[{"rolename":"admin"}]},
                    {"username":"b1","roles":[{"rolename":"fieldline-b1"}]},
                    {"username":"b2","roles":[{"rolename":"fieldline-b1"}]}]}}]}"#,
        );
        assert_eq!(read.boxes, ["b1"]);
        assert_eq!(read.refused, ["createClient: Internal error"]);
        assert_eq!(answer(b"not JSON").boxes.len(), 0);
    }
}
